/**
 * Presence in the DHT. Provider records live for 48 h, far longer than a viewer watches, so a key is turned into one that is only
 * good for a quarter of an hour: we provide the current slot and the next, and look in the current one and the one before.
 */
import { createHash } from 'node:crypto'
import type { KadDHT } from '@libp2p/kad-dht'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import type { Clock } from '../clock.ts'
import { isAbort, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { supervise } from '../supervise.ts'
import {
  FIND_TIMEOUT_MS,
  MAX_FOUND,
  PROVIDE_AGAIN_MS,
  PROVIDE_ALONE_MS,
  PROVIDE_FIRST_MS,
  PROVIDE_INTERVAL_MS,
  PROVIDE_TIMEOUT_MS,
  SLOT_MS,
} from './limits.ts'
import type { PeerId } from './overlay.ts'

export interface Found {
  readonly peer: PeerId
  readonly addresses: readonly string[]
}

export interface Presence {
  provide(key: Uint8Array): Disposable
  find(key: Uint8Array, signal: AbortSignal): AsyncIterable<Found>
  /** There are new neighbours: what we provide is said again. */
  neighbours(): void
}

export interface PresenceDeps {
  readonly dht: Pick<KadDHT, 'provide' | 'findProviders' | 'cancelReprovide'>
  readonly self: PeerId
  readonly clock: Clock
  readonly log: Log
  /** Ends everything. */
  readonly signal: AbortSignal
}

const SLOT_DOMAIN = 'tributary slot 1'
const SHA_256 = 0x12 // multicodec
const RAW = 0x55 // multicodec
const PAUSE_MS = 5_000

export const slotAt = (now: number): number => Math.floor(now / SLOT_MS)

/** PURE. What `key` is called in a slot. */
export function slotKey(key: Uint8Array, slot: number): CID {
  const number = Buffer.alloc(8)
  number.writeBigUInt64BE(BigInt(slot))
  return CID.createV1(RAW, createDigest(SHA_256, createHash('sha256').update(SLOT_DOMAIN).update(key).update(number).digest()))
}

/** Runs on all of `sources` at once and yields as they come; a source that fails is over. */
async function* merged<Item>(sources: readonly AsyncIterable<Item>[]): AsyncGenerator<Item> {
  const queue: Item[] = []
  let open = sources.length
  let wake = Promise.withResolvers<void>()
  const stir = (): void => {
    wake.resolve()
    wake = Promise.withResolvers()
  }
  for (const source of sources) {
    const run = async (): Promise<void> => {
      for await (const item of source) {
        queue.push(item)
        stir()
      }
    }
    run()
      .catch(() => {}) // a search that broke off has found what it has found
      .finally(() => {
        open -= 1
        stir()
      })
  }
  for (;;) {
    const next = wake.promise
    while (queue.length > 0) yield queue.shift() as Item
    if (open === 0) return
    await next
  }
}

export function startPresence(deps: PresenceDeps): Presence {
  const { dht, self, clock, log, signal } = deps
  let stirred = Promise.withResolvers<void>()
  const neighbours = (): void => {
    stirred.resolve()
    stirred = Promise.withResolvers()
  }

  /** Tells the DHT once; the number of nodes that took it. */
  const announce = async (cid: CID, until: AbortSignal): Promise<number> => {
    const deadline = AbortSignal.any([until, AbortSignal.timeout(PROVIDE_TIMEOUT_MS)])
    let taken = 0
    try {
      for await (const event of dht.provide(cid, { signal: deadline })) {
        if (event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER') taken += 1
      }
    } catch (error) {
      if (!isAbort(error)) log.debug('presence was not told', { error: messageOf(error) })
    }
    return taken
  }
  const forget = async (cid: CID): Promise<void> => {
    await dht.cancelReprovide(cid).catch(() => {}) // the record was never stored
  }

  /** Waits for `ms`, or for new neighbours. */
  const resting = async (ms: number, stir: Promise<void>, until: AbortSignal): Promise<void> => {
    const enough = new AbortController()
    stir.then(() => enough.abort()).catch(() => {}) // it never rejects
    await clock.sleep(ms, AbortSignal.any([enough.signal, until])).catch(() => until.throwIfAborted())
  }

  const keep = async (key: Uint8Array, until: AbortSignal): Promise<void> => {
    let slot = slotAt(clock.now())
    try {
      while (!until.aborted) {
        const next = stirred.promise
        const now = slotAt(clock.now())
        for (; slot < now; slot += 1) await forget(slotKey(key, slot))
        const taken = await Promise.all([announce(slotKey(key, now), until), announce(slotKey(key, now + 1), until)])
        const alone = taken.every((count) => count === 0)
        await resting(alone ? PROVIDE_ALONE_MS : PROVIDE_INTERVAL_MS, next, until)
        await clock.sleep(alone ? PROVIDE_FIRST_MS : PROVIDE_AGAIN_MS, until) // neighbours come in bunches
      }
    } finally {
      for (const old of [slot, slot + 1]) await forget(slotKey(key, old))
    }
  }

  return {
    neighbours,
    provide(key) {
      const own = new AbortController()
      const until = AbortSignal.any([own.signal, signal])
      supervise('presence', (during) => keep(key, during), { clock, log, signal: until, pauseMs: PAUSE_MS })
      return { [Symbol.dispose]: () => own.abort(new DOMException('no longer provided', 'AbortError')) }
    },
    async *find(key, caller) {
      const ended = new AbortController()
      const until = AbortSignal.any([caller, signal, ended.signal, AbortSignal.timeout(FIND_TIMEOUT_MS)])
      const seen = new Set<PeerId>([self])
      const slot = slotAt(clock.now())
      try {
        for await (const event of merged([slot, slot - 1].map((at) => dht.findProviders(slotKey(key, at), { signal: until })))) {
          if (event.name !== 'PROVIDER') continue
          for (const { id, multiaddrs } of event.providers) {
            const peer = id.toString()
            if (seen.has(peer)) continue
            seen.add(peer)
            yield { peer, addresses: multiaddrs.map(String) }
            if (seen.size > MAX_FOUND) return
          }
        }
      } finally {
        ended.abort(new DOMException('the search was left', 'AbortError'))
      }
    },
  }
}
