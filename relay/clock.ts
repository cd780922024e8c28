/** Time, handed in: tests and the simulator bring their own. */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. */
  now(): number
  /** Monotonic milliseconds from an arbitrary origin: for durations and deadlines. */
  monotonic(): number
  /** Calls `run` once after `ms`; disposing cancels. Waits of any length are kept. */
  after(ms: number, run: () => void): Disposable
  /** Calls `run` every `ms` until disposed. */
  every(ms: number, run: () => void): Disposable
  /** Resolves after `ms`, rejects with the signal's reason when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** The timer functions that a clock stands on; Node's own, or a fake timer's. */
export interface Timers {
  setTimeout(run: () => void, ms: number): unknown
  clearTimeout(timer: never): void
  now(): number
  monotonic(): number
}

/** setTimeout takes a signed 32-bit number of milliseconds; a longer wait fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

export function clockOver(timers: Timers): Clock {
  const after = (ms: number, run: () => void): Disposable => {
    const due = timers.monotonic() + ms
    let timer: unknown
    const arm = (): void => {
      const left = due - timers.monotonic()
      timer = timers.setTimeout(left > MAX_TIMER_MS ? arm : run, Math.min(Math.max(left, 0), MAX_TIMER_MS))
    }
    arm()
    return { [Symbol.dispose]: () => timers.clearTimeout(timer as never) }
  }
  return {
    now: () => timers.now(),
    monotonic: () => timers.monotonic(),
    after,
    every(ms, run) {
      let current: Disposable
      let next = timers.monotonic() + ms
      const tick = (): void => {
        // A clock that was held up (sleep, a blocked loop) skips the ticks it missed.
        next = Math.max(next + ms, timers.monotonic())
        current = after(next - timers.monotonic(), tick)
        run()
      }
      current = after(ms, tick)
      return { [Symbol.dispose]: () => current[Symbol.dispose]() }
    },
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error)
        const onAbort = (): void => {
          timer[Symbol.dispose]()
          reject(signal.reason as Error)
        }
        const timer = after(ms, () => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        })
        signal.addEventListener('abort', onAbort, { once: true })
      })
    },
  }
}

export const systemClock: Clock = clockOver({
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer),
  now: () => Date.now(),
  monotonic: () => performance.now(),
})
