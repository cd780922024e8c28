/** Bytes, and bits a second over the last 5 s. */
const SLOTS = 5
const SLOT_MS = 1000
const BITS = 8

export class RateMeter {
  total = 0
  readonly #slots = new Float64Array(SLOTS)
  readonly #began: number
  #slot: number

  /** @param now monotonic ms */
  constructor(now: number) {
    this.#began = now
    this.#slot = Math.floor(now / SLOT_MS)
  }

  #turn(now: number): void {
    const slot = Math.floor(now / SLOT_MS)
    if (slot - this.#slot >= SLOTS) this.#slots.fill(0)
    else for (let next = this.#slot + 1; next <= slot; next += 1) this.#slots[next % SLOTS] = 0
    if (slot > this.#slot) this.#slot = slot
  }

  add(bytes: number, now: number): void {
    this.#turn(now)
    this.total += bytes
    this.#slots[this.#slot % SLOTS] = (this.#slots[this.#slot % SLOTS] as number) + bytes
  }

  /** Bit/s. */
  rate(now: number): number {
    this.#turn(now)
    const covered = Math.min(now - this.#began, (SLOTS - 1) * SLOT_MS + (now % SLOT_MS))
    return (this.#slots.reduce((sum, bytes) => sum + bytes, 0) * BITS * 1000) / Math.max(covered, SLOT_MS)
  }
}
