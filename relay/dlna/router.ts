/** Everything under /dlna/, over plain node:http. Reads no cookie and no token, and changes nothing but subscriptions. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../clock.ts'
import { isRelayError, messageOf, type ErrorCode } from '../errors.ts'
import type { Log } from '../log.ts'
import { readBody } from './body.ts'
import type { Callers } from './callers.ts'
import { deviceDescription, ICONS, scpd, type Identity } from './description.ts'
import type { Eventing } from './gena.ts'
import { planMedia, type MediaFacts } from './media-request.ts'
import { routeOf, type Route } from './paths.ts'
import type { DlnaPorts, LiveTarget, MediaHeaders } from './ports.ts'
import type { Service } from './service.ts'
import { answerSoap } from './soap.ts'

export interface RouterDeps {
  readonly ports: DlnaPorts
  readonly callers: Callers
  readonly services: readonly Service[]
  readonly eventing: Eventing
  readonly clock: Clock
  readonly log: Log
}

export interface RouterOptions {
  readonly identity: Identity
  readonly server: string
  readonly profiles: readonly string[]
  /** By file name. */
  readonly icons: ReadonlyMap<string, Uint8Array>
}

/** Resolves to false when the request is not for DLNA; otherwise it is, or will be, answered. Never rejects. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

const XML_TYPE = 'text/xml; charset="utf-8"'
/** What a TV is told when its channel or recording cannot be sent; what stands not here is a bug of ours, 500. */
const MEDIA_REFUSALS: Partial<Record<ErrorCode, 404 | 416 | 503>> = {
  'channel-not-found': 404,
  'profile-not-found': 404,
  'recording-not-found': 404,
  'range-not-satisfiable': 416,
  'channel-off-air': 503,
  'tune-timeout': 503,
  'too-many-requests': 503,
  'ffmpeg-missing': 503,
  'ffmpeg-failed': 503,
}
/** Icons never change under their names. */
const ICON_CACHE = 'public, max-age=86400'

export function createRouter(deps: RouterDeps, options: RouterOptions): Handler {
  const { ports, callers, services, eventing, clock, log } = deps
  const { identity, server, profiles, icons } = options

  /** Bytes with their length; a body goes out with GET and POST only. */
  const send = (
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    headers: MediaHeaders,
    body: Uint8Array | string,
  ): void => {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    response.writeHead(status, { Server: server, ...headers, 'Content-Length': bytes.length })
    response.end(request.method === 'HEAD' ? undefined : bytes)
  }
  const refuse = (request: IncomingMessage, response: ServerResponse, status: number, headers: MediaHeaders = {}): void =>
    send(request, response, status, headers, '')

  const allowed = (request: IncomingMessage, response: ServerResponse, methods: readonly string[]): boolean => {
    if (methods.includes(request.method ?? '')) return true
    refuse(request, response, 405, { Allow: methods.join(', '), Connection: 'close' })
    return false
  }

  const control = async (service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request, clock)
    if (body.kind === 'refused') {
      response.once('finish', () => request.destroy())
      return refuse(request, response, body.status, { Connection: 'close' })
    }
    const { soapaction } = request.headers
    const caller = { quirk: callers.quirk(request), origin: callers.origin(request) }
    const answer = answerSoap(body.text, typeof soapaction === 'string' ? soapaction : undefined, service, caller)
    return send(request, response, answer.status, { 'Content-Type': XML_TYPE, EXT: '' }, answer.body)
  }

  const file = (name: string, request: IncomingMessage, response: ServerResponse): void => {
    const icon = ICONS.find((candidate) => candidate.file === name)
    const bytes = icons.get(name)
    if (icon !== undefined && bytes !== undefined) {
      return send(request, response, 200, { 'Content-Type': icon.mime, 'Cache-Control': ICON_CACHE }, bytes)
    }
    const service = services.find((candidate) => `${candidate.name}.xml` === name)
    if (service === undefined) return refuse(request, response, 404)
    return send(request, response, 200, { 'Content-Type': XML_TYPE }, scpd(service))
  }

  /** The headers to serve with, or undefined when the request has been refused. */
  const admit = (
    facts: Omit<MediaFacts, 'server' | 'mime'>,
    request: IncomingMessage,
    response: ServerResponse,
  ): MediaHeaders | undefined => {
    const quirk = callers.quirk(request)
    const http10 = request.httpVersion === '1.0'
    const mime = callers.castMime(request.socket.remoteAddress ?? '') ?? quirk.tsMime
    const plan = planMedia({ headers: request.headers, http10 }, { ...facts, mime, server }, quirk)
    if (plan.kind === 'refuse') {
      refuse(request, response, plan.status, plan.headers)
      return undefined
    }
    // `TE: chunked` from an HTTP/1.0 client makes Node answer chunked all the same
    if (plan.close || http10) response.useChunkedEncodingByDefault = false
    if (plan.close) response.shouldKeepAlive = false
    return plan.headers
  }

  const live = async (target: LiveTarget, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const channel = ports.channels().find(({ slug }) => slug === target.channel)
    if (channel === undefined || (target.profile !== undefined && !profiles.includes(target.profile))) return refuse(request, response, 404)
    if (channel.air === 'off-air') return refuse(request, response, 503)
    const headers = admit({ live: true, transcoded: target.profile !== undefined }, request, response)
    if (headers === undefined) return undefined
    if (request.method === 'HEAD') {
      // no tuner and no ffmpeg for a question about headers
      response.writeHead(200, headers).end()
      return undefined
    }
    return ports.media.live(target, request, response, headers)
  }

  const recording = async (id: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!ports.recordings().some((known) => known.id === id)) return refuse(request, response, 404)
    const headers = admit({ live: false, transcoded: false }, request, response)
    if (headers === undefined) return undefined
    return ports.media.recording(id, request, response, headers)
  }

  const dispatch = async (route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    switch (route.kind) {
      case 'unknown':
        return refuse(request, response, 404)
      case 'device':
        if (!allowed(request, response, ['GET', 'HEAD'])) return undefined
        return send(request, response, 200, { 'Content-Type': XML_TYPE }, deviceDescription(identity, services, callers.origin(request)))
      case 'file':
        return allowed(request, response, ['GET', 'HEAD']) ? file(route.name, request, response) : undefined
      case 'live':
        return allowed(request, response, ['GET', 'HEAD']) ? live(route.target, request, response) : undefined
      case 'recording':
        return allowed(request, response, ['GET', 'HEAD']) ? recording(route.id, request, response) : undefined
      case 'control':
      case 'events': {
        const service = services.find(({ name }) => name === route.service)
        if (service === undefined) return refuse(request, response, 404)
        if (route.kind === 'control') return allowed(request, response, ['POST']) ? control(service, request, response) : undefined
        return allowed(request, response, ['SUBSCRIBE', 'UNSUBSCRIBE']) ? eventing.handle(service, request, response) : undefined
      }
    }
  }

  const fail = (error: unknown, request: IncomingMessage, response: ServerResponse): void => {
    const refusal = isRelayError(error) ? MEDIA_REFUSALS[error.code] : undefined
    if (refusal === undefined) log.error('a request failed', { path: request.url, error: messageOf(error) })
    else log.info('could not send media', { path: request.url, error: messageOf(error) })
    if (response.headersSent) {
      response.destroy()
      return
    }
    for (const name of response.getHeaderNames()) response.removeHeader(name) // those of the answer that did not come
    refuse(request, response, refusal ?? 500, { Connection: 'close' })
  }

  return async (request, response) => {
    const route = routeOf(request.url ?? '')
    if (route === undefined) return false
    const refusal = callers.refusal(request)
    if (refusal !== undefined) {
      log.warn('refused a request', { why: refusal, from: request.socket.remoteAddress, host: request.headers.host })
      refuse(request, response, 403, { Connection: 'close' })
      return true
    }
    try {
      await dispatch(route, request, response)
    } catch (error) {
      fail(error, request, response)
    }
    return true
  }
}
