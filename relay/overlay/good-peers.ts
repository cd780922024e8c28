/**
 * Peers that worked, and the addresses under which they did, for the next start. Owns its list and its file; the file is a
 * convenience: one that cannot be read or written is a warning.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { GOOD_PEER_AGE_MS, GOOD_PEERS_SAVE_MS, MAX_ADDRESSES_PER_PEER, MAX_GOOD_PEERS } from './limits.ts'
import type { PeerId } from './overlay.ts'

export interface GoodPeer {
  readonly peer: PeerId
  /** Without the peer id at the end; the one that worked last comes first. */
  readonly addresses: readonly string[]
  /** When it was last connected, ms since the Unix epoch. */
  readonly seen: number
}

export interface GoodPeers extends AsyncDisposable {
  list(): readonly GoodPeer[]
  /** Notes that a peer is connected; `addresses` best first, added before those known. */
  met(peer: PeerId, addresses: readonly string[]): void
}

const MAX_ADDRESS_LETTERS = 512
const File = z.object({
  version: z.literal(1),
  peers: z.array(z.object({ peer: z.string().max(128), addresses: z.array(z.string().max(MAX_ADDRESS_LETTERS)), seen: z.number() })),
})

/** PURE. The list after a meeting: newest first, bounded, without those long gone. */
export function withMet(peers: readonly GoodPeer[], met: GoodPeer): readonly GoodPeer[] {
  const known = peers.find(({ peer }) => peer === met.peer)?.addresses ?? []
  const addresses = [...new Set([...met.addresses, ...known])].slice(0, MAX_ADDRESSES_PER_PEER)
  if (addresses.length === 0) return peers
  const others = peers.filter(({ peer, seen }) => peer !== met.peer && met.seen - seen < GOOD_PEER_AGE_MS)
  return [{ peer: met.peer, addresses, seen: met.seen }, ...others].slice(0, MAX_GOOD_PEERS)
}

async function load(path: string, log: Log): Promise<readonly GoodPeer[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      log.warn('the list of good peers cannot be read', { path, error: messageOf(error) })
    }
    return []
  }
  try {
    return File.parse(JSON.parse(text)).peers.slice(0, MAX_GOOD_PEERS)
  } catch {
    log.warn('the list of good peers is damaged and starts anew', { path })
    return []
  }
}

export async function openGoodPeers(path: string | undefined, deps: { readonly clock: Clock; readonly log: Log }): Promise<GoodPeers> {
  const { clock, log } = deps
  let peers = path === undefined ? [] : await load(path, log)
  let pending: Disposable | undefined
  let saving: Promise<void> = Promise.resolve()

  const write = async (): Promise<void> => {
    if (path === undefined) return
    const draft = `${path}.new`
    try {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(draft, JSON.stringify({ version: 1, peers }, undefined, 2) + '\n', { mode: 0o600 })
      await rename(draft, path)
    } catch (error) {
      log.warn('the list of good peers cannot be written', { path, error: messageOf(error) })
    }
  }
  const save = (): Promise<void> => {
    pending?.[Symbol.dispose]()
    pending = undefined
    saving = saving.then(write)
    return saving
  }

  return {
    list: () => peers,
    met(peer, addresses) {
      peers = withMet(peers, { peer, addresses: addresses.filter((address) => address.length <= MAX_ADDRESS_LETTERS), seen: clock.now() })
      pending ??= clock.after(GOOD_PEERS_SAVE_MS, () => {
        save().catch(() => {}) // `write` has warned
      })
    },
    [Symbol.asyncDispose]: () => (pending === undefined ? saving : save()),
  }
}
