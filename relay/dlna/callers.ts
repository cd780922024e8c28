/**
 * Who is asking: may they, by which name did they call us, and what kind of TV are they. Owns what was learnt about addresses, since
 * a TV's player often does not send the header that its control point sends.
 */
import type { IncomingMessage } from 'node:http'
import { isLanAddress, plainAddress, urlHost } from './addresses.ts'
import { GENERIC, quirkOfHeaders, type Quirk, type TsMime } from './quirks.ts'

export interface Callers {
  /** Why the request is refused, or undefined. */
  refusal(request: IncomingMessage): string | undefined
  quirk(request: IncomingMessage): Quirk
  /** `http://host:port` of ours on the interface through which the request came. */
  origin(request: IncomingMessage): string
  /** The type that a running cast has promised to this address. */
  castMime(address: string): TsMime | undefined
  learn(address: string, quirk: Quirk): void
  promise(address: string, mime: TsMime | undefined): void
}

export interface CallerOptions {
  readonly httpPort: number
  /** Names by which the house may call us, lower case, without port. */
  readonly names: readonly string[]
  /** Our addresses, as they are now. */
  addresses(): readonly string[]
}

/** More TVs than any house has. */
const MAX_REMEMBERED = 64

/** The host of a Host header, lower case, without port and brackets. Undefined for what is no host. */
export function hostName(header: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.%]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header.trim()) ?? []
  return (bracketed ?? plain)?.toLowerCase().replace(/\.$/, '')
}

function remember<Value>(memory: Map<string, Value>, address: string, value: Value): void {
  memory.delete(address)
  memory.set(address, value)
  const oldest = memory.keys().next().value
  if (memory.size > MAX_REMEMBERED && oldest !== undefined) memory.delete(oldest)
}

export function createCallers(options: CallerOptions): Callers {
  const quirks = new Map<string, Quirk>()
  const promises = new Map<string, TsMime>()
  const names = new Set(['localhost', ...options.names.map((name) => name.toLowerCase())])
  const remote = (request: IncomingMessage): string => plainAddress(request.socket.remoteAddress ?? '')
  const local = (request: IncomingMessage): string => plainAddress(request.socket.localAddress ?? '127.0.0.1')

  return {
    refusal(request) {
      if (!isLanAddress(remote(request))) return 'not from the LAN'
      const { host } = request.headers
      // HTTP/1.0 players send none, browsers always do: it is their names that DNS rebinding abuses (CVE-2022-26505)
      if (host === undefined) return undefined
      const name = hostName(host)
      if (name === undefined) return 'a Host that is none'
      if (names.has(name) || name === local(request) || options.addresses().includes(name)) return undefined
      return 'a Host that is not ours'
    },
    quirk(request) {
      const address = remote(request)
      const seen = quirkOfHeaders(request.headers)
      // several programs share loopback: what one is says nothing of the next
      if (seen !== undefined && !address.startsWith('127.')) remember(quirks, address, seen)
      return seen ?? quirks.get(address) ?? GENERIC
    },
    origin: (request) => `http://${urlHost(local(request))}:${options.httpPort}`,
    castMime: (address) => promises.get(plainAddress(address)),
    learn: (address, quirk) => remember(quirks, address, quirk),
    promise(address, mime) {
      if (mime === undefined) promises.delete(address)
      else remember(promises, address, mime)
    },
  }
}
