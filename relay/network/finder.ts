/** Looks for neighbours in one network until there are enough: at the bootstrap addresses, and in the DHT under the network's key. */
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Overlay, PeerId } from '../overlay/overlay.ts'
import type { Random } from '../random.ts'
import { supervise } from '../supervise.ts'

export interface FinderDeps {
  readonly overlay: Overlay
  readonly clock: Clock
  readonly log: Log
  readonly random: Random
  /** Ends the search. */
  readonly signal: AbortSignal
  /** How many neighbours know the network. */
  neighbours(): number
  /** Multiaddrs to begin with. */
  bootstrap(): readonly string[]
}

/** More are found by the swarms, as they need them. */
const WANTED_NEIGHBOURS = 6
const CONNECT_TIMEOUT_MS = 10_000
const MAX_PARALLEL_CONNECTS = 8
/** Pause between two searches: while nobody is there it doubles from the first to the longest. */
const FIRST_PAUSE_MS = 1000
const MAX_PAUSE_MS = 15_000
/** With some neighbours, but not enough. */
const CALM_PAUSE_MS = 60_000
/** So that the relays of a house that had no power do not all search at once. */
const JITTER = 0.25
const RETRY_MS = 5000

export interface FinderView {
  readonly neighbours: number
  /** Searches in a row that ended without a neighbour. */
  readonly failures: number
}

/** PURE. The pause before the next search, ms. */
export const planPause = ({ neighbours, failures }: FinderView): number =>
  neighbours > 0 ? CALM_PAUSE_MS : Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10))

const peerAtEnd = (address: string): PeerId | undefined => address.match(/\/p2p\/([^/]+)$/)?.[1]

export function startFinder(networkKey: Uint8Array, deps: FinderDeps): void {
  const { overlay, clock, log, random, signal } = deps
  const connect = async (target: string): Promise<void> => {
    try {
      await overlay.connect(target, AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]))
    } catch (error) {
      if (!signal.aborted) log.debug('a neighbour was not reached', { target, error: messageOf(error) })
    }
  }
  const isConnected = (peer: PeerId | undefined): boolean =>
    peer !== undefined && overlay.connections().some((connection) => connection.peer === peer)

  const searchOnce = async (): Promise<void> => {
    const addresses = deps.bootstrap().filter((address) => peerAtEnd(address) !== overlay.self && !isConnected(peerAtEnd(address)))
    const bootstrapping = Promise.all(addresses.map(connect))
    if (overlay.connections().length === 0) await bootstrapping // the DHT is reached through them
    const connecting = new Set<Promise<void>>()
    for await (const peer of overlay.find(networkKey, signal)) {
      if (isConnected(peer)) continue
      const connected = connect(peer)
      connecting.add(connected)
      connected.finally(() => connecting.delete(connected)).catch(() => {}) // `connect` does not fail
      if (connecting.size >= MAX_PARALLEL_CONNECTS) await Promise.race(connecting)
      if (deps.neighbours() >= WANTED_NEIGHBOURS) break
    }
    await Promise.all([bootstrapping, ...connecting])
  }
  const search = async (): Promise<void> => {
    let failures = 0
    while (!signal.aborted) {
      if (deps.neighbours() < WANTED_NEIGHBOURS) await searchOnce()
      const neighbours = deps.neighbours()
      const pause = planPause({ neighbours, failures })
      failures = neighbours > 0 ? 0 : failures + 1
      await clock.sleep(pause * (1 + JITTER * random.next()), signal)
    }
  }
  supervise('the search for neighbours', search, { clock, log, signal, pauseMs: RETRY_MS })
}
