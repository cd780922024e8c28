/** PURE. Who should push which sub-stream to us. */
import type { PeerId } from '../overlay/overlay.ts'
import { SUB_STREAMS } from '../wire/limits.ts'
import { MAX_DEPTH, PARENT_COOLDOWN_MS, PARENT_GRACE_MS, WORTH_CHANGING_MS } from './limits.ts'

export interface ParentCandidate {
  readonly peer: PeerId
  readonly isChoking: boolean
  /** Sub-streams it could still push. */
  readonly free: number
  /** ms; undefined before the first pong. */
  readonly rtt: number | undefined
  /** How much later than the first of our partners its pushes arrive, ms; undefined when it pushed nothing lately. */
  readonly lateness: number | undefined
  /** Hops from the source, for each sub-stream. */
  readonly depths: ArrayLike<number>
  /** Its newest sequence of a sub-stream, -1 for none. */
  newestOf(subStream: number): number
  /** We push this sub-stream to it. */
  isChild(subStream: number): boolean
  /** It refused or released this sub-stream a moment ago. */
  isRefusing(subStream: number): boolean
}

export interface SubStreamView {
  readonly parent: PeerId | undefined
  /** Monotonic ms. */
  readonly changedAt: number
  /** Our newest sequence of it, -1 for none. */
  readonly newest: number
  /** Age of the oldest chunk that the parent should have pushed and has not, ms. */
  readonly stalledMs: number
  /** Chunks in a row that had to be pulled because the parent did not push them. */
  readonly pulled: number
}

export interface ParentsView {
  readonly now: number
  readonly subStreams: readonly SubStreamView[]
  readonly candidates: readonly ParentCandidate[]
  /** Whether a change for the better, of one sub-stream, is due. */
  readonly mayImprove: boolean
  /** Chunks that the channel makes between two HAVEs, and some. */
  readonly slack: number
}

export interface ParentChange {
  readonly subStream: number
  readonly parent: PeerId
  readonly why: 'orphaned' | 'stalled' | 'better'
}

/** What a hop costs where nothing was measured: one chunk's transmission and half a round trip. */
const HOP_MS = 60
/** Each sub-stream that a partner pushes already; equal partners share them evenly, and one of them leaving hurts less. */
const SHARE_MS = 40
const UNKNOWN_RTT_MS = 100
/** Pulls may fill the holes of an idle parent so well that nothing ever waits for long. */
const MAX_PULLED = 3
/** A partner may be so many chunks of the sub-stream behind us, and so many more as its HAVE is old. */
const ROUNDS_BEHIND = 3

const depthOf = (candidate: ParentCandidate, subStream: number): number => candidate.depths[subStream] ?? MAX_DEPTH

/** @param least the least depth of all candidates; lateness counts from the best as well */
const costOf = (candidate: ParentCandidate, subStream: number, load: number, least: number): number =>
  (candidate.lateness ?? (depthOf(candidate, subStream) - least) * HOP_MS) + (candidate.rtt ?? UNKNOWN_RTT_MS) / 2 + load * SHARE_MS

function isEligible(candidate: ParentCandidate, subStream: number, view: SubStreamView, taken: number, slack: number): boolean {
  if (candidate.isChoking || candidate.free <= taken || candidate.isRefusing(subStream) || candidate.isChild(subStream)) return false
  if (depthOf(candidate, subStream) >= MAX_DEPTH) return false
  return view.newest < 0 || candidate.newestOf(subStream) >= view.newest - ROUNDS_BEHIND * SUB_STREAMS - slack
}

export function planParents({ now, subStreams, candidates, mayImprove, slack }: ParentsView): readonly ParentChange[] {
  const load = new Map<PeerId, number>()
  const taken = new Map<PeerId, number>()
  for (const { parent } of subStreams) if (parent !== undefined) load.set(parent, (load.get(parent) ?? 0) + 1)

  const leastDepths = subStreams.map((_, subStream) =>
    candidates.reduce((least, candidate) => Math.min(least, depthOf(candidate, subStream)), MAX_DEPTH),
  )
  const cost = (candidate: ParentCandidate, subStream: number, spared: number): number =>
    costOf(candidate, subStream, Math.max(0, (load.get(candidate.peer) ?? 0) - spared), leastDepths[subStream] ?? 0)

  const best = (subStream: number, view: SubStreamView): { candidate: ParentCandidate; cost: number } | undefined => {
    let found: { candidate: ParentCandidate; cost: number } | undefined
    for (const candidate of candidates) {
      const { peer } = candidate
      if (peer === view.parent || !isEligible(candidate, subStream, view, taken.get(peer) ?? 0, slack)) continue
      const price = cost(candidate, subStream, 0)
      if (found === undefined || price < found.cost) found = { candidate, cost: price }
    }
    return found
  }

  const changes: ParentChange[] = []
  const change = (subStream: number, view: SubStreamView, peer: PeerId, why: ParentChange['why']): void => {
    if (view.parent !== undefined) load.set(view.parent, (load.get(view.parent) ?? 1) - 1)
    load.set(peer, (load.get(peer) ?? 0) + 1)
    taken.set(peer, (taken.get(peer) ?? 0) + 1)
    changes.push({ subStream, parent: peer, why })
  }

  subStreams.forEach((view, subStream) => {
    const isIdle = view.stalledMs > PARENT_GRACE_MS || view.pulled >= MAX_PULLED
    const isStalled = isIdle && now - view.changedAt > PARENT_GRACE_MS
    if (view.parent !== undefined && !isStalled) return
    const found = best(subStream, view)
    if (found !== undefined) change(subStream, view, found.candidate.peer, view.parent === undefined ? 'orphaned' : 'stalled')
  })
  if (!mayImprove || changes.length > 0) return changes

  let improvement: { subStream: number; view: SubStreamView; peer: PeerId; gain: number } | undefined
  subStreams.forEach((view, subStream) => {
    const current = candidates.find(({ peer }) => peer === view.parent)
    if (current === undefined || now - view.changedAt < PARENT_COOLDOWN_MS) return
    const found = best(subStream, view)
    if (found === undefined) return
    const gain = cost(current, subStream, 1) - found.cost
    if (gain > WORTH_CHANGING_MS && gain > (improvement?.gain ?? 0)) improvement = { subStream, view, peer: found.candidate.peer, gain }
  })
  if (improvement !== undefined) change(improvement.subStream, improvement.view, improvement.peer, 'better')
  return changes
}
