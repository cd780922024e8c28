import type { Clock } from './clock.ts'
import { isAbort, messageOf } from './errors.ts'
import type { Log } from './log.ts'

/** What the health page shows of a supervised loop. */
export interface Supervision {
  readonly name: string
  readonly state: { readonly kind: 'running' } | { readonly kind: 'pausing'; readonly error: string } | { readonly kind: 'ended' }
  readonly failures: number
}

export interface SuperviseDeps {
  readonly clock: Clock
  readonly log: Log
  /** Ends the loop. */
  readonly signal: AbortSignal
  /** First pause after a failure, milliseconds; doubles up to MAX_PAUSE_MS and falls back after a good minute. */
  readonly pauseMs: number
}

const MAX_PAUSE_MS = 60_000
const GOOD_RUN_MS = 60_000

/**
 * The only place where a promise outlives its caller. Runs `work` until the signal aborts; a failure is logged and counted, and
 * the work starts again after a growing pause. Work that returns is over.
 */
export function supervise(name: string, work: (signal: AbortSignal) => Promise<void>, deps: SuperviseDeps): () => Supervision {
  const { clock, log, signal } = deps
  let supervision: Supervision = { name, state: { kind: 'running' }, failures: 0 }

  const loop = async (): Promise<void> => {
    let pause = deps.pauseMs
    while (!signal.aborted) {
      const began = clock.monotonic()
      try {
        supervision = { ...supervision, state: { kind: 'running' } }
        await work(signal)
        break
      } catch (error) {
        if (signal.aborted && isAbort(error)) break
        if (clock.monotonic() - began > GOOD_RUN_MS) pause = deps.pauseMs
        const message = messageOf(error)
        log.warn(`${name} failed and starts again`, { error: message, pauseMs: pause })
        supervision = { name, state: { kind: 'pausing', error: message }, failures: supervision.failures + 1 }
        try {
          await clock.sleep(pause, signal)
        } catch {
          break // the pause was cut short because we are stopping
        }
        pause = Math.min(pause * 2, MAX_PAUSE_MS)
      }
    }
    supervision = { ...supervision, state: { kind: 'ended' } }
  }
  loop().catch((error: unknown) => log.error(`${name} ended for good`, { error: messageOf(error) }))
  return () => supervision
}
