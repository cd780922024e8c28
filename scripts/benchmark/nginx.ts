/** nginx with one worker, as what the relay's viewers are measured against. */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const START_ATTEMPTS = 50
const START_PAUSE_MS = 100

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

export interface Nginx extends AsyncDisposable {
  /** A file that is sent at the given rate. */
  readonly url: string
  readonly pid: number
}

/**
 * Serves a file of zeros at a rate, by sendfile.
 *
 * @param seconds how long the file lasts
 */
export async function startNginx(folder: string, bitsPerSecond: number, seconds: number): Promise<Nginx> {
  const port = await freePort()
  const root = join(folder, 'nginx')
  mkdirSync(root, { recursive: true })
  writeFileSync(join(root, 'channel.ts'), Buffer.alloc(Math.ceil((bitsPerSecond / 8) * seconds)))
  const config = join(root, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${root}/${kind};`).join(' ')
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${root}/nginx.pid; error_log ${root}/error.log;
events { worker_connections 256; }
http { access_log off; sendfile on; types { video/mp2t ts; } ${temporary}
  server { listen 127.0.0.1:${port}; root ${root}; limit_rate ${Math.round(bitsPerSecond / 8)}; } }
`,
  )
  const child = spawn('nginx', ['-p', root, '-c', config, '-e', join(root, 'error.log')], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve()).once('error', () => resolve())
  })
  const url = `http://127.0.0.1:${port}/channel.ts`
  for (let attempt = 0; ; attempt += 1) {
    const answered = await fetch(url, { method: 'HEAD' }).then(
      (response) => response.ok,
      () => false,
    )
    if (answered) break
    if (attempt > START_ATTEMPTS) throw new Error('nginx does not answer: install it (apt-get install nginx-light)')
    await sleep(START_PAUSE_MS)
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
