/**
 * Looks further while a channel is off air. Peers that all have enough partners, and all of them without a source, would otherwise keep
 * each other for ever when the source comes back. Owns the time of the next probe; the longer the silence, the rarer.
 */
import type { Random } from '../random.ts'
import { nextInt } from '../random.ts'
import type { Candidates } from './candidates.ts'
import type { Edge } from './edge.ts'
import { PROBE_MAX_MS, PROBE_MIN_MS } from './limits.ts'
import type { Partners } from './partners.ts'

export interface ProbingDeps {
  readonly random: Random
  readonly edge: Edge
  readonly partners: Partners
  readonly candidates: Candidates
}

/** So long a partner may take to show what it has. */
const SETTLE_MS = 5000
/** The pause is this share of the time off air. */
const PAUSE_SHARE = 0.1

export class Probing {
  readonly #deps: ProbingDeps
  #silentSince: number | undefined
  #nextAt = 0

  constructor(deps: ProbingDeps) {
    this.#deps = deps
  }

  tick(now: number): void {
    const { random, edge, partners, candidates } = this.#deps
    if (edge.air.kind === 'on-air') {
      this.#silentSince = undefined
      return
    }
    this.#silentSince ??= now
    if (now < this.#nextAt) return
    this.#nextAt = now + Math.min(PROBE_MAX_MS, Math.max(PROBE_MIN_MS, (now - this.#silentSince) * PAUSE_SHARE))
    if (!candidates.hasDue(now)) return
    if (partners.isFull) {
      // those who came a moment ago may be about to tell us of the edge
      const peers = [...partners.all.values()].filter(({ theirs, since }) => theirs.role !== 'source' && now - since > SETTLE_MS)
      peers[nextInt(random, Math.max(peers.length, 1))]?.goodbye('idle').catch(() => {}) // it may be dead
    }
    candidates.probe(now)
  }
}
