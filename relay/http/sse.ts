/** Server-sent events as a transport: a bounded set of clients, each kept alive, each closed when it does not keep up. */
import type { ServerResponse } from 'node:http'
import type { Clock } from '../clock.ts'
import { RelayError } from '../errors.ts'

/** A page in each room of a large house, and a few programs. */
export const MAX_EVENT_CLIENTS = 64
/** What may wait for one client before it counts as gone; a full set of lists is some 100 KiB. */
const MAX_BACKLOG_BYTES = 1024 * 1024
/** Routers forget a silent connection after a minute or so. */
const HEARTBEAT_MS = 15_000
/** How long a browser waits before it connects again. */
const RECONNECT_MS = 2_000

export interface SseClients extends Disposable {
  /** @throws RelayError too-many-requests */
  add(response: ServerResponse): void
  /** One event to all clients; `data` is a single line. */
  broadcast(event: string, data: string): void
  send(response: ServerResponse, event: string, data: string): void
  readonly size: number
}

export function sseClients(clock: Clock): SseClients {
  const clients = new Set<ServerResponse>()

  const write = (response: ServerResponse, text: string): void => {
    if (response.writableLength > MAX_BACKLOG_BYTES) response.destroy()
    else if (!response.destroyed) response.write(text)
  }
  const heartbeat = clock.every(HEARTBEAT_MS, () => {
    for (const client of clients) write(client, ':\n\n')
  })
  const frame = (event: string, data: string): string => `event: ${event}\ndata: ${data}\n\n`

  return {
    add(response) {
      if (clients.size >= MAX_EVENT_CLIENTS)
        throw new RelayError('too-many-requests', `${MAX_EVENT_CLIENTS} clients listen already; close one of them`)
      clients.add(response)
      response.once('close', () => clients.delete(response))
      response.shouldKeepAlive = false // when it ends, it is because the relay stops
      response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store' })
      response.write(`retry: ${RECONNECT_MS}\n\n`)
    },
    broadcast(event, data) {
      const text = frame(event, data)
      for (const client of clients) write(client, text)
    },
    send: (response, event, data) => write(response, frame(event, data)),
    get size() {
      return clients.size
    },
    [Symbol.dispose]() {
      heartbeat[Symbol.dispose]()
      for (const client of clients) client.end()
      clients.clear()
    },
  }
}
