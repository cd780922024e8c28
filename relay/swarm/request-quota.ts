/** How many chunks one partner may ask for: a token bucket, and a count of what went beyond it. */
import { FLOOD_REJECTS, REQUEST_BURST, REQUESTS_PER_SECOND } from './limits.ts'

const SECOND_MS = 1000

export class RequestQuota {
  #tokens = REQUEST_BURST
  #refilledAt: number
  #over = 0

  constructor(now: number) {
    this.#refilledAt = now
  }

  /** `flood`: so much over the quota that it is no mistake any more. */
  take(now: number): 'granted' | 'over' | 'flood' {
    this.#tokens = Math.min(REQUEST_BURST, this.#tokens + ((now - this.#refilledAt) * REQUESTS_PER_SECOND) / SECOND_MS)
    this.#refilledAt = now
    if (this.#tokens >= 1) {
      this.#tokens -= 1
      return 'granted'
    }
    this.#over += 1
    return this.#over > FLOOD_REJECTS ? 'flood' : 'over'
  }
}
