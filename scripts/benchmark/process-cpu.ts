/** What a process and its threads have used, from outside: proc(5). */
import { readFileSync } from 'node:fs'

/** Kernel ticks a second, as on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** CPU seconds, user and system, of a process; its children have their own. */
export function cpuSeconds(pid: number): number {
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
