/**
 * The demo network's processes: commands of the relay, started like anybody starts them. They end with us; where we are killed, the kernel
 * ends them (setpriv, where there is one), and what is left all the same is ended by the next start, by pid and start time.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../relay/main.ts', import.meta.url))
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path))
const READY_DEADLINE_MS = 60_000
const STOP_DEADLINE_MS = 10_000
/** What a child said last, for the error when it does not start. */
const LAST_LINES = 3

/** Start time in clock ticks since boot, the 22nd field of proc(5) stat: with the pid it names one process for ever. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined // no such process, or no procfs: then nothing is ended
  }
}

export interface Child {
  readonly name: string
  readonly ready: Readonly<Record<string, unknown>>
}

export interface Children extends AsyncDisposable {
  /** Starts a command with --json and resolves when it says that it is ready. */
  start(name: string, args: readonly string[]): Promise<Child>
}

/** @param list file that names what runs, for the next start */
export function demoChildren(list: string, say: (line: string) => void): Children {
  endLeftovers(list)
  const running = new Map<string, ChildProcess>()
  let stopping = false

  const remember = (): void => {
    const pids = [...running.values()].flatMap(({ pid }) => (pid === undefined ? [] : [{ pid, started: startTime(pid) }]))
    writeFileSync(list, JSON.stringify(pids))
  }
  const start = async (name: string, args: readonly string[]): Promise<Child> => {
    const command = [process.execPath, MAIN, ...args, '--json', '--log-level', 'warn']
    const [program = '', ...rest] = SETPRIV === undefined ? command : [SETPRIV, '--pdeathsig', 'TERM', ...command]
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    running.set(name, child)
    remember()
    const last: string[] = []
    if (child.stderr !== null)
      createInterface({ input: child.stderr }).on('line', (line) => {
        last.push(line)
        if (last.length > LAST_LINES) last.shift()
      })
    child.on('close', (code, signal) => {
      running.delete(name)
      if (!stopping) say(`the demo's ${name} has ended (${signal ?? `exit code ${code}`}): ${last.join(' ')}`)
    })
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`the demo's ${name} was not ready in ${READY_DEADLINE_MS / 1000} s: ${last.join(' ')}`)),
        READY_DEADLINE_MS,
      )
      const settled = (): void => clearTimeout(late)
      child.on('error', (error) => {
        settled()
        reject(error)
      })
      child.on('close', () => {
        settled()
        reject(new Error(`the demo's ${name} did not start: ${last.join(' ')}`))
      })
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (!line.includes('"event":"ready"')) return
        settled()
        resolve({ name, ready: JSON.parse(line) as Record<string, unknown> })
      })
    })
  }
  const stop = async (): Promise<void> => {
    stopping = true
    await Promise.all(
      [...running.values()].map(async (child) => {
        const ended = new Promise((resolve) => child.once('close', resolve))
        child.kill('SIGTERM')
        const late = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS)
        await ended
        clearTimeout(late)
      }),
    )
    remember()
  }
  return { start, [Symbol.asyncDispose]: stop }
}

function endLeftovers(list: string): void {
  if (!existsSync(list)) return
  for (const { pid, started } of JSON.parse(readFileSync(list, 'utf8')) as { pid: number; started?: string }[])
    if (started !== undefined && startTime(pid) === started) process.kill(pid, 'SIGTERM')
}
