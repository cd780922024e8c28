import { threadId } from 'node:worker_threads'
import { createServer } from 'node:net'

/** Below the ports that the kernel hands out for connections (32768 and up): a program takes its port only a while after we have looked. */
const FIRST_PORT = 20_000
const PORTS = 10_000
let next = (process.pid + threadId * 97) % PORTS

/** A port that nobody listens on, for a program that cannot choose one itself. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + (next % PORTS)
    next += 1
    const server = createServer()
    const free = await new Promise<boolean>((resolve) => {
      server.on('error', () => resolve(false))
      server.listen(port, () => server.close(() => resolve(true)))
    })
    if (free) return port
  }
}
