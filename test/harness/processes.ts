/** Runs the relay's own commands as child processes, as people do, and ends each of them by its pid. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const MAIN = new URL('../../relay/main.ts', import.meta.url).pathname
/** As scripts/start has it: a process is ready a second sooner. */
const COMPILED = new URL('../../.cache/compiled/', import.meta.url).pathname
/** On a busy two-core machine a process of the relay needs a second or two to be ready. */
const READY_DEADLINE_MS = 60_000
const STOP_DEADLINE_MS = 20_000
const MAX_STDERR_CHARS = 200_000

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running extends AsyncDisposable {
  readonly pid: number
  /** The line of JSON that said it was ready. */
  readonly ready: Readonly<Record<string, unknown>>
  stderr(): string
  readonly ended: Promise<Ended>
  /** SIGTERM, and its end. */
  stop(): Promise<Ended>
  /** SIGKILL, and its end: a power cut. */
  kill(): Promise<Ended>
}

/** Puts a command line somewhere else, such as into a network namespace. */
export type Inside = (command: readonly string[]) => readonly [file: string, args: string[]]
const here: Inside = ([file = '', ...args]) => [file, args]

function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  inside: Inside,
): { child: ChildProcess; ended: Promise<Ended>; out: { stdout: string; stderr: string } } {
  const [file, command] = inside([process.execPath, MAIN, ...args])
  const child = spawn(file, command, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_COMPILE_CACHE: COMPILED, ...env } })
  const out = { stdout: '', stderr: '' }
  child.stdout?.on('data', (piece: Buffer) => (out.stdout += piece.toString()))
  child.stderr?.on('data', (piece: Buffer) => (out.stderr = (out.stderr + piece.toString()).slice(-MAX_STDERR_CHARS)))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, ...out }))
  })
  return { child, ended, out }
}

/** Runs a command to its end. */
export async function runToEnd(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return start(args, env, here).ended
}

/** Starts a command with --json and resolves once it says that it is ready. */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}, inside: Inside = here): Promise<Running> {
  const { child, ended, out } = start([...args, '--json'], env, inside)
  const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const deadline = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`${args.join(' ')} was not ready in time; it said:\n${out.stderr}`))
    }, READY_DEADLINE_MS)
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (!line.includes('"event":"ready"')) return
        clearTimeout(deadline)
        resolve(JSON.parse(line) as Record<string, unknown>)
      })
    ended.then(({ code, stderr }) => {
      clearTimeout(deadline)
      reject(new Error(`${args.join(' ')} ended with ${code} before it was ready; it said:\n${stderr}`))
    }, reject)
  })
  const end = async (signal: NodeJS.Signals): Promise<Ended> => {
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS)
    try {
      return await ended
    } finally {
      clearTimeout(late)
    }
  }
  return {
    pid: child.pid ?? -1,
    ready,
    stderr: () => out.stderr,
    ended,
    stop: async () => end('SIGTERM'),
    kill: async () => end('SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      await end('SIGTERM')
    },
  }
}

/** A folder of the test's own. */
export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'tributary-test-'))
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}
