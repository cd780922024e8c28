/** PURE. Which holes to pull now, and from whom: in the order they are played, each from the holder with the least to do. */
import type { PeerId } from '../overlay/overlay.ts'
import { PULL_AFTER_MS, REQUEST_TIMEOUT_MS, URGENT_MS } from './limits.ts'

export interface Asked {
  readonly peer: PeerId
  /** Monotonic ms. */
  readonly at: number
}

export interface HoleView {
  readonly sequence: number
  /** Monotonic ms. */
  readonly noticedAt: number
  readonly deadline: number
  /** A parent is to push it. */
  readonly isExpected: boolean
  readonly asked: readonly Asked[]
}

export interface Holder {
  readonly peer: PeerId
  readonly isChoking: boolean
  readonly isSource: boolean
  readonly rtt: number | undefined
  readonly requestsOut: number
  /** How many may be out at once. */
  readonly window: number
  has(sequence: number): boolean
}

export interface PullsView {
  readonly now: number
  /** In the order of their sequence numbers. */
  readonly holes: Iterable<HoleView>
  readonly holders: readonly Holder[]
}

export interface Pull {
  readonly peer: PeerId
  readonly sequence: number
  /** ms from now. */
  readonly deadline: number
}

/** What a request before ours costs: a chunk at 25 Mbit/s. */
const SERVICE_MS = 20
/** Others are asked before the source, whose upload is the swarm's scarcest. */
const SOURCE_MS = 100
const UNKNOWN_RTT_MS = 100

/** A partner with much to answer may take longer. */
const timeoutOf = (holder: Holder): number => REQUEST_TIMEOUT_MS + 2 * (holder.rtt ?? UNKNOWN_RTT_MS) + holder.requestsOut * SERVICE_MS * 2

export function planPulls({ now, holes, holders }: PullsView): readonly Pull[] {
  const out = new Map(holders.map(({ peer, requestsOut }) => [peer, requestsOut]))
  const byPeer = new Map(holders.map((holder) => [holder.peer, holder]))
  let room = holders.reduce((sum, { requestsOut, window, isChoking }) => sum + (isChoking ? 0 : Math.max(0, window - requestsOut)), 0)
  const pulls: Pull[] = []

  const isDue = ({ noticedAt, deadline, isExpected, asked }: HoleView): boolean => {
    const last = asked.at(-1)
    if (last === undefined) return !isExpected || now - noticedAt >= PULL_AFTER_MS
    const holder = byPeer.get(last.peer)
    if (holder === undefined || now - last.at > timeoutOf(holder)) return true
    return asked.length === 1 && deadline - now < URGENT_MS && now - last.at > (holder.rtt ?? UNKNOWN_RTT_MS)
  }
  const choose = ({ sequence, asked }: HoleView): Holder | undefined => {
    let best: Holder | undefined
    let least = Infinity
    for (const holder of holders) {
      const requestsOut = out.get(holder.peer) ?? 0
      if (holder.isChoking || requestsOut >= holder.window || !holder.has(sequence)) continue
      const again = asked.some(({ peer }) => peer === holder.peer) ? REQUEST_TIMEOUT_MS : 0
      const cost = requestsOut * SERVICE_MS + (holder.rtt ?? UNKNOWN_RTT_MS) + (holder.isSource ? SOURCE_MS : 0) + again
      if (cost < least) {
        least = cost
        best = holder
      }
    }
    return best
  }

  for (const hole of holes) {
    if (room <= 0) break
    if (hole.deadline <= now || !isDue(hole)) continue
    const holder = choose(hole)
    if (holder === undefined) continue
    out.set(holder.peer, (out.get(holder.peer) ?? 0) + 1)
    room -= 1
    pulls.push({ peer: holder.peer, sequence: hole.sequence, deadline: hole.deadline - now })
  }
  return pulls
}
