/**
 * HTTP viewers of one channel: what they cost the relay, and what they cost nginx, at the same time and so under the same conditions. The
 * viewers are this process, which reads and forgets.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSeconds, residentBytes } from './process-cpu.ts'

/** Viewers have their first burst behind them. */
const SETTLE_MS = 3_000
export const MEASURE_MS = 14_000
/** A quarter of a second of the channel; one for all. */
const READ_BUFFER_BYTES = 256 * 1024

export interface Server {
  readonly url: string
  readonly pid: number
}

export interface ViewerLoad {
  readonly viewers: number
  /** Of one core. */
  readonly cpu: number
  readonly rss: number
  /** That one viewer got, bit/s; 0 without viewers. */
  readonly rate: number
}

export interface Viewers extends Disposable {
  readonly bytes: number
}

/** Opens viewers, each a connection of its own. */
export function openViewers(url: string, count: number): Viewers {
  const { hostname, port, pathname } = new URL(url)
  const buffer = Buffer.alloc(READ_BUFFER_BYTES)
  let bytes = 0
  const onread = {
    buffer,
    callback(length: number) {
      bytes += length
      return true
    },
  }
  const sockets = Array.from({ length: count }, (): Socket => {
    const socket = connect({ host: hostname, port: Number(port), onread })
    socket.on('error', () => {}) // then it reads nothing, and the rate shows it
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`)
    return socket
  })
  return {
    get bytes() {
      return bytes
    },
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Opens `count` viewers of each server, measures what the servers do meanwhile, and closes them. */
export async function measureViewers(servers: readonly Server[], count: number, signal: AbortSignal): Promise<ViewerLoad[]> {
  using opened = new DisposableStack()
  const watched = servers.map((server) => ({ server, viewers: opened.use(openViewers(server.url, count)) }))
  await sleep(SETTLE_MS, undefined, { signal })
  const began = watched.map(({ server, viewers }) => ({ cpu: cpuSeconds(server.pid), bytes: viewers.bytes }))
  const at = performance.now()
  await sleep(MEASURE_MS, undefined, { signal })
  const seconds = (performance.now() - at) / 1000
  return watched.map(({ server, viewers }, index) => ({
    viewers: count,
    cpu: (cpuSeconds(server.pid) - (began[index]?.cpu ?? 0)) / seconds,
    rss: residentBytes(server.pid),
    rate: ((viewers.bytes - (began[index]?.bytes ?? 0)) * 8) / seconds / Math.max(count, 1),
  }))
}
