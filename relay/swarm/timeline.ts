/**
 * Which sequence numbers exist. Each epoch is a run [first, last]; between two runs there is nothing, and no hole. Only verified headers
 * get in here.
 */
import type { ChunkHeader } from '../chunk/chunk.ts'
import { MAX_EPOCHS } from './limits.ts'

interface Run {
  readonly first: number
  last: number
  ends: boolean
}

export class Timeline {
  readonly #runs: Run[] = [] // by first

  /** True when the header is newer than all before it. */
  see(header: ChunkHeader): boolean {
    const newest = this.#runs.at(-1)
    const isNewer = newest === undefined || header.sequence > newest.last
    let run = this.#runs.findLast(({ first }) => first <= header.epoch)
    if (run === undefined || run.first !== header.epoch) {
      const next = { first: header.epoch, last: header.sequence, ends: header.ends }
      this.#runs.splice(run === undefined ? 0 : this.#runs.indexOf(run) + 1, 0, next)
      if (this.#runs.length > MAX_EPOCHS) this.#runs.shift()
      return isNewer
    }
    if (header.sequence > run.last) {
      run.last = header.sequence
      run.ends = header.ends
    }
    return isNewer
  }

  /** The next sequence number that exists after this one; undefined at the edge. */
  after(sequence: number): number | undefined {
    for (const { first, last } of this.#runs) {
      if (sequence < first) return first
      if (sequence < last) return sequence + 1
    }
    return undefined
  }

  get newest(): number | undefined {
    return this.#runs.at(-1)?.last
  }

  /** True when the newest chunk was the last of its epoch. */
  get ended(): boolean {
    return this.#runs.at(-1)?.ends ?? false
  }

  /** The last sequence number that exists before this one; itself less one when nothing is known. */
  before(sequence: number): number {
    for (const { first, last } of this.#runs.toReversed()) {
      if (sequence > last) return last
      if (sequence > first) return sequence - 1
    }
    return sequence - 1
  }
}
