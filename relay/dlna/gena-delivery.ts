/**
 * The events of one subscriber, one at a time and in order. Owns the sequence number, the changes that wait, and the count of
 * failures. What waits is a set of names: values are taken when they are sent, so nothing queues up.
 */
import { request } from 'node:http'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Service } from './service.ts'
import { escapeXml, XML_DECLARATION } from './xml.ts'

export interface Delivery extends Disposable {
  /** Sends the whole state, SEQ 0. */
  first(): void
  changed(parts: readonly string[]): void
}

export interface DeliveryOptions {
  readonly url: URL
  readonly sid: string
  readonly service: Service
  /** The subscriber does not answer any more. */
  readonly onDead: () => void
}

/** CDS §2.5.20 asks for at most one SystemUpdateID in 2 s. The first change after a quiet time goes out at once. */
const MODERATION_MS = 2000
/** UDA gives a subscriber 30 s; a TV that needs more than this is asleep. */
const DELIVERY_DEADLINE_MS = 5000
/** In a row. */
const MAX_FAILURES = 3
/** UDA §4.2: after the largest ui4 comes 1; 0 marks the first event. */
const LAST_SEQUENCE = 0xffff_ffff

export const propertySet = (values: readonly (readonly [name: string, value: string])[]): string =>
  `${XML_DECLARATION}<e:propertyset xmlns:e="urn:schemas-upnp-org:event-1-0">` +
  values.map(([name, value]) => `<e:property><${name}>${escapeXml(value)}</${name}></e:property>`).join('') +
  '</e:propertyset>'

export function startDelivery(deps: { readonly clock: Clock; readonly log: Log }, options: DeliveryOptions): Delivery {
  const { clock, log } = deps
  const { url, sid, service, onDead } = options
  const lifetime = new AbortController()
  const waiting = new Set<string>()
  let state: 'new' | 'quiet' | 'sending' | 'moderated' = 'new'
  let sequence = 0
  let failures = 0
  let moderation: Disposable | undefined

  const send = (body: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const bytes = Buffer.from(body)
      const outgoing = request(url, {
        method: 'NOTIFY',
        agent: false, // renderers on libupnp close kept-alive sockets without a word
        signal: lifetime.signal,
        headers: {
          HOST: url.host,
          'CONTENT-TYPE': 'text/xml; charset="utf-8"',
          'CONTENT-LENGTH': bytes.length,
          NT: 'upnp:event',
          NTS: 'upnp:propchange',
          SID: sid,
          SEQ: sequence,
          CONNECTION: 'close',
        },
      })
      const deadline = clock.after(DELIVERY_DEADLINE_MS, () => outgoing.destroy(new Error('no answer to an event')))
      outgoing
        .on('response', (response) => {
          deadline[Symbol.dispose]()
          response.on('error', () => {}).destroy()
          resolve(response.statusCode ?? 0)
        })
        .on('error', (error) => {
          deadline[Symbol.dispose]()
          reject(error)
        })
        .end(bytes)
    })

  const deliver = async (parts: ReadonlySet<string> | undefined): Promise<void> => {
    state = 'sending'
    try {
      const status = await send(propertySet(service.state(parts)))
      // 412: it does not know this subscription any more
      failures = status >= 200 && status < 300 ? 0 : status === 412 ? MAX_FAILURES : failures + 1
    } catch (error) {
      failures += 1
      log.debug('an event did not arrive', { to: url.host, error: messageOf(error) })
    }
    if (lifetime.signal.aborted) return
    sequence = sequence === LAST_SEQUENCE ? 1 : sequence + 1
    if (failures >= MAX_FAILURES) return onDead()
    state = 'moderated'
    moderation = clock.after(MODERATION_MS, () => {
      state = 'quiet'
      flush()
    })
  }
  const start = (parts: ReadonlySet<string> | undefined): void => {
    deliver(parts).catch((error: unknown) => log.error('event delivery failed', { error: messageOf(error) }))
  }
  const flush = (): void => {
    if (state !== 'quiet' || waiting.size === 0) return
    const parts = new Set(waiting)
    waiting.clear()
    start(parts)
  }

  return {
    first: () => {
      if (state === 'new' && !lifetime.signal.aborted) start(undefined)
    },
    changed(parts) {
      for (const part of parts) waiting.add(part)
      flush()
    },
    [Symbol.dispose]() {
      moderation?.[Symbol.dispose]()
      lifetime.abort()
    },
  }
}
