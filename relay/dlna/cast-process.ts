/**
 * The relay's side of the casting child. Owns the process: started with the first command, with a memory cap; ended when it hangs or
 * has had nothing to do; commands that were under way when it died have failed.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../clock.ts'
import { RelayError } from '../errors.ts'
import type { Log } from '../log.ts'
import { parseAnswer, type CastAnswer, type CastCommand } from './cast-messages.ts'

export interface CastProcess extends AsyncDisposable {
  /** Calls an action of a renderer. Throws `renderer-timeout`; a refusal of the renderer is an answer. */
  call(command: Omit<CastCommand, 'id'>, signal: AbortSignal): Promise<CastAnswer>
  /** Of the running child; tests look at it. */
  readonly pid: number | undefined
}

const CHILD = fileURLToPath(import.meta.resolve('./dlnacasts.ts'))
/** It needs 20 MB; a renderer that sends without end takes the child down and not the relay. */
const MAX_HEAP_MB = 64
/** Longer than every deadline inside the child: who passes this one hangs. */
const COMMAND_DEADLINE_MS = 12_000
const IDLE_MS = 60_000
const KILL_AFTER_MS = 2000
/** Commands under way; more than all renderers we keep would need. */
const MAX_PENDING = 256

interface Running {
  readonly child: ChildProcess
  readonly exited: Promise<void>
}

export function createCastProcess(deps: { readonly clock: Clock; readonly log: Log }): CastProcess {
  const { clock, log } = deps
  const pending = new Map<number, PromiseWithResolvers<CastAnswer>>()
  let running: Running | undefined
  let idle: Disposable | undefined
  let lastId = 0
  let disposed = false

  const start = (): Running => {
    const child = fork(CHILD, [], {
      execArgv: [`--max-old-space-size=${MAX_HEAP_MB}`, '--disable-warning=ExperimentalWarning', '--disable-warning=DeprecationWarning'],
      // nothing of our environment is the child's business
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const exited = new Promise<void>((resolve) => {
      const onEnd = (why: string): void => {
        if (running?.child === child) running = undefined
        const failed = [...pending.values()]
        pending.clear()
        for (const command of failed)
          command.reject(new RelayError('renderer-timeout', 'The TV could not be reached: casting was interrupted. Try again.'))
        if (failed.length > 0) log.warn('the casting process has ended', { why, commands: failed.length })
        resolve()
      }
      child.once('exit', (code, by) => onEnd(by ?? `code ${code}`))
      child.once('error', (error) => onEnd(error.message))
    })
    child.on('message', (message) => {
      const answer = parseAnswer(message)
      if (answer === undefined) return log.warn('the casting process said something unreadable')
      pending.get(answer.id)?.resolve(answer)
    })
    running = { child, exited }
    return running
  }

  const end = async (): Promise<void> => {
    idle?.[Symbol.dispose]()
    const ending = running
    running = undefined
    if (ending === undefined) return
    ending.child.kill('SIGTERM')
    using _kill = clock.after(KILL_AFTER_MS, () => ending.child.kill('SIGKILL'))
    await ending.exited
  }
  const endAlone = (): void => {
    end().catch((error: unknown) => log.error('the casting process does not end', { error }))
  }
  const rest = (): void => {
    idle?.[Symbol.dispose]()
    idle = pending.size > 0 || running === undefined ? undefined : clock.after(IDLE_MS, endAlone)
  }

  return {
    async call(command, signal) {
      signal.throwIfAborted()
      if (disposed) throw new RelayError('renderer-timeout', 'Casting has ended: the relay is stopping')
      if (pending.size >= MAX_PENDING) throw new RelayError('renderer-timeout', 'Too many commands to TVs are under way. Try again later.')
      const { child } = running ?? start()
      lastId += 1
      const id = lastId
      const waiting = Promise.withResolvers<CastAnswer>()
      pending.set(id, waiting)
      const onAbort = (): void => waiting.reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      using _deadline = clock.after(COMMAND_DEADLINE_MS, () => {
        waiting.reject(new RelayError('renderer-timeout', `The TV did not answer ${command.action} within ${COMMAND_DEADLINE_MS / 1000} s`))
        endAlone()
      })
      try {
        idle?.[Symbol.dispose]()
        child.send({ id, ...command } satisfies CastCommand, (error) => {
          if (error !== null) waiting.reject(new RelayError('renderer-timeout', 'The casting process does not listen', { cause: error }))
        })
        return await waiting.promise
      } finally {
        signal.removeEventListener('abort', onAbort)
        pending.delete(id)
        rest()
      }
    },
    get pid() {
      return running?.child.pid
    },
    async [Symbol.asyncDispose]() {
      disposed = true
      await end()
    },
  }
}
