/**
 * What a partner says it has. A place for each of the last MAX_MAP_CHUNKS sequence numbers modulo that: a partner's claims cost 20 KiB,
 * whatever it claims, and an epoch's jump needs no moving.
 */
import { hasBit } from '../wire/bitmap.ts'
import { MAX_MAP_CHUNKS, SUB_STREAMS } from '../wire/limits.ts'
import type { ChunkBits } from '../wire/wire.ts'

const NONE = -1

export class Holdings {
  readonly #sequences = new Float64Array(MAX_MAP_CHUNKS).fill(NONE)
  readonly #access = new Uint8Array(MAX_MAP_CHUNKS)
  readonly #newest = new Float64Array(SUB_STREAMS).fill(NONE)
  /** The highest sequence claimed, NONE (-1) before any. */
  newest = NONE
  oldest = 0

  has(sequence: number): boolean {
    return sequence >= this.oldest && this.#sequences[sequence % MAX_MAP_CHUNKS] === sequence
  }

  /** True for a chunk that is said to begin with a random access point. */
  isAccess(sequence: number): boolean {
    return this.has(sequence) && this.#access[sequence % MAX_MAP_CHUNKS] === 1
  }

  /** The newest of a sub-stream; -1 for none. */
  newestOf(subStream: number): number {
    return this.#newest[subStream] as number
  }

  add(sequence: number, isAccess: boolean): void {
    const place = sequence % MAX_MAP_CHUNKS
    if ((this.#sequences[place] as number) > sequence) return
    this.#access[place] = isAccess || (this.#sequences[place] === sequence && this.#access[place] === 1) ? 1 : 0
    this.#sequences[place] = sequence
    if (sequence > this.newest) this.newest = sequence
    const subStream = sequence % SUB_STREAMS
    if (sequence > this.newestOf(subStream)) this.#newest[subStream] = sequence
  }

  /** It said that it has not got this one after all. */
  remove(sequence: number): void {
    if (this.#sequences[sequence % MAX_MAP_CHUNKS] === sequence) this.#sequences[sequence % MAX_MAP_CHUNKS] = NONE
  }

  addBits(bits: ChunkBits): void {
    for (let index = 0; index < bits.count; index += 1) {
      if (hasBit(bits.have, index)) this.add(bits.base + index, hasBit(bits.access, index))
    }
  }

  replaceBits(bits: ChunkBits, oldest: number): void {
    this.oldest = oldest
    for (let index = 0; index < bits.count; index += 1) {
      if (hasBit(bits.have, index)) this.add(bits.base + index, hasBit(bits.access, index))
      else this.remove(bits.base + index)
    }
  }

  /** The newest claimed random access point in [from, to]; undefined for none. Walks at most MAX_MAP_CHUNKS places. */
  newestAccess(from: number, to: number): number | undefined {
    const top = Math.min(to, this.newest)
    const bottom = Math.max(from, this.oldest, top - MAX_MAP_CHUNKS + 1)
    for (let sequence = top; sequence >= bottom; sequence -= 1) if (this.isAccess(sequence)) return sequence
    return undefined
  }
}
