import { createClock } from '@sinonjs/fake-timers'
import { clockOver, type Clock } from '../../relay/clock.ts'

export interface FakeClock extends Clock {
  /** Lets `ms` of virtual time pass, running timers and the promises between them. */
  advance(ms: number): Promise<void>
}

/** A clock of its own: globals stay untouched, so that tests run side by side. */
export function fakeClock(start = Date.UTC(2026, 0, 1, 20)): FakeClock {
  const timers = createClock(start)
  const clock = clockOver({
    setTimeout: (run, ms) => timers.setTimeout(run, ms),
    clearTimeout: (timer) => timers.clearTimeout(timer),
    now: () => timers.now,
    monotonic: () => timers.now - start,
  })
  return { ...clock, advance: async (ms) => void (await timers.tickAsync(ms)) }
}
