/**
 * Eventing (UDA 1.0 §4). Owns the subscriptions: who may have one, how long, and that nobody makes us call a third party
 * (CallStranger, CVE-2020-12695): the callback's address is the requester's own.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import { plainAddress } from './addresses.ts'
import { startDelivery, type Delivery } from './gena-delivery.ts'
import type { Service } from './service.ts'

export interface Eventing extends Disposable {
  /** Answers SUBSCRIBE and UNSUBSCRIBE. */
  handle(service: Service, request: IncomingMessage, response: ServerResponse): void
  /** Tells the subscribers of a service that the state of `parts` (container ids) is new. */
  changed(service: Service, parts: readonly string[]): void
  readonly count: number
}

/** A house has some ten control points, each with up to three subscriptions. */
const MAX_SUBSCRIPTIONS = 100
const MAX_SUBSCRIPTIONS_PER_ADDRESS = 12
/** UDA's own recommendation; never infinite. */
const MAX_TIMEOUT_S = 1800
const MIN_TIMEOUT_S = 60
const MAX_CALLBACK_CHARS = 512
const SWEEP_MS = 30_000

interface Subscription {
  readonly sid: string
  readonly service: Service
  readonly address: string
  readonly callback: string
  readonly delivery: Delivery
  expires: number
}

/** The first callback that leads back to the requester; undefined when there is none. */
export function callbackOf(header: string | undefined, requester: string): URL | undefined {
  if (header === undefined || header.length > MAX_CALLBACK_CHARS) return undefined
  for (const [, text = ''] of header.matchAll(/<([^<>\s]+)>/g)) {
    const url = URL.parse(text)
    if (url === null || url.protocol !== 'http:' || url.username !== '' || url.password !== '') continue
    if (url.hostname.replace(/^\[|\]$/g, '') === plainAddress(requester)) return url
  }
  return undefined
}

/** `Second-300`, `Second-infinite` or nothing, to seconds that we are ready to keep. */
export function grantedTimeout(header: string | undefined): number {
  const [, seconds] = /^second-(\d{1,10})$/i.exec(header?.trim() ?? '') ?? []
  return seconds === undefined ? MAX_TIMEOUT_S : Math.min(Math.max(Number(seconds), MIN_TIMEOUT_S), MAX_TIMEOUT_S)
}

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)

export function createEventing(
  deps: { readonly clock: Clock; readonly random: Random; readonly log: Log },
  options: { readonly server: string },
): Eventing {
  const { clock, random, log } = deps
  const subscriptions = new Map<string, Subscription>()

  const drop = (subscription: Subscription): void => {
    subscription.delivery[Symbol.dispose]()
    subscriptions.delete(subscription.sid)
  }
  const sweep = (): void => {
    for (const subscription of subscriptions.values()) if (subscription.expires <= clock.monotonic()) drop(subscription)
  }
  const sweeping = clock.every(SWEEP_MS, sweep)

  const newSid = (): string => {
    const hex = Buffer.from(random.bytes(16)).toString('hex')
    return `uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }
  const refuse = (response: ServerResponse, status: 400 | 412 | 503): void => {
    response.writeHead(status, { 'Content-Length': '0' }).end()
  }
  const grant = (response: ServerResponse, subscription: Subscription, seconds: number, then: () => void): void => {
    subscription.expires = clock.monotonic() + seconds * 1000
    response
      .writeHead(200, { SID: subscription.sid, TIMEOUT: `Second-${seconds}`, Server: options.server, 'Content-Length': '0' })
      .end(then)
  }

  /** A TV that rebooted subscribes anew: its old subscriptions make room. */
  const makeRoom = (service: Service, address: string, callback: string): boolean => {
    sweep()
    const own = [...subscriptions.values()].filter((subscription) => subscription.address === address)
    for (const old of own) if (old.service === service && old.callback === callback) drop(old)
    const left = own.filter(({ sid }) => subscriptions.has(sid))
    const oldest = left[0]
    if (left.length >= MAX_SUBSCRIPTIONS_PER_ADDRESS && oldest !== undefined) drop(oldest)
    return subscriptions.size < MAX_SUBSCRIPTIONS
  }

  const subscribe = (service: Service, request: IncomingMessage, response: ServerResponse): void => {
    const { nt, callback, sid, timeout } = request.headers
    const address = plainAddress(request.socket.remoteAddress ?? '')
    const seconds = grantedTimeout(single(timeout))
    if (sid !== undefined) {
      if (nt !== undefined || callback !== undefined) return refuse(response, 400)
      const known = subscriptions.get(single(sid) ?? '')
      if (known === undefined || known.service !== service || known.address !== address) return refuse(response, 412)
      return grant(response, known, seconds, () => {})
    }
    const url = callbackOf(single(callback), address)
    if (single(nt) !== 'upnp:event' || url === undefined) {
      log.debug('refused a subscription', { address, callback: single(callback) })
      return refuse(response, 412)
    }
    if (!makeRoom(service, address, url.href)) return refuse(response, 503)
    const name = newSid()
    const subscription: Subscription = {
      sid: name,
      service,
      address,
      callback: url.href,
      expires: 0,
      delivery: startDelivery({ clock, log }, { url, sid: name, service, onDead: () => drop(subscription) }),
    }
    subscriptions.set(name, subscription)
    // UDA §4.1.2: the first event follows the answer, never overtakes it
    grant(response, subscription, seconds, () => subscription.delivery.first())
  }

  const unsubscribe = (service: Service, request: IncomingMessage, response: ServerResponse): void => {
    const { nt, callback, sid } = request.headers
    if (nt !== undefined || callback !== undefined) return refuse(response, 400)
    const known = subscriptions.get(single(sid) ?? '')
    if (known === undefined || known.service !== service || known.address !== plainAddress(request.socket.remoteAddress ?? '')) {
      return refuse(response, 412)
    }
    drop(known)
    response.writeHead(200, { 'Content-Length': '0' }).end()
  }

  return {
    handle: (service, request, response) => (request.method === 'SUBSCRIBE' ? subscribe : unsubscribe)(service, request, response),
    changed(service, parts) {
      for (const subscription of subscriptions.values()) if (subscription.service === service) subscription.delivery.changed(parts)
    },
    get count() {
      return subscriptions.size
    },
    [Symbol.dispose]() {
      sweeping[Symbol.dispose]()
      for (const subscription of subscriptions.values()) drop(subscription)
    },
  }
}
