/** HTTP viewers of one channel: what they cost the process that serves them. The viewers are this process, which reads and forgets. */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSeconds, residentBytes } from './process-cpu.ts'

/** Viewers have their first burst behind them. */
const SETTLE_MS = 3_000
/** Long enough that a tick of 10 ms is nothing. */
const MEASURE_MS = 12_000
/** A quarter of a second of the channel; one for all. */
const READ_BUFFER_BYTES = 256 * 1024

export interface ViewerLoad {
  readonly viewers: number
  /** CPU seconds a second. */
  readonly cpu: number
  readonly rss: number
  /** That one viewer got. */
  readonly bitsPerSecond: number
}

export interface Viewers extends Disposable {
  readonly bytes: number
}

/** Opens viewers, each a connection of its own. */
export function openViewers(url: string, count: number): Viewers {
  const { hostname, port, pathname } = new URL(url)
  const buffer = Buffer.alloc(READ_BUFFER_BYTES)
  let bytes = 0
  const sockets: Socket[] = []
  for (let viewer = 0; viewer < count; viewer += 1) {
    const onread = {
      buffer,
      callback(length: number) {
        bytes += length
        return true
      },
    }
    const socket = connect({ host: hostname, port: Number(port), onread })
    socket.on('error', () => {}) // then it reads nothing, and the rate shows it
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`)
    sockets.push(socket)
  }
  return {
    get bytes() {
      return bytes
    },
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Opens `count` viewers, measures what the process does meanwhile, and closes them. */
export async function measureViewers(url: string, pid: number, count: number): Promise<ViewerLoad> {
  using viewers = openViewers(url, count)
  await sleep(SETTLE_MS)
  const began = { cpu: cpuSeconds(pid), bytes: viewers.bytes, at: performance.now() }
  await sleep(MEASURE_MS)
  const seconds = (performance.now() - began.at) / 1000
  return {
    viewers: count,
    cpu: (cpuSeconds(pid) - began.cpu) / seconds,
    rss: residentBytes(pid),
    bitsPerSecond: ((viewers.bytes - began.bytes) * 8) / seconds / Math.max(count, 1),
  }
}
