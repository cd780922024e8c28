/** Peers that sent wrong chunks: neither dialled nor let in, in any swarm, for an hour. */
import type { Clock } from '../clock.ts'
import type { PeerId } from '../overlay/overlay.ts'
import { MARK_MS, MAX_MARKS } from './limits.ts'

export interface Marks {
  mark(peer: PeerId): void
  has(peer: PeerId): boolean
}

export function createMarks(clock: Clock): Marks {
  const until = new Map<PeerId, number>()
  return {
    mark(peer) {
      until.delete(peer)
      if (until.size >= MAX_MARKS) until.delete(until.keys().next().value as PeerId) // the oldest makes room
      until.set(peer, clock.monotonic() + MARK_MS)
    },
    has(peer) {
      const end = until.get(peer)
      if (end === undefined) return false
      if (end > clock.monotonic()) return true
      until.delete(peer)
      return false
    },
  }
}
