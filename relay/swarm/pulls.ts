/** Asks for the holes. Owns which requests are under way (each partner's own list has them); decides by plan-pulls.ts. */
import type { PeerId } from '../overlay/overlay.ts'
import { SUB_STREAMS } from '../wire/limits.ts'
import type { Delivery, Hole } from './delivery.ts'
import { REQUEST_TIMEOUT_MS } from './limits.ts'
import type { Parents } from './parents.ts'
import type { Partner } from './partner.ts'
import { planPulls, type HoleView } from './plan-pulls.ts'

export interface PullsDeps {
  readonly delivery: Delivery
  readonly parents: Parents
  readonly partners: ReadonlyMap<PeerId, Partner>
}

/** A request that was not answered for so long no longer counts against the partner's share. */
const LOST_MS = 8 * REQUEST_TIMEOUT_MS

/** Within URGENT_MS. */
const START_DEADLINE_MS = 500

export class Pulls {
  readonly #deps: PullsDeps

  constructor(deps: PullsDeps) {
    this.#deps = deps
  }

  plan(now: number): void {
    const { delivery, partners, parents } = this.#deps
    if (delivery.holes.size === 0) return
    for (const { requested } of partners.values()) {
      for (const [sequence, at] of requested) if (now - at > LOST_MS) requested.delete(sequence)
    }
    const pulls = planPulls({
      now,
      holes: views(delivery.holes.values(), (hole) => !hole.isBacklog && parents.of(hole.sequence % SUB_STREAMS) !== undefined),
      holders: [...partners.values()].map((partner) => ({
        peer: partner.peer,
        isChoking: partner.theirs.isChoking,
        isSource: partner.theirs.role === 'source',
        rtt: partner.rtt,
        requestsOut: partner.requested.size,
        window: partner.requestWindow,
        has: (sequence) => partner.holdings.has(sequence),
      })),
    })
    for (const { peer, sequence, deadline } of pulls) {
      const partner = partners.get(peer)
      const hole = delivery.holes.get(sequence)
      if (partner === undefined || hole === undefined) continue
      hole.asked.push({ peer, at: now })
      partner.requested.set(sequence, now)
      // nothing plays yet: what begins the picture goes before what others are pushed
      partner.link.send({ kind: 'request', sequence, deadline: delivery.isFresh ? Math.min(deadline, START_DEADLINE_MS) : deadline })
    }
  }

  /** True when the pipelines have run half empty. */
  wantsMore(): boolean {
    const { delivery, partners } = this.#deps
    if (delivery.holes.size === 0) return false
    for (const { requested, requestWindow } of partners.values()) if (requested.size <= requestWindow / 2) return true
    return false
  }

  /** It came: whoever else was asked need not send it. */
  arrived(sequence: number): void {
    for (const partner of this.#deps.partners.values()) {
      if (partner.requested.size > 0 && partner.requested.delete(sequence)) partner.link.send({ kind: 'cancel', sequence })
    }
  }

  #forget(peer: PeerId, hole: Hole | undefined): void {
    if (hole !== undefined && hole.asked.length > 0) hole.asked = hole.asked.filter((asked) => asked.peer !== peer)
  }

  /** The next plan asks another. */
  rejected(partner: Partner, sequence: number): void {
    this.#forget(partner.peer, this.#deps.delivery.holes.get(sequence))
  }

  left(partner: Partner): void {
    for (const hole of this.#deps.delivery.holes.values()) this.#forget(partner.peer, hole)
  }

  /** Nobody who would give it has it. */
  isHopeless(sequence: number): boolean {
    for (const { holdings, theirs } of this.#deps.partners.values()) if (!theirs.isChoking && holdings.has(sequence)) return false
    return true
  }
}

function* views(holes: Iterable<Hole>, isExpected: (hole: Hole) => boolean): Generator<HoleView> {
  for (const hole of holes) {
    const { sequence, noticedAt, deadline, asked } = hole
    yield { sequence, noticedAt, deadline, asked, isExpected: isExpected(hole) }
  }
}
