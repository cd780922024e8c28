/**
 * The networks that this relay has joined, on disk: DATA/networks/ID/network.json and catalogue.signed. A folder appears and goes as a
 * whole; one that is damaged is left alone and told of.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { fromChannelId } from '../chunk/channel-id.ts'
import { messageOf, RelayError } from '../errors.ts'
import type { Log } from '../log.ts'
import { decodeCatalogue, type SignedCatalogue } from './catalogue.ts'
import { isMissing, writeWhole } from './files.ts'
import { parseJoinLink } from './join-link.ts'

export interface JoinedNetwork {
  readonly id: string
  /** 32 bytes. */
  readonly key: Uint8Array
  /** As the link had it; the catalogue's name wins. */
  readonly name: string
  readonly link: string
  readonly bootstrap: readonly string[]
  /** ms since the Unix epoch. */
  readonly joined: number
  readonly signed: SignedCatalogue | undefined
}

const SOURCE = 'network.json'
const CATALOGUE = 'catalogue.signed'
const File = z.object({ version: z.literal(1), link: z.string(), joined: z.iso.datetime() })

const folder = (dataDir: string): string => join(dataDir, 'networks')

async function load(dir: string, id: string): Promise<JoinedNetwork> {
  const { link, joined } = File.parse(JSON.parse(await readFile(join(dir, SOURCE), 'utf8')))
  const { networkKey, name, bootstrap } = parseJoinLink(link)
  const key = fromChannelId(id)
  if (key === undefined || Buffer.compare(key, networkKey) !== 0) throw new Error('its join link is of another network')
  const bytes = await readFile(join(dir, CATALOGUE)).catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
  const decoded = bytes === undefined ? undefined : decodeCatalogue(bytes, key)
  if (decoded?.ok === false) throw new Error(`its catalogue is refused: ${decoded.detail}`)
  return { id, key, name, link, bootstrap, joined: Date.parse(joined), signed: decoded?.signed }
}

/** All that can be read, by the time they were joined. */
export async function loadJoined(dataDir: string, log: Log): Promise<readonly JoinedNetwork[]> {
  const names = await readdir(folder(dataDir)).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw new RelayError('data-unwritable', `${folder(dataDir)} cannot be read: ${messageOf(error)}`, { cause: error })
  })
  const networks: JoinedNetwork[] = []
  for (const id of names) {
    if (fromChannelId(id) === undefined) continue // a draft that a crash left behind
    const dir = join(folder(dataDir), id)
    try {
      networks.push(await load(dir, id))
    } catch (error) {
      log.warn('a joined network cannot be read and is left out; join it again', { folder: dir, error: messageOf(error) })
    }
  }
  return networks.toSorted((a, b) => a.joined - b.joined || (a.id < b.id ? -1 : 1))
}

const unwritable = (dir: string, error: unknown): RelayError =>
  new RelayError('data-unwritable', `the network cannot be kept in ${dir}: ${messageOf(error)}`, { cause: error })

/** Keeps a network, whole; replaces the one of that id. Throws `data-unwritable`. */
export async function saveJoined(dataDir: string, network: JoinedNetwork): Promise<void> {
  const dir = join(folder(dataDir), network.id)
  const draft = join(folder(dataDir), `.${randomUUID()}`)
  const source = JSON.stringify({ version: 1, link: network.link, joined: new Date(network.joined).toISOString() }, undefined, 2) + '\n'
  try {
    await mkdir(draft, { recursive: true })
    await writeWhole(join(draft, SOURCE), source)
    if (network.signed !== undefined) await writeWhole(join(draft, CATALOGUE), network.signed.bytes)
    await rm(dir, { recursive: true, force: true })
    await rename(draft, dir)
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => {}) // the first error is the one to tell
    throw unwritable(dir, error)
  }
}

/** Replaces the catalogue of a network that is kept. Throws `data-unwritable`. */
export async function saveCatalogue(dataDir: string, id: string, signed: SignedCatalogue): Promise<void> {
  const dir = join(folder(dataDir), id)
  await writeWhole(join(dir, CATALOGUE), signed.bytes).catch((error: unknown) => {
    throw unwritable(dir, error)
  })
}

export const removeJoined = (dataDir: string, id: string): Promise<void> => rm(join(folder(dataDir), id), { recursive: true, force: true })
