/**
 * HTTP viewers of one channel: CPU and memory of the relay against nginx sending the same bytes at the same rate from a file in memory.
 * The viewers are one other process that reads and forgets.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSeconds, residentBytes } from './process-cpu.ts'

/** Long enough that a tick of 10 ms is nothing. */
const MEASURE_MS = 20_000
/** Viewers have their first burst behind them. */
const SETTLE_MS = 4_000

export interface ViewerLoad {
  readonly viewers: number
  readonly cpuPerSecond: number
  readonly rss: number
  readonly bitsPerSecond: number
}

/** Opens `count` viewers, measures, and closes them. */
export async function measureViewers(url: string, pid: number, count: number): Promise<ViewerLoad> {
  const agent = new Agent({ maxSockets: Infinity })
  let bytes = 0
  const stop = new AbortController()
  for (let viewer = 0; viewer < count; viewer += 1) {
    get(url, { agent, signal: stop.signal }, (response) =>
      response.on('data', (piece: Buffer) => (bytes += piece.length)).on('error', () => {}),
    ).on(
      'error',
      () => {}, // our own end
    )
  }
  await sleep(SETTLE_MS)
  const began = { cpu: cpuSeconds(pid), bytes, at: performance.now() }
  await sleep(MEASURE_MS)
  const seconds = (performance.now() - began.at) / 1000
  const load = {
    viewers: count,
    cpuPerSecond: (cpuSeconds(pid) - began.cpu) / seconds,
    rss: residentBytes(pid),
    bitsPerSecond: ((bytes - began.bytes) * 8) / seconds,
  }
  stop.abort()
  agent.destroy()
  return load
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

export interface Nginx extends AsyncDisposable {
  readonly url: string
  /** The one worker's. */
  readonly pid: number
}

/** nginx with one worker, which sends a file of zeros at the channel's rate. */
export async function startNginx(folder: string, bitsPerSecond: number): Promise<Nginx> {
  const port = await freePort()
  const root = join(folder, 'nginx')
  mkdirSync(root, { recursive: true })
  const seconds = (MEASURE_MS + SETTLE_MS) / 1000 + 30
  writeFileSync(join(root, 'channel.ts'), Buffer.alloc(Math.ceil((bitsPerSecond / 8) * seconds)))
  const config = join(root, 'nginx.conf')
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${root}/nginx.pid; error_log ${root}/error.log;
events { worker_connections 256; }
http { access_log off; sendfile on; types { video/mp2t ts; } client_body_temp_path ${root}/body; proxy_temp_path ${root}/proxy; fastcgi_temp_path ${root}/fastcgi; uwsgi_temp_path ${root}/uwsgi; scgi_temp_path ${root}/scgi;
  server { listen 127.0.0.1:${port}; root ${root}; limit_rate ${Math.round(bitsPerSecond / 8)}; } }
`,
  )
  const child = spawn('nginx', ['-p', root, '-c', config], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  child.on('error', () => {}) // seen as a server that never answers
  const url = `http://127.0.0.1:${port}/channel.ts`
  for (let attempt = 0; ; attempt += 1) {
    const answered = await fetch(url, { method: 'HEAD' }).then(
      (response) => response.ok,
      () => false,
    )
    if (answered) break
    if (attempt > 50) throw new Error('nginx does not answer: install it (apt-get install nginx-light)')
    await sleep(100)
  }
  return {
    url,
    pid: child.pid ?? -1,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}
