/** What a swarm counts. Owns the counters, the bytes by partner (those that left included, bounded) and the record of violations. */
import type { PeerId } from '../overlay/overlay.ts'
import type { Violation } from '../wire/wire.ts'
import { RateMeter } from './rate-meter.ts'

export interface ViolationRecord {
  readonly peer: PeerId
  readonly violation: Violation
  /** Wall clock, ms since the Unix epoch. */
  readonly at: number
}

/** Two different headers with one sequence number, both signed by the channel: proof against the source. */
export interface Equivocation {
  readonly sequence: number
  readonly headers: readonly [Uint8Array, Uint8Array]
}

const BITS_A_BYTE = 8
const SECOND_MS = 1000
const MAX_SHARES = 256
const MAX_VIOLATIONS = 32

export class Tallies {
  received = 0
  duplicate = 0
  rejected = 0
  pulled = 0
  unwanted = 0
  /** Of the newest chunk when it arrived, ms. */
  lagMs: number | undefined
  equivocation: Equivocation | undefined
  readonly violations: ViolationRecord[] = []
  /** Bytes of sessions that have ended. */
  readonly past = { bytesIn: 0, bytesOut: 0 }
  readonly media: RateMeter
  readonly #chunks: RateMeter
  readonly #shares = new Map<PeerId, number>()
  #shared = 0

  constructor(now: number) {
    this.media = new RateMeter(now)
    this.#chunks = new RateMeter(now)
  }

  /** A verified chunk, or one of our own making. */
  chunk(bytes: number, now: number): void {
    this.media.add(bytes, now)
    this.#chunks.add(1, now)
  }

  /** How many chunks the channel makes in this time. */
  chunksIn(ms: number, now: number): number {
    return Math.ceil((this.#chunks.rate(now) * ms) / BITS_A_BYTE / SECOND_MS)
  }

  share(peer: PeerId, bytes: number): void {
    if (!this.#shares.has(peer) && this.#shares.size >= MAX_SHARES) {
      const first = this.#shares.entries().next().value as [PeerId, number]
      this.#shares.delete(first[0])
      this.#shared -= first[1]
    }
    this.#shares.set(peer, (this.#shares.get(peer) ?? 0) + bytes)
    this.#shared += bytes
  }

  shares(): { peer: PeerId; share: number }[] {
    const all = [...this.#shares].map(([peer, bytes]) => ({ peer, share: bytes / Math.max(this.#shared, 1) }))
    return all.toSorted((a, b) => b.share - a.share)
  }

  violation(record: ViolationRecord): void {
    this.violations.push(record)
    if (this.violations.length > MAX_VIOLATIONS) this.violations.shift()
  }
}
