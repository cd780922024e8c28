/**
 * The live edge as far as it is proven: the newest header that the channel signed and that is no replay. Owns whether the channel is on
 * air. A clock that is wrong by more than STALE_HEADER_MS would make every header stale; so an edge that moves on before our eyes, when
 * nobody shows a fresh one, is believed after a while, and its age is taken for the clocks' difference.
 */
import type { ChunkHeader } from '../chunk/chunk.ts'
import type { Clock } from '../clock.ts'
import { OFF_AIR_AFTER_MS, STALE_HEADER_MS } from './limits.ts'

export type Air =
  | { readonly kind: 'unknown' }
  /** `movedAt`: when the edge last moved, monotonic ms. */
  | { readonly kind: 'on-air'; readonly movedAt: number }
  | { readonly kind: 'off-air'; readonly since: number }

/** A stale edge that moves for so long is a wrong clock rather than a replayed header. */
const SKEW_PROOF_MS = 3000
const SKEW_PROOF_MOVES = 3

export class Edge {
  header: ChunkHeader | undefined
  air: Air = { kind: 'unknown' }
  readonly #clock: Clock
  #skewMs = 0
  #stale: { sequence: number; since: number; moves: number } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** True: the header is the new edge. */
  offer(header: ChunkHeader): boolean {
    if (this.header !== undefined && header.sequence <= this.header.sequence) return false
    if (!this.#isFresh(header)) return false
    this.#stale = undefined
    this.header = header
    this.air = { kind: 'on-air', movedAt: this.#clock.monotonic() }
    return true
  }

  #isFresh(header: ChunkHeader): boolean {
    const age = this.#clock.now() - header.time
    if (age - this.#skewMs <= STALE_HEADER_MS) {
      if (age < STALE_HEADER_MS) this.#skewMs = 0
      return true
    }
    const now = this.#clock.monotonic()
    if (this.#stale === undefined) this.#stale = { sequence: header.sequence, since: now, moves: 0 }
    else if (header.sequence > this.#stale.sequence) {
      this.#stale.sequence = header.sequence
      this.#stale.moves += 1
    }
    const isOnAir = this.air.kind === 'on-air'
    if (isOnAir || this.#stale.moves < SKEW_PROOF_MOVES || now - this.#stale.since < SKEW_PROOF_MS) return false
    this.#skewMs = age
    return true
  }

  /** We were held up: nothing could have come. */
  forgive(ms: number): void {
    if (this.air.kind === 'on-air') this.air = { kind: 'on-air', movedAt: this.air.movedAt + ms }
  }

  /** True once when the channel went off air: nothing new for too long, or `isEnded`: its last chunk has been delivered. */
  goesOffAir(isEnded: boolean): boolean {
    if (this.air.kind !== 'on-air') return false
    const now = this.#clock.monotonic()
    if (!isEnded && now - this.air.movedAt <= OFF_AIR_AFTER_MS) return false
    this.air = { kind: 'off-air', since: now }
    return true
  }
}
