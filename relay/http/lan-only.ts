/** Who may ask at all: the LAN, by a name of ours, and no other site's page. Every request passes here, before any route. */
import type { RequestHandler } from 'express'
import type { IncomingMessage } from 'node:http'
import { RelayError } from '../errors.ts'
import type { Log } from '../log.ts'
import { hostName, type Interfaces, isAtHome, isOurHost } from './addresses.ts'

export interface LanOnlyOptions {
  readonly interfaces: Interfaces
  /** Names besides addresses, `localhost` and `*.local`: the machine's, and configured ones. */
  readonly names: readonly string[]
}

/** Bodies are small JSON or SOAP documents. */
export const MAX_BODY_BYTES = 64 * 1024

const READS = new Set(['GET', 'HEAD', 'OPTIONS'])

export const isRead = (request: IncomingMessage): boolean => READS.has(request.method ?? '')

/** Refuses sources outside the LAN, and Host headers that are not ours (DNS rebinding). HTTP/1.0 may come without one. */
export const lanOnly =
  (options: LanOnlyOptions, log: Log): RequestHandler =>
  (request, _response, next) => {
    const from = request.socket.remoteAddress ?? ''
    if (!isAtHome(from, options.interfaces)) {
      log.warn('refused a request from outside the LAN', { from })
      throw new RelayError('request-forbidden', `${from} is not on this relay's network; it answers the LAN only`)
    }
    const host = request.headers.host
    if (host !== undefined && !isOurHost(host, { ...options, localAddress: request.socket.localAddress })) {
      log.warn('refused a request for a host name that is not ours; a reverse proxy needs its name in http.names', { host })
      throw new RelayError(
        'request-forbidden',
        `"${host}" is not a name of this relay; use its IP address, localhost, or its name ending in .local`,
      )
    }
    next()
  }

const sameOrigin = (origin: string, host: string | undefined): boolean => {
  const url = URL.parse(origin)
  return url !== null && host !== undefined && url.host === host.toLowerCase() && hostName(host) !== undefined
}

/** Refuses whatever changes something on behalf of another site's page. Programs send neither header. */
export const sameSiteWrites: RequestHandler = (request, _response, next) => {
  if (isRead(request)) return next()
  const { origin, host } = request.headers
  const site = request.headers['sec-fetch-site']
  if ((origin !== undefined && !sameOrigin(origin, host)) || (site !== undefined && site !== 'same-origin' && site !== 'none')) {
    throw new RelayError(
      'request-forbidden',
      `a page of ${origin ?? 'another site'} may not change anything here; use the relay's own page`,
    )
  }
  next()
}

/** Refuses by what is announced, before a byte of the body is read: a parser would wait for its end. */
export const smallBodies: RequestHandler = (request, _response, next) => {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > MAX_BODY_BYTES) {
    throw new RelayError('request-too-large', `the body has ${announced} bytes; at most ${MAX_BODY_BYTES} are taken`)
  }
  next()
}
