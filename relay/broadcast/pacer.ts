/** When a packet with a PCR goes on. Pure: it is told the time. */
import { PCR_HZ, PCR_WRAP, ticksBetween } from '../media/timestamp.ts'

export interface Pace {
  /** How long to wait, ms; 0: go on. */
  readonly wait: number
  /** The clock did not go on from before; it is followed from here, and nobody waits for what it jumped over. */
  readonly jumped: boolean
}

export interface Pacer {
  /**
   * @param pcr of the packet, 27 MHz
   * @param now monotonic ms
   */
  next(pcr: number, now: number): Pace
  /** The next PCR need not go on from the last: a loop point. */
  discontinue(): void
}

/** PCRs come every 100 ms or more often; one that is a second away belongs to another time line. */
const MAX_STEP_MS = 1000
/** At a loop point the last interval is repeated, as far as an interval may be long (ISO/IEC 13818-1, section 2.7.2). */
const MAX_INTERVAL_MS = 100
/** A source that is later than this is not made up for: its clock is followed from here. */
const MAX_LATE_MS = 500
/** What a timer cannot keep anyway. */
const MIN_WAIT_MS = 2

/**
 * @param haste how much faster than its clock the source is read, as a share. A source that comes at its own pace must not be held
 * back, or it overflows in time; a file has 0.
 */
export function createPacer(haste: number): Pacer {
  const msOf = (ticks: number): number => (ticks * 1000) / PCR_HZ / (1 + haste)
  let last: number | undefined
  let due = 0
  let interval = 0
  let isLoop = false

  return {
    next(pcr, now) {
      const step = last === undefined ? 0 : msOf(ticksBetween(last, pcr, PCR_WRAP))
      const isFirst = last === undefined
      const jumped = !isFirst && (isLoop || step < 0 || step > MAX_STEP_MS)
      last = pcr
      if (isFirst) due = now
      else if (jumped) due += interval
      else {
        due += step
        interval = Math.min(step, MAX_INTERVAL_MS)
      }
      if (now - due > MAX_LATE_MS) due = now
      const reported = jumped && !isLoop
      isLoop = false
      const wait = due - now
      return { wait: wait < MIN_WAIT_MS ? 0 : wait, jumped: reported }
    },
    discontinue() {
      isLoop = true
    },
  }
}
