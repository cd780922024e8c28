/** What a process and its threads have used, from outside: proc(5). */
import { readdirSync, readFileSync } from 'node:fs'

const NS_PER_SECOND = 1e9
/** Kernel ticks a second, as on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** Where the kernel counts in nanoseconds (schedstat), by thread. */
function exactSeconds(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'))
    return threads.reduce((sum, stat) => sum + Number(stat.split(' ')[0]), 0) / NS_PER_SECOND
  } catch {
    return undefined // not in this kernel
  }
}

/** CPU seconds, user and system, of a process and the threads it has; its children have their own. */
export function cpuSeconds(pid: number): number {
  const exact = exactSeconds(pid)
  if (exact !== undefined) return exact
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // the name in brackets may hold blanks; utime and stime are the 14th and 15th field
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Resident bytes. */
export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(match?.[1] ?? 0) * 1024
}
