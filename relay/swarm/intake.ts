/**
 * What comes in: chunks and headers. Verified first; only then stored, announced, forwarded and played. Owns our newest chunk of each
 * sub-stream. The hot path of the relay: one hash, one signature, no copy.
 */
import { HEADER_BYTES, type Chunk, type ChunkHeader } from '../chunk/chunk.ts'
import { decodeHeader } from '../chunk/header.ts'
import type { ChunkRing } from '../chunk/ring.ts'
import type { ChunkVerifier } from '../chunk/sign.ts'
import type { Clock } from '../clock.ts'
import { SUB_STREAMS } from '../wire/limits.ts'
import type { Delivery } from './delivery.ts'
import type { Edge } from './edge.ts'
import type { Partner } from './partner.ts'
import type { Tallies } from './tallies.ts'
import type { Timeline } from './timeline.ts'

export interface IntakeDeps {
  readonly clock: Clock
  readonly ring: ChunkRing
  readonly verifier: ChunkVerifier
  readonly edge: Edge
  readonly timeline: Timeline
  readonly delivery: Delivery
  readonly tallies: Tallies
  /** Verified and new; `asked`: it was pulled. */
  accepted(chunk: Chunk, from: Partner | undefined, wasAsked: boolean): void
  edgeMoved(header: ChunkHeader): void
}

const SEQUENCE_AT = 8
const SEQUENCE_BYTES = 6

/** What the chunk says of itself, before anything is verified; its frame had room for a header. */
const sequenceOf = (encoded: Uint8Array): number =>
  Buffer.from(encoded.buffer, encoded.byteOffset + SEQUENCE_AT, SEQUENCE_BYTES).readUIntBE(0, SEQUENCE_BYTES)

export class Intake {
  readonly #deps: IntakeDeps
  readonly #newest = new Float64Array(SUB_STREAMS).fill(-1)

  constructor(deps: IntakeDeps) {
    this.#deps = deps
    for (const { sequence } of deps.ring) this.#newest[sequence % SUB_STREAMS] = sequence
  }

  newestOf(subStream: number): number {
    return this.#newest[subStream] as number
  }

  header(partner: Partner, encoded: Uint8Array): void {
    const { edge, verifier } = this.#deps
    const peek = decodeHeader(encoded)
    // the usual case costs no signature: what is not newer than our edge tells us nothing
    if (peek.ok && edge.header !== undefined && peek.header.sequence <= edge.header.sequence) return
    const header = verifier.header(encoded)
    if (header === undefined) partner.violate('unsigned-header')
    else {
      partner.holdings.add(header.sequence, header.randomAccess)
      this.#see(header)
    }
  }

  /** False: the header would be a new edge, and is too old for one. */
  #see(header: ChunkHeader): boolean {
    const { edge, timeline } = this.#deps
    if (edge.header === undefined || header.sequence > edge.header.sequence) {
      if (!edge.offer(header)) return false
      timeline.see(header)
      this.#deps.edgeMoved(header)
    } else if (timeline.newest !== undefined) timeline.see(header)
    return true
  }

  chunk(partner: Partner, encoded: Uint8Array): void {
    const { ring, verifier, tallies, clock } = this.#deps
    const sequence = sequenceOf(encoded)
    const wasAsked = partner.answered(sequence)
    partner.exchanged(sequence)
    const held = ring.get(sequence)
    if (held !== undefined) return this.#duplicate(partner, held, encoded)
    if (!this.#isWanted(sequence)) {
      tallies.unwanted += 1
      return undefined
    }
    const verified = verifier.verify(encoded)
    if (!verified.ok) {
      tallies.rejected += 1
      return partner.violate(verified.violation)
    }
    const { chunk } = verified
    const now = clock.monotonic()
    partner.holdings.add(sequence, chunk.randomAccess)
    tallies.chunk(encoded.length, now)
    tallies.share(partner.peer, encoded.length)
    if (!wasAsked) partner.measureLag(clock.now() - chunk.time)
    this.#store(chunk, partner, wasAsked)
    return undefined
  }

  /** Of our own making. */
  publish(chunk: Chunk): void {
    this.#deps.tallies.chunk(chunk.encoded.length, this.#deps.clock.monotonic())
    this.#store(chunk, undefined, false)
  }

  #store(chunk: Chunk, from: Partner | undefined, wasAsked: boolean): void {
    const { ring, delivery, tallies, clock, edge } = this.#deps
    const { sequence } = chunk
    const isNewest = edge.header === undefined || sequence > edge.header.sequence
    if (!this.#see(chunk.header)) {
      tallies.unwanted += 1 // an old chunk in the guise of a new one
      return
    }
    ring.put(chunk)
    delivery.holes.delete(sequence)
    if (isNewest) tallies.lagMs = Math.max(0, clock.now() - chunk.time)
    if (sequence > this.newestOf(sequence % SUB_STREAMS)) this.#newest[sequence % SUB_STREAMS] = sequence
    tallies.received += 1
    if (wasAsked) tallies.pulled += 1
    this.#deps.accepted(chunk, from, wasAsked)
  }

  #isWanted(sequence: number): boolean {
    const { from } = this.#deps.delivery
    return from !== undefined && sequence >= from
  }

  #duplicate(partner: Partner, held: Chunk, encoded: Uint8Array): void {
    const { verifier, tallies } = this.#deps
    tallies.duplicate += 1
    if (Buffer.compare(held.encoded.subarray(0, HEADER_BYTES), encoded.subarray(0, HEADER_BYTES)) === 0) return
    // another chunk under the same number: either this partner's work, or the source's, and then it is proof
    const verified = verifier.verify(encoded)
    if (!verified.ok) {
      tallies.rejected += 1
      return partner.violate(verified.violation)
    }
    tallies.equivocation ??= {
      sequence: held.sequence,
      headers: [held.header.encoded.slice(), verified.chunk.header.encoded.slice()],
    }
    return undefined
  }
}
