/** Where we listen: seeks a start, tunes in there, and jumps forward when too far behind. Decides by plan-start.ts. */
import type { PeerId } from '../overlay/overlay.ts'
import type { Delivery } from './delivery.ts'
import type { Edge } from './edge.ts'
import { MAX_BEHIND_MS } from './limits.ts'
import type { Partner } from './partner.ts'
import { planStart } from './plan-start.ts'
import type { Timeline } from './timeline.ts'

export interface TuningDeps {
  readonly edge: Edge
  readonly timeline: Timeline
  readonly delivery: Delivery
  readonly partners: ReadonlyMap<PeerId, Partner>
}

/** The edge that we tuned in by may have been a replay; one that is so much newer is followed while nothing has been played. */
const NEWER_EDGE_MS = 5000

export class Tuning {
  readonly #deps: TuningDeps
  #seekingSince: number | undefined
  /** Wall clock of the edge that we tuned in by. */
  #tunedTime = 0
  #mustSeek = false

  constructor(deps: TuningDeps) {
    this.#deps = deps
  }

  edgeMoved(now: number): void {
    if (!this.#deps.delivery.extend(now)) this.#mustSeek = true
  }

  #needsStart(): boolean {
    const { edge, delivery } = this.#deps
    const { header } = edge
    if (header === undefined || edge.air.kind !== 'on-air') return false
    if (delivery.from === undefined || this.#mustSeek) return true
    if (delivery.isFresh) return header.time - this.#tunedTime > NEWER_EDGE_MS
    // an epoch's number is the time it began
    const settled = delivery.settledHeader
    return header.time - (settled?.epoch === header.epoch ? settled.time : header.epoch) > MAX_BEHIND_MS
  }

  plan(now: number): void {
    const { edge, delivery, partners } = this.#deps
    if (!this.#needsStart()) {
      this.#seekingSince = undefined
      return
    }
    this.#seekingSince ??= now
    const start = planStart({
      edge: edge.header,
      claims: [...partners.values()].map(({ holdings }) => holdings),
      waitedMs: now - this.#seekingSince,
    })
    if (start.kind === 'wait' || start.sequence <= (delivery.settled ?? -1)) return
    this.#mustSeek = false
    this.#seekingSince = undefined
    this.#tunedTime = edge.header?.time ?? 0
    delivery.begin(start.sequence, now)
  }
}
