/** The provider's side of a network: a folder with its keys and its catalogue. Nothing half-made is left behind by a failure. */
import { createHash, randomUUID } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { toChannelId } from '../chunk/channel-id.ts'
import { generateChannelKey, type ChannelKeyPair } from '../chunk/keys.ts'
import type { Clock } from '../clock.ts'
import { isRelayError, messageOf, RelayError } from '../errors.ts'
import { decodeCatalogue, signCatalogue, type CatalogueChannel, type Programme, type SignedCatalogue } from './catalogue.ts'
import { isMissing, writeWhole } from './files.ts'
import { encodeJoinLink } from './join-link.ts'
import { slugOf } from './names.ts'
import {
  CATALOGUE_FILE,
  channelKeyFile,
  loadSequence,
  prepareFolders,
  readKey,
  readSource,
  saveSequence,
  writeKey,
  writeSource,
  type ChannelSource,
  type NetworkSource,
  type ScheduleEntry,
} from './provider-files.ts'

export interface NewChannel {
  readonly name: string
  /** @default made from the name */
  readonly slug?: string
  /** @default the next free one */
  readonly number?: number
}
export interface NewNetwork {
  readonly name: string
  readonly channels: readonly NewChannel[]
  /** Multiaddrs by which relays first find the network; can be given with `sign`, too. */
  readonly bootstrap?: readonly string[]
}
export interface ProviderDeps {
  readonly clock: Clock
}

/** What the broadcaster of one channel needs. */
export interface ProviderChannel {
  readonly id: string
  readonly slug: string
  readonly number: number
  readonly name: string
  readonly keys: ChannelKeyPair
  /** The last sequence number it broadcast, kept across restarts. */
  readonly lastSequence: { load(): Promise<number>; save(sequence: number): Promise<void> }
}

/** What changes with a new catalogue; the rest stays. */
export interface CatalogueChanges {
  readonly bootstrap?: readonly string[]
  /** By slug; replaces the channel's whole schedule. */
  readonly schedules?: Readonly<Record<string, readonly ScheduleEntry[]>>
}

export interface Provider {
  readonly dir: string
  /** base32 of the network's key. */
  readonly id: string
  readonly networkKey: Uint8Array
  readonly name: string
  readonly channels: readonly ProviderChannel[]
  /** By slug, id or name. Throws `channel-not-found`, listing what there is. */
  channel(name: string): ProviderChannel
  /** The catalogue that was signed last. */
  readonly catalogue: SignedCatalogue
  /** Reads `network.json` again, applies the changes, and signs a catalogue with a higher sequence. */
  sign(changes?: CatalogueChanges): Promise<SignedCatalogue>
  /** Adds a channel with a new key, and signs. */
  addChannel(channel: NewChannel): Promise<ProviderChannel>
  /** @param bootstrap multiaddrs; by default the catalogue's */
  joinLink(bootstrap?: readonly string[]): string
}

const PROGRAMME_ID_LETTERS = 16
const SECOND_MS = 1000

/** PURE. A channel as it will stand in `network.json`; throws `network-invalid` when its name or number is taken. */
function planChannel({ name, slug = slugOf(name), number }: NewChannel, others: readonly ChannelSource[]): ChannelSource {
  if (slug === undefined)
    throw new RelayError('network-invalid', `"${name}" has no letter that can stand in a path; give the channel a slug`)
  if (others.some((other) => other.slug === slug))
    throw new RelayError('network-invalid', `there is a channel "${slug}" already; choose another name or slug`)
  const next = number ?? Math.max(0, ...others.map((other) => other.number)) + 1
  if (others.some((other) => other.number === next))
    throw new RelayError('network-invalid', `channel number ${next} is taken; choose another`)
  return { slug, number: next, name, schedule: [] }
}

/** A broadcast keeps its id as long as it keeps its start. */
const programmeOf = (channelId: string, entry: ScheduleEntry): Programme => {
  const { id, start, end, ...words } = entry
  const [from, to] = [Date.parse(start), Date.parse(end)]
  const made = toChannelId(createHash('sha256').update(`${channelId} ${from}`).digest()).slice(0, PROGRAMME_ID_LETTERS)
  return { id: id ?? made, start: from, end: to, ...words }
}

interface Folder {
  readonly source: NetworkSource
  readonly network: ChannelKeyPair
  readonly channels: readonly ProviderChannel[]
}

async function readFolder(dir: string): Promise<Folder> {
  const source = await readSource(dir)
  const network = await readKey(dir, { kind: 'network' })
  const channels = await Promise.all(
    source.channels.map(async ({ slug, number, name }): Promise<ProviderChannel> => {
      const keys = await readKey(dir, { kind: 'channel', slug })
      const lastSequence = { load: () => loadSequence(dir, slug), save: (sequence: number) => saveSequence(dir, slug, sequence) }
      return { id: toChannelId(keys.publicKey), slug, number, name, keys, lastSequence }
    }),
  )
  return { source, network, channels }
}

async function readCatalogue(dir: string, networkKey: Uint8Array): Promise<SignedCatalogue | undefined> {
  const path = join(dir, CATALOGUE_FILE)
  const bytes = await readFile(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw new RelayError('network-invalid', `${path} cannot be read: ${messageOf(error)}`, { cause: error })
  })
  if (bytes === undefined) return undefined
  const decoded = decodeCatalogue(bytes, networkKey)
  if (decoded.ok) return decoded.signed
  throw new RelayError('catalogue-invalid', `${path} is refused: ${decoded.detail}; delete it, and it is signed anew from network.json`)
}

/** Signs what the folder says. The wall clock counts along, so that a lost catalogue is not followed by an older number. */
async function signFolder(dir: string, { source, network, channels }: Folder, clock: Clock): Promise<SignedCatalogue> {
  const before = await readCatalogue(dir, network.publicKey).catch((error: unknown) => {
    if (isRelayError(error) && error.code === 'catalogue-invalid') return undefined // it is replaced now
    throw error
  })
  const sequence = Math.max((before?.catalogue.sequence ?? 0) + 1, Math.floor(clock.now() / SECOND_MS))
  const listed = source.channels.map(({ slug, number, name, schedule }, index): CatalogueChannel => {
    const id = channels[index]?.id ?? ''
    return { id, slug, number, name, programmes: schedule.map((entry) => programmeOf(id, entry)) }
  })
  const signed = signCatalogue({ name: source.name, sequence, issued: clock.now(), channels: listed, bootstrap: source.bootstrap }, network)
  await writeWhole(join(dir, CATALOGUE_FILE), signed.bytes)
  return signed
}

const unwritable = (dir: string, error: unknown): RelayError =>
  isRelayError(error)
    ? error
    : new RelayError('data-unwritable', `the network cannot be written to ${dir}: ${messageOf(error)}`, { cause: error })

/**
 * Makes a network in a folder that does not exist yet, or is empty. Throws `network-invalid` for bad names or a folder in use,
 * `data-unwritable` where it cannot be made; the folder is then as it was.
 */
export async function createNetwork(dir: string, network: NewNetwork, deps: ProviderDeps): Promise<Provider> {
  const target = resolve(dir)
  const channels = network.channels.reduce<ChannelSource[]>((made, channel) => [...made, planChannel(channel, made)], [])
  const there = await readdir(target).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw unwritable(target, error)
  })
  if (there.length > 0) throw new RelayError('network-invalid', `${target} is not empty; choose a folder that does not exist yet`)
  const draft = join(dirname(target), `.${randomUUID()}.new`)
  try {
    await mkdir(draft, { recursive: true })
    await prepareFolders(draft)
    await writeKey(draft, { kind: 'network' }, generateChannelKey())
    for (const { slug } of channels) await writeKey(draft, { kind: 'channel', slug }, generateChannelKey())
    await writeSource(draft, { name: network.name, bootstrap: [...(network.bootstrap ?? [])], channels })
    await signFolder(draft, await readFolder(draft), deps.clock)
    await rename(draft, target)
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => {}) // the first error is the one to tell
    throw unwritable(target, error)
  }
  return openProvider(target, deps)
}

/** Opens a network's folder; signs the catalogue when there is none. Throws errors that name the file and the fix. */
export async function openProvider(dir: string, { clock }: ProviderDeps): Promise<Provider> {
  const target = resolve(dir)
  let folder = await readFolder(target)
  let catalogue = (await readCatalogue(target, folder.network.publicKey)) ?? (await signFolder(target, folder, clock))
  const id = toChannelId(folder.network.publicKey)

  const update = async (change: (source: NetworkSource) => NetworkSource): Promise<SignedCatalogue> => {
    const before = await readSource(target)
    try {
      await writeSource(target, change(before))
      const next = await readFolder(target)
      catalogue = await signFolder(target, next, clock)
      folder = next
      return catalogue
    } catch (error) {
      await writeSource(target, before).catch(() => {}) // the first error is the one to tell
      throw unwritable(target, error)
    }
  }
  const channel = (name: string): ProviderChannel => {
    const found = folder.channels.find((each) => each.slug === name || each.id === name || each.name === name)
    if (found !== undefined) return found
    const there = folder.channels.map(({ slug }) => slug).join(', ')
    throw new RelayError('channel-not-found', `${folder.source.name} has no channel "${name}"; it has ${there === '' ? 'none' : there}`)
  }

  return {
    dir: target,
    id,
    networkKey: folder.network.publicKey,
    get name() {
      return folder.source.name
    },
    get channels() {
      return folder.channels
    },
    channel,
    get catalogue() {
      return catalogue
    },
    sign({ bootstrap, schedules = {} } = {}) {
      for (const slug of Object.keys(schedules)) channel(slug)
      return update((source) => ({
        ...source,
        bootstrap: [...(bootstrap ?? source.bootstrap)],
        channels: source.channels.map((each) => ({ ...each, schedule: [...(schedules[each.slug] ?? each.schedule)] })),
      }))
    },
    async addChannel(added) {
      const planned = planChannel(added, (await readSource(target)).channels)
      const path = join(target, channelKeyFile(planned.slug))
      const hasKey = await access(path).then(
        () => true,
        () => false,
      )
      try {
        await prepareFolders(target)
        if (!hasKey) await writeKey(target, { kind: 'channel', slug: planned.slug }, generateChannelKey()) // a channel that was taken out comes back as itself
        await update((source) => ({ ...source, channels: [...source.channels, planned] }))
      } catch (error) {
        if (!hasKey) await rm(path, { force: true }).catch(() => {}) // the first error is the one to tell
        throw unwritable(target, error)
      }
      return channel(planned.slug)
    },
    joinLink: (bootstrap = catalogue.catalogue.bootstrap) =>
      encodeJoinLink({ networkKey: folder.network.publicKey, name: folder.source.name, bootstrap }),
  }
}
