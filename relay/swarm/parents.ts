/** Who pushes to us. Owns the parent of each sub-stream; decides by plan-parents.ts. */
import type { Clock } from '../clock.ts'
import type { PeerId } from '../overlay/overlay.ts'
import { NO_DEPTH, SUB_STREAMS } from '../wire/limits.ts'
import type { Delivery } from './delivery.ts'
import { IMPROVE_INTERVAL_MS, MAX_DEPTH } from './limits.ts'
import type { Partner } from './partner.ts'
import { planParents, type ParentCandidate } from './plan-parents.ts'
import type { Timeline } from './timeline.ts'

interface Parent {
  partner: Partner | undefined
  /** What it was asked to push. */
  from: number
  changedAt: number
  /** Chunks in a row that came otherwise. */
  pulled: number
}

export interface ParentsDeps {
  readonly clock: Clock
  readonly delivery: Delivery
  readonly timeline: Timeline
  readonly partners: ReadonlyMap<PeerId, Partner>
  /** Our newest chunk of a sub-stream, -1 for none. */
  newestOf(subStream: number): number
  /** So many chunks a partner may seem behind whose last HAVE is a while ago. */
  slack(): number
}

/** What we say of a sub-stream that reaches us by pulls only: a way of last resort. */
const PULLED_DEPTH = 24

export class Parents {
  readonly #parents: readonly Parent[] = Array.from({ length: SUB_STREAMS }, () => ({
    partner: undefined,
    from: 0,
    changedAt: -Infinity,
    pulled: 0,
  }))
  readonly #deps: ParentsDeps
  #improveAt = 0

  constructor(deps: ParentsDeps) {
    this.#deps = deps
  }

  of(subStream: number): Partner | undefined {
    return this.#parents[subStream]?.partner
  }

  /** Sub-streams that this partner pushes to us. */
  subStreamsOf(partner: Partner): number[] {
    return this.#parents.flatMap((parent, subStream) => (parent.partner === partner ? [subStream] : []))
  }

  get orphans(): number {
    return this.#parents.filter(({ partner }) => partner === undefined).length
  }

  /** A chunk came; pushed by its parent, or by other ways. */
  arrived(sequence: number, from: Partner | undefined, wasAsked: boolean): void {
    const parent = this.#parents[sequence % SUB_STREAMS] as Parent
    if (from === parent.partner) parent.pulled = 0
    else if (wasAsked && sequence >= parent.from) parent.pulled += 1
  }

  /** It will push no more; what it owes is pulled. */
  released(partner: Partner, subStream: number): void {
    const parent = this.#parents[subStream]
    if (parent?.partner === partner) parent.partner = undefined
  }

  remove(partner: Partner): void {
    for (const subStream of this.subStreamsOf(partner)) this.released(partner, subStream)
  }

  /** Our hops from the source, for the buffer map. */
  depths(isSource: boolean): Uint8Array {
    return Uint8Array.from(this.#parents, ({ partner }, subStream) => {
      if (isSource) return 0
      if (partner !== undefined) return Math.min((partner.theirs.depths[subStream] ?? NO_DEPTH) + 1, NO_DEPTH)
      return this.#deps.newestOf(subStream) < 0 ? NO_DEPTH : PULLED_DEPTH
    })
  }

  /** True when something changed. */
  plan(now: number): boolean {
    const { partners, delivery, timeline } = this.#deps
    const edge = timeline.newest
    if (delivery.from === undefined || edge === undefined) return false
    const stalled = new Float64Array(SUB_STREAMS)
    for (const hole of delivery.holes.values()) {
      const subStream = hole.sequence % SUB_STREAMS
      if (!hole.isBacklog) stalled[subStream] = Math.max(stalled[subStream] as number, now - hole.noticedAt)
    }
    const lags = [...partners.values()].map(({ lag }) => lag ?? Infinity)
    const leastLag = Math.min(...lags)
    const mayImprove = now >= this.#improveAt
    if (mayImprove) this.#improveAt = now + IMPROVE_INTERVAL_MS
    const changes = planParents({
      now,
      subStreams: this.#parents.map(({ partner, changedAt, pulled }, subStream) => ({
        parent: partner?.peer,
        changedAt,
        newest: this.#deps.newestOf(subStream),
        stalledMs: stalled[subStream] as number,
        pulled,
      })),
      candidates: [...partners.values()].filter(({ theirs }) => theirs.hasMap).map((partner) => candidateOf(partner, leastLag)),
      mayImprove,
      slack: this.#deps.slack(),
    })
    for (const { subStream, parent } of changes) {
      const chosen = partners.get(parent)
      if (chosen !== undefined) this.#change(subStream, chosen, Math.max(edge + 1, delivery.from), now)
    }
    return changes.length > 0
  }

  #change(subStream: number, chosen: Partner, from: number, now: number): void {
    const parent = this.#parents[subStream] as Parent
    if (parent.partner !== undefined) {
      parent.partner.link.send({ kind: 'unsubscribe', subStream })
      if (this.subStreamsOf(parent.partner).length === 1) parent.partner.lag = undefined // it will not be measured any more
    }
    parent.partner = chosen
    parent.changedAt = now
    parent.from = from
    parent.pulled = 0
    chosen.theirs.free = Math.max(0, chosen.theirs.free - 1) // until its next map
    chosen.link.send({ kind: 'subscribe', subStream, from })
  }
}

const candidateOf = (partner: Partner, leastLag: number): ParentCandidate => ({
  peer: partner.peer,
  isChoking: partner.theirs.isChoking,
  free: partner.theirs.free,
  rtt: partner.rtt,
  lateness: partner.lag === undefined ? undefined : partner.lag - leastLag,
  depths: partner.theirs.depths.map((depth) => Math.min(depth, MAX_DEPTH)),
  newestOf: (subStream) => partner.holdings.newestOf(subStream),
  isChild: (subStream) => partner.pushed.has(subStream),
  isRefusing: (subStream) => partner.isRefusing(subStream),
})
