import { spawn } from 'node:child_process'
import { createStderrTail } from './stderr-tail.ts'

/** What a version or a trial says is short. */
const MAX_STDOUT_CHARS = 64 * 1024

export type ShortRun =
  | { readonly kind: 'ended'; readonly code: number | null; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'unable'; readonly reason: string }
  | { readonly kind: 'late' }

/** Runs a tool that should end by itself, and kills it when it does not. Throws only what the signal says. */
export async function runShort(path: string, args: readonly string[], deadlineMs: number, signal: AbortSignal): Promise<ShortRun> {
  signal.throwIfAborted()
  const deadline = AbortSignal.timeout(deadlineMs)
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], signal: AbortSignal.any([signal, deadline]), killSignal: 'SIGKILL' })
  const tail = createStderrTail()
  let stdout = ''
  child.stderr.on('data', (text) => tail.push(String(text)))
  child.stdout.on('data', (text) => {
    if (stdout.length < MAX_STDOUT_CHARS) stdout += String(text)
  })
  const run = await new Promise<ShortRun>((resolve) => {
    let failure: string | undefined
    child.once('error', (error: NodeJS.ErrnoException) => {
      failure = error.code ?? error.message
      if (child.pid === undefined) resolve({ kind: 'unable', reason: failure })
    })
    child.once('close', (code) => resolve(deadline.aborted ? { kind: 'late' } : { kind: 'ended', code, stdout, stderr: tail.text() }))
  })
  signal.throwIfAborted()
  return run
}
