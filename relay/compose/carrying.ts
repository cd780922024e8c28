/** Channels that this relay carries for others though nobody watches them here. */
import { abortable } from '../abortable.ts'
import type { Clock } from '../clock.ts'
import { isRelayError } from '../errors.ts'
import type { Tuner } from '../feed/tuner.ts'
import type { Log } from '../log.ts'
import type { Networks } from '../network/networks.ts'
import { supervise } from '../supervise.ts'

interface CarryingDeps {
  readonly networks: Networks
  readonly tuner: Pick<Tuner, 'tune'>
  readonly clock: Clock
  readonly log: Log
}

/** A channel that comes back on air is to be carried again within a few seconds. */
const RETRY_MS = 2_000
/** Names that may be given, and channels carried at once; each costs a window in memory and its bitrate. */
const MAX_CARRIED_CHANNELS = 8
const EVERY_CHANNEL = 'all'

/** @param wanted ids or slugs, or `all`; a channel that no catalogue has yet is carried once one has */
export function startCarrying(deps: CarryingDeps, wanted: readonly string[]): Disposable {
  const { networks, tuner, clock, log } = deps
  const lifetime = new AbortController()
  const carried = new Set<string>()

  const carry = async (id: string, signal: AbortSignal): Promise<void> => {
    for (;;) {
      if (networks.air(id).kind !== 'off-air') {
        try {
          using lease = await tuner.tune(id, undefined, signal)
          await abortable(lease.feed.ended, signal)
        } catch (error) {
          signal.throwIfAborted()
          if (!isRelayError(error)) throw error
          log.debug('a channel cannot be carried now', { channel: id, error: error.message })
        }
      }
      await clock.sleep(RETRY_MS, signal)
    }
  }
  const look = (): void => {
    for (const { id, slug } of networks.channels()) {
      const isWanted = wanted.some((name) => name === EVERY_CHANNEL || name === id || name === slug)
      if (!isWanted || carried.has(id) || carried.size >= MAX_CARRIED_CHANNELS) continue
      carried.add(id)
      supervise(`carrying ${slug}`, (signal) => carry(id, signal), { clock, log, signal: lifetime.signal, pauseMs: RETRY_MS })
    }
  }
  const listening = networks.events.on('catalogue', look)
  look()
  return {
    [Symbol.dispose]: () => {
      listening[Symbol.dispose]()
      lifetime.abort(new DOMException('the relay stops', 'AbortError'))
    },
  }
}
