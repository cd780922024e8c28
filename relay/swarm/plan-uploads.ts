/** PURE. Who gets our upload: slots from cap and bitrate, and who makes room for whom. A slot is one sub-stream to one partner. */
import type { PeerId } from '../overlay/overlay.ts'
import { SUB_STREAMS } from '../wire/limits.ts'
import type { Role } from '../wire/wire.ts'
import { MAX_PUSHED_SUB_STREAMS, SOURCE_COPIES } from './limits.ts'

export interface SlotsView {
  readonly role: Role
  /** Upload that is left to this swarm, bit/s; Infinity without a cap. */
  readonly available: number
  /** Of the channel, bit/s. */
  readonly bitrate: number
}

export function planSlots({ role, available, bitrate }: SlotsView): number {
  const most = role === 'source' ? SOURCE_COPIES * SUB_STREAMS : MAX_PUSHED_SUB_STREAMS
  return Math.min(most, Math.floor((available * SUB_STREAMS) / bitrate))
}

export interface SubscribeView {
  readonly role: Role
  readonly slots: number
  /** Slots in use. */
  readonly used: number
  /** Children of this sub-stream. */
  readonly siblings: number
  /** It pushes this sub-stream to us. */
  readonly isParent: boolean
}

/** A source spreads its copies evenly, so that each sub-stream has some; and nobody feeds the one who feeds him. */
export const planSubscribe = ({ role, slots, used, siblings, isParent }: SubscribeView): 'accept' | 'full' =>
  isParent || used >= slots || (role === 'source' && siblings >= SOURCE_COPIES) ? 'full' : 'accept'

export interface ChildView {
  readonly peer: PeerId
  readonly subStreams: readonly number[]
  /** What it gave in return: bytes it sent us lately, or for a source what it can pass on. */
  readonly worth: number
}

export interface RechokeView {
  readonly slots: number
  readonly children: readonly ChildView[]
  /** Partners that were refused since the last time. */
  readonly waiting: readonly { readonly peer: PeerId; readonly worth: number }[]
  /** One who has not had a chance to show his worth gets one now. */
  readonly optimistic: boolean
}

export interface Release {
  readonly peer: PeerId
  readonly subStream: number
}

/** A challenger must be worth so much more than the weakest child; else children would change places for ever. */
const CHALLENGE_RATIO = 1.5
/** Sub-streams that change hands at one time. */
const RELEASED_AT_ONCE = SUB_STREAMS / 2

/** Who loses which sub-stream: the weakest, when there are fewer slots than before or somebody worthier waits. */
export function planRechoke({ slots, children, waiting, optimistic }: RechokeView): readonly Release[] {
  const weakestFirst = children.toSorted((a, b) => a.worth - b.worth)
  const used = children.reduce((sum, { subStreams }) => sum + subStreams.length, 0)
  const challenger = waiting.toSorted((a, b) => b.worth - a.worth)[0]
  const weakest = weakestFirst.find(({ subStreams }) => subStreams.length > 0)
  const isChallenged =
    challenger !== undefined && weakest !== undefined && (optimistic || challenger.worth > weakest.worth * CHALLENGE_RATIO)
  let excess = Math.max(used - slots, isChallenged && used >= slots ? RELEASED_AT_ONCE : 0)
  const releases: Release[] = []
  for (const { peer, subStreams } of weakestFirst) {
    for (const subStream of subStreams) {
      if (excess <= 0) return releases
      excess -= 1
      releases.push({ peer, subStream })
    }
    if (used - releases.length <= slots) break // a challenger takes from the weakest only
  }
  return releases
}
