/**
 * In order, in time. Owns the holes (chunks that exist and have not come), how far everything is settled (come, or given up), and the one
 * consumer's place. The chunks wait in the ring: nothing is queued here.
 */
import type { Chunk, ChunkHeader, Gap } from '../chunk/chunk.ts'
import type { ChunkRing } from '../chunk/ring.ts'
import { BACKLOG_PATIENCE_MS, HOLE_PATIENCE_MS, HOPELESS_MS, MAX_HOLES } from './limits.ts'
import type { Asked } from './plan-pulls.ts'
import type { Timeline } from './timeline.ts'

export type SwarmItem = { readonly kind: 'chunk'; readonly chunk: Chunk } | { readonly kind: 'gap'; readonly gap: Gap }

export interface Hole {
  readonly sequence: number
  noticedAt: number
  deadline: number
  /** It was there before we tuned in: no parent pushes it. */
  readonly isBacklog: boolean
  asked: Asked[]
}

type Place =
  | { readonly kind: 'nowhere' }
  /** `settled`: everything up to here has come or is given up. `from`: where we tuned in. */
  | { readonly kind: 'tuned'; readonly from: number; settled: number; known: number }

interface Consumer {
  /** The last sequence it was given. */
  position: number
  /** Wall clock of the last chunk it was given; undefined before the first, which must be a random access point. */
  time: number | undefined
}

export class Delivery {
  readonly holes = new Map<number, Hole>() // by sequence, in order
  missed = 0
  /** Of the last settled chunk that came. */
  settledHeader: ChunkHeader | undefined
  #place: Place = { kind: 'nowhere' }
  /** A consumer that comes after off air does not see what was before it. */
  #floor = 0
  #isOnAir = true
  #isClosed = false
  #wake: (() => void) | undefined
  readonly #ring: ChunkRing
  readonly #timeline: Timeline

  constructor(ring: ChunkRing, timeline: Timeline) {
    this.#ring = ring
    this.#timeline = timeline
  }

  /** Where we tuned in; undefined before. */
  get from(): number | undefined {
    return this.#place.kind === 'tuned' ? this.#place.from : undefined
  }
  get settled(): number | undefined {
    return this.#place.kind === 'tuned' ? this.#place.settled : undefined
  }
  /** True until something has been settled: tuning in elsewhere costs nothing. */
  get isFresh(): boolean {
    return this.#place.kind === 'nowhere' || this.#place.settled < this.#place.from
  }

  /** Tunes in at `from`, or jumps there; what exists from there on is the backlog. */
  begin(from: number, now: number): void {
    this.holes.clear()
    this.#place = { kind: 'tuned', from, settled: from - 1, known: from - 1 }
    this.#isOnAir = true
    this.#extend(now, true)
  }

  /** The timeline has grown. False: there is more to fetch than we may hold as holes; tune in anew. */
  extend(now: number): boolean {
    this.#isOnAir = true
    return this.#extend(now, false)
  }

  #extend(now: number, isBacklog: boolean): boolean {
    const place = this.#place
    if (place.kind === 'nowhere') return true
    for (let next = this.#timeline.after(place.known); next !== undefined; next = this.#timeline.after(next)) {
      if (this.holes.size >= MAX_HOLES) return false
      place.known = next
      if (this.#ring.has(next)) continue
      const deadline = now + (isBacklog ? BACKLOG_PATIENCE_MS : HOLE_PATIENCE_MS)
      this.holes.set(next, { sequence: next, noticedAt: now, deadline, isBacklog, asked: [] })
    }
    return true
  }

  /** Settles what has come, or what `now` is too late for. `hopeless`: nobody has this one. */
  advance(now: number, isHopeless: (sequence: number) => boolean): void {
    const place = this.#place
    if (place.kind === 'nowhere') return
    const before = place.settled
    for (let next = this.#timeline.after(place.settled); next !== undefined; next = this.#timeline.after(next)) {
      const hole = this.holes.get(next)
      if (hole !== undefined) {
        const isLate = now >= hole.deadline || (now - hole.noticedAt > HOPELESS_MS && hole.isBacklog && isHopeless(next))
        if (!isLate) break
        this.holes.delete(next)
        this.missed += 1
      } else if (next > place.known) break
      place.settled = next
      const chunk = this.#ring.get(next)
      if (chunk !== undefined) this.settledHeader = chunk.header
    }
    if (place.settled > before) this.#stir()
  }

  /** We were held up: what did not come could not have come. */
  forgive(ms: number): void {
    for (const hole of this.holes.values()) {
      hole.noticedAt += ms
      hole.deadline += ms
    }
  }

  /** Gives up what is missing; the consumer gets the rest, and its end. */
  goOffAir(): void {
    const place = this.#place
    if (place.kind === 'tuned') {
      this.missed += this.holes.size
      this.holes.clear()
      place.settled = Math.max(place.settled, place.known)
      this.#floor = place.settled + 1
    }
    this.#isOnAir = false
    this.#stir()
  }

  /** The swarm is left: the consumer's items end. */
  close(): void {
    this.#isClosed = true
    this.#stir()
  }

  #stir(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  /** The next item for a consumer, or undefined when it has to wait. */
  #take(consumer: Consumer): SwarmItem | undefined {
    const settled = this.settled
    if (settled === undefined) return undefined
    for (;;) {
      const chunk = this.#ring.from(consumer.position + 1).next().value as Chunk | undefined
      if (chunk === undefined || chunk.sequence > settled) return undefined
      if (consumer.time === undefined && !chunk.randomAccess) {
        consumer.position = chunk.sequence
        continue
      }
      const first = this.#timeline.after(consumer.position)
      if (consumer.time !== undefined && first !== undefined && first < chunk.sequence) {
        const gap = { from: first, to: this.#timeline.before(chunk.sequence), began: consumer.time, ended: chunk.time }
        consumer.position = chunk.sequence - 1
        return { kind: 'gap', gap }
      }
      consumer.position = chunk.sequence
      consumer.time = chunk.time
      return { kind: 'chunk', chunk }
    }
  }

  #startOf(from: number, settled: number): number {
    const floor = Math.max(from, this.#floor)
    return Math.max(floor, this.#ring.newestRandomAccess(settled)?.sequence ?? floor)
  }

  /** One consumer at a time; ends when the channel goes off air, and may be asked again. */
  async *items(signal: AbortSignal): AsyncGenerator<SwarmItem, void, undefined> {
    let consumer: Consumer | undefined
    const onAbort = (): void => this.#stir()
    signal.addEventListener('abort', onAbort)
    try {
      let hasBegun = this.#isOnAir
      for (;;) {
        signal.throwIfAborted()
        hasBegun ||= this.#isOnAir
        const place = this.#place
        if (consumer === undefined && hasBegun && place.kind === 'tuned' && place.settled >= Math.max(place.from, this.#floor))
          consumer = { position: this.#startOf(place.from, place.settled) - 1, time: undefined }
        const item = consumer === undefined ? undefined : this.#take(consumer)
        if (item !== undefined) yield item
        else if (this.#isClosed || (hasBegun && !this.#isOnAir)) return
        else await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}
