/** The socket side: a server that listens when this resolves, and that stops within a deadline. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../clock.ts'
import { RelayError } from '../errors.ts'
import type { Log } from '../log.ts'

/** A request's head and body are small and local. */
const REQUEST_TIMEOUT_MS = 30_000
const HEADERS_TIMEOUT_MS = 10_000
const MAX_HEADER_BYTES = 16 * 1024
/** Viewers, pages with six connections each, TVs that hold theirs; beyond, the accept queue waits. */
const MAX_CONNECTIONS = 512

export interface Listening {
  readonly server: Server
  readonly port: number
}

const refusals: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

function explain(error: NodeJS.ErrnoException, host: string | undefined, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    const message = `HTTP port ${port} is in use by another program; stop that one, or choose another port with --http-port (0: any free one)`
    return new RelayError('port-in-use', message, { cause: error })
  }
  if (error.code === 'EACCES') {
    const message = `HTTP port ${port} may not be used by this user; choose one above 1023 with --http-port`
    return new RelayError('config-invalid', message, { cause: error })
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new RelayError('config-invalid', `http.host is "${host}", which is no address of this machine; leave it out to listen on all`, {
      cause: error,
    })
  }
  return error
}

/** @throws RelayError port-in-use, config-invalid */
export function listen(handler: RequestListener, host: string | undefined, port: number, log: Log): Promise<Listening> {
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS, maxHeaderSize: MAX_HEADER_BYTES },
    handler,
  )
  server.maxConnections = MAX_CONNECTIONS
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (socket.writable)
      socket.end(`HTTP/1.1 ${refusals[error.code ?? ''] ?? '400 Bad Request'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    else socket.destroy()
  })
  return new Promise((resolve, reject) => {
    const refused = (error: Error): void => reject(explain(error, host, port))
    server.once('error', refused)
    server.listen({ port, host }, () => {
      // From here on an error is one connection that could not be taken, as when the process has too many files open.
      server.off('error', refused)
      server.on('error', (error) => log.warn('a connection could not be taken', { error: error.message }))
      resolve({ server, port: (server.address() as AddressInfo).port })
    })
  })
}

/** Takes no more, lets what is under way end, and cuts what has not ended after `deadlineMs`. */
export async function stop(server: Server, clock: Clock, deadlineMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  using _deadline = clock.after(deadlineMs, () => server.closeAllConnections())
  server.closeIdleConnections()
  await closed
}
