/** Who can give which channel: what we carry ourselves, said to the neighbours and in the DHT, and who else does. */
import { toChannelId } from '../chunk/channel-id.ts'
import type { Overlay, PeerId } from '../overlay/overlay.ts'
import { shuffled, type Random } from '../random.ts'
import { MAX_CARRIED } from './messages.ts'
import type { Session } from './session.ts'

export interface CarrierDeps {
  readonly overlay: Overlay
  readonly random: Random
  readonly sessions: () => readonly Session[]
}

export interface Carrier extends Disposable {
  /** Keys of the channels that we carry, as a HELLO tells them. */
  keys(): readonly Uint8Array[]
  carry(channelKey: Uint8Array): Disposable
  candidates(channelKey: Uint8Array, signal: AbortSignal): AsyncIterable<PeerId>
}

interface Carried {
  readonly key: Uint8Array
  readonly presence: Disposable
  count: number
}

export function createCarrier({ overlay, random, sessions }: CarrierDeps): Carrier {
  const carried = new Map<string, Carried>()
  return {
    keys: () => [...carried.values()].slice(0, MAX_CARRIED).map(({ key }) => key),
    carry(channelKey) {
      const id = toChannelId(channelKey)
      let entry = carried.get(id)
      if (entry === undefined) {
        entry = { key: channelKey, presence: overlay.provide(channelKey), count: 0 }
        carried.set(id, entry)
        for (const session of sessions()) session.carry([channelKey], [])
      }
      entry.count += 1
      const mine = entry
      let isHeld = true
      return {
        [Symbol.dispose]() {
          if (!isHeld) return
          isHeld = false
          mine.count -= 1
          if (mine.count > 0 || !carried.delete(id)) return
          mine.presence[Symbol.dispose]()
          for (const session of sessions()) session.carry([], [channelKey])
        },
      }
    },
    async *candidates(channelKey, signal) {
      const id = toChannelId(channelKey)
      const seen = new Set<PeerId>([overlay.self])
      const near = sessions().filter(({ carries }) => carries.has(id))
      for (const { peer } of shuffled(random, near)) {
        seen.add(peer)
        yield peer
      }
      for await (const peer of overlay.find(channelKey, signal)) {
        if (seen.has(peer)) continue
        seen.add(peer)
        yield peer
      }
    },
    [Symbol.dispose]() {
      for (const { presence } of carried.values()) presence[Symbol.dispose]()
      carried.clear()
    },
  }
}
