import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'
import { plainAddress } from './addresses.ts'

/** `http://host:port` as this client reached us: by its Host header, which has been checked to be ours, or by where it connected. */
export function baseUrlOf(request: IncomingMessage): string {
  const { host } = request.headers
  if (host !== undefined && host !== '') return `http://${host}`
  const address = plainAddress(request.socket.localAddress ?? '127.0.0.1')
  return `http://${isIPv6(address) ? `[${address}]` : address}:${request.socket.localPort ?? 80}`
}
