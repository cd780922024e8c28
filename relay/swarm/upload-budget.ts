/**
 * The upload cap of the whole relay: one token bucket for all swarms. It owns the tokens and the queue of those who wait for them, first
 * come, first served, each asked to go on when there is enough for one more chunk.
 */
import type { Clock } from '../clock.ts'

export interface UploadBudget {
  /** bit/s; undefined: no cap. 0: nothing is uploaded. */
  readonly cap: number | undefined
  setCap(bitsPerSecond: number | undefined): void
  /** Takes tokens for media; false when there are not enough: then ask `wait`. */
  take(bytes: number): boolean
  /** Takes tokens for control messages, which never wait; media makes up for it. */
  spend(bytes: number): void
  /** Calls `run` once when tokens are there again; a `run` that waits already is not added twice. */
  wait(run: () => void): void
  forget(run: () => void): void
  /** What a swarm has promised to its children, bit/s; counted against the others' share. */
  commit(owner: object, bitsPerSecond: number): void
  /** What is left of the cap for this owner, bit/s, its own promises included. Infinity without a cap. */
  available(owner: object): number
}

/** Bytes may come in bursts of this long, and at least one chunk at once. */
const BURST_MS = 50
const MIN_BURST_BYTES = 66 * 1024
/** The cap holds over any time of this length, burst included; that is why a small cap is filled a little more slowly. */
const WINDOW_MS = 5000
const MIN_FILL = 0.5
const BITS = 8
const SECOND_MS = 1000

export function createUploadBudget(clock: Clock, initialCap: number | undefined): UploadBudget {
  let cap = initialCap
  let tokens = 0
  let filledAt = clock.monotonic()
  let timer: Disposable | undefined
  const waiting = new Set<() => void>()
  const committed = new Map<object, number>()

  const refill = (): void => {
    const now = clock.monotonic()
    if (cap !== undefined) {
      tokens = Math.min(burst(cap), tokens + ((now - filledAt) * fill(cap)) / BITS / SECOND_MS)
    }
    filledAt = now
  }
  const burst = (bits: number): number => Math.max(MIN_BURST_BYTES, (bits * BURST_MS) / BITS / SECOND_MS)
  /** bit/s: so much less than the cap as one burst is worth over the window. */
  const fill = (bits: number): number => Math.max(bits * MIN_FILL, bits - (burst(bits) * BITS * SECOND_MS) / WINDOW_MS)
  const arm = (): void => {
    if (timer !== undefined || waiting.size === 0 || cap === undefined || cap <= 0) return
    const missing = Math.max(MIN_BURST_BYTES - tokens, 1)
    timer = clock.after(Math.max(1, Math.ceil((missing * BITS * SECOND_MS) / fill(cap))), () => {
      timer = undefined
      refill()
      wake()
    })
  }
  /** Each goes on in turn until the tokens are used up; those who are left, or asked again, wait for the next filling. */
  const wake = (): void => {
    for (const run of Array.from(waiting)) {
      if (cap !== undefined && tokens < MIN_BURST_BYTES) break
      waiting.delete(run)
      run()
    }
    arm()
  }

  return {
    get cap() {
      return cap
    },
    setCap(bitsPerSecond) {
      refill()
      cap = bitsPerSecond
      timer?.[Symbol.dispose]()
      timer = undefined
      if (cap === undefined) wake()
      else arm()
    },
    take(bytes) {
      if (cap === undefined) return true
      if (cap <= 0) return false
      refill()
      if (tokens < bytes) return false
      tokens -= bytes
      return true
    },
    spend(bytes) {
      if (cap === undefined || cap <= 0) return
      refill()
      tokens -= bytes
    },
    wait(run) {
      waiting.add(run)
      arm()
    },
    forget(run) {
      waiting.delete(run)
      if (waiting.size > 0) return
      timer?.[Symbol.dispose]()
      timer = undefined
    },
    commit(owner, bitsPerSecond) {
      if (bitsPerSecond > 0) committed.set(owner, bitsPerSecond)
      else committed.delete(owner)
    },
    available(owner) {
      if (cap === undefined) return Infinity
      let left = cap
      for (const [other, bits] of committed) if (other !== owner) left -= bits
      return Math.max(0, left)
    },
  }
}
