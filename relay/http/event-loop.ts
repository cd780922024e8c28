import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock } from '../clock.ts'

/** How finely the delay is sampled, ms; a block shorter than this hardly shows. */
const RESOLUTION_MS = 10
/** The last minute, in steps. */
const STEP_MS = 10_000
const STEPS = 6

export interface EventLoopGauge extends Disposable {
  /** The longest block of the main thread in the last minute, ms. */
  blockedMs(): number
}

/** Media beats everything: the main thread is never held up for more than 50 ms, and this shows whether that is so. */
export function startEventLoopGauge(clock: Clock): EventLoopGauge {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  // A sample is the time between two ticks of the timer: the resolution is no delay.
  const longest = (): number => (histogram.count === 0 ? 0 : Math.max(0, Math.round(histogram.max / 1e6) - RESOLUTION_MS))
  const past: number[] = []
  const step = clock.every(STEP_MS, () => {
    past.push(longest())
    if (past.length >= STEPS) past.shift()
    histogram.reset()
  })
  return {
    blockedMs: () => Math.max(longest(), ...past),
    [Symbol.dispose]() {
      step[Symbol.dispose]()
      histogram.disable()
    },
  }
}
