/**
 * What a network's folder holds. `network.json` is written by people, the rest by us:
 *
 *     network.json          name, channels and their schedules: the source of the catalogue
 *     catalogue.signed      what relays get
 *     keys/network.key      whoever has it is the network
 *     keys/channels/SLUG.key
 *     state/SLUG.sequence   the last chunk that was broadcast
 *
 * `keys/` and `state/` have a .gitignore of their own, so that the folder can be kept in git.
 */
import { chmod, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { keyPairOf, type ChannelKeyPair } from '../chunk/keys.ts'
import { messageOf, RelayError } from '../errors.ts'
import { isMissing, PRIVATE, writeWhole } from './files.ts'
import { MAX_SLUG_LETTERS, SLUG } from './names.ts'

const instant = z.iso.datetime({ offset: true })
const ScheduleEntry = z.strictObject({
  id: z.string().min(1).max(64).exactOptional(),
  start: instant,
  end: instant,
  title: z.string().min(1),
  subtitle: z.string().exactOptional(),
  description: z.string().exactOptional(),
  category: z.string().exactOptional(),
})
const ChannelSource = z.strictObject({
  slug: z.string().max(MAX_SLUG_LETTERS).regex(SLUG, { message: 'a slug has small letters, digits and single hyphens' }),
  number: z.number().int().min(1),
  name: z.string().min(1),
  schedule: z.array(ScheduleEntry),
})
const NetworkSource = z.strictObject({
  name: z.string().min(1),
  /** Multiaddrs by which relays first find the network. */
  bootstrap: z.array(z.string()),
  channels: z.array(ChannelSource),
})

/** One broadcast as people write it: RFC 3339 with an offset. */
export type ScheduleEntry = Readonly<z.infer<typeof ScheduleEntry>>
export type ChannelSource = z.infer<typeof ChannelSource>
export type NetworkSource = z.infer<typeof NetworkSource>

export const SOURCE_FILE = 'network.json'
export const CATALOGUE_FILE = 'catalogue.signed'
const NETWORK_KEY_FILE = join('keys', 'network.key')
const KEY_HEAD = { network: 'tributary network key 1', channel: 'tributary channel key 1' } as const
const PRIVATE_FOLDER = 0o700

export const channelKeyFile = (slug: string): string => join('keys', 'channels', `${slug}.key`)
export const sequenceFile = (slug: string): string => join('state', `${slug}.sequence`)
const keyFile = (owner: KeyOwner): string => (owner.kind === 'network' ? NETWORK_KEY_FILE : channelKeyFile(owner.slug))

export type KeyOwner = { readonly kind: 'network' } | { readonly kind: 'channel'; readonly slug: string }

/** Makes the folders and their .gitignore files; harmless where they exist. */
export async function prepareFolders(dir: string): Promise<void> {
  await mkdir(join(dir, 'keys', 'channels'), { recursive: true, mode: PRIVATE_FOLDER })
  await chmod(join(dir, 'keys'), PRIVATE_FOLDER)
  await mkdir(join(dir, 'state'), { recursive: true })
  for (const folder of ['keys', 'state']) await writeWhole(join(dir, folder, '.gitignore'), '*\n')
}

export const writeSource = (dir: string, source: NetworkSource): Promise<void> =>
  writeWhole(join(dir, SOURCE_FILE), JSON.stringify(source, undefined, 2) + '\n')

/** Throws `network-not-found` where there is no network, `network-invalid` where its file is wrong. */
export async function readSource(dir: string): Promise<NetworkSource> {
  const path = join(dir, SOURCE_FILE)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) {
      throw new RelayError(
        'network-not-found',
        `${dir} holds no network (there is no ${path}); make one with: tributary network create ${dir}`,
        {
          cause: error,
        },
      )
    }
    throw new RelayError('network-invalid', `${path} cannot be read: ${messageOf(error)}`, { cause: error })
  }
  let fields: unknown
  try {
    fields = JSON.parse(text)
  } catch (error) {
    throw new RelayError('network-invalid', `${path} is no JSON: ${messageOf(error)}`, { cause: error })
  }
  const parsed = NetworkSource.safeParse(fields)
  if (!parsed.success) throw new RelayError('network-invalid', `${path} is wrong: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}

export const writeKey = (dir: string, owner: KeyOwner, pair: ChannelKeyPair): Promise<void> =>
  writeWhole(join(dir, keyFile(owner)), `${KEY_HEAD[owner.kind]}\n${Buffer.from(pair.secret).toString('hex')}\n`, PRIVATE)

/** Throws `network-invalid`, naming the file and what to do. */
export async function readKey(dir: string, owner: KeyOwner): Promise<ChannelKeyPair> {
  const path = join(dir, keyFile(owner))
  let text: string
  try {
    text = await readFile(path, 'latin1')
  } catch (error) {
    const whose = owner.kind === 'network' ? 'the network' : `channel ${owner.slug}`
    throw new RelayError('network-invalid', `the key of ${whose} cannot be read (${messageOf(error)}); restore ${path} from a backup`, {
      cause: error,
    })
  }
  const [head, hex = ''] = text.split('\n')
  if (head !== KEY_HEAD[owner.kind] || !/^[0-9a-f]{64}$/.test(hex)) {
    throw new RelayError(
      'network-invalid',
      `${path} is no key file, or is damaged: expected "${KEY_HEAD[owner.kind]}" and 64 hexadecimal digits; restore it from a backup`,
    )
  }
  return keyPairOf(Uint8Array.from(Buffer.from(hex, 'hex')))
}

/** The last sequence number that a channel broadcast; 0 before the first. Throws `network-invalid` for a damaged file. */
export async function loadSequence(dir: string, slug: string): Promise<number> {
  const path = join(dir, sequenceFile(slug))
  const text = await readFile(path, 'latin1').catch((error: unknown) => {
    if (isMissing(error)) return '0'
    throw new RelayError('network-invalid', `${path} cannot be read: ${messageOf(error)}`, { cause: error })
  })
  const sequence = Number(text.trim())
  if (Number.isSafeInteger(sequence) && sequence >= 0 && text.trim() !== '') return sequence
  throw new RelayError(
    'network-invalid',
    `${path} should hold one whole number, the last chunk that was broadcast; delete it to go on from the clock`,
  )
}

export async function saveSequence(dir: string, slug: string, sequence: number): Promise<void> {
  const path = join(dir, sequenceFile(slug))
  await mkdir(dirname(path), { recursive: true }) // the folder is not in git
  await writeWhole(path, `${sequence}\n`)
}
