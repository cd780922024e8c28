/**
 * `/api/v1/events`: each event carries one whole resource, at connect and whenever it has changed. This file owns which lists are dirty;
 * changes within COALESCE_MS make one event, and one that changed nothing makes none.
 */
import type { RequestHandler } from 'express'
import type { ServerResponse } from 'node:http'
import { RelayError, messageOf } from '../errors.ts'
import type { EventLoopGauge } from './event-loop.ts'
import type { EventName, HttpPorts } from './ports.ts'
import { EVENT_NAMES } from './schemas.ts'
import { sseClients } from './sse.ts'
import { channelView, recordingView, statusView } from './views.ts'

/** A zap touches the channels several times; the eye does not see more than this. */
const COALESCE_MS = 250
/** Rates change all the time: they are looked at while somebody listens. */
const SWARMS_MS = 1_000
const STATUS_MS = 5_000

export interface Events extends Disposable {
  readonly handler: RequestHandler
  readonly clients: number
}

export function startEvents(ports: HttpPorts, gauge: EventLoopGauge): Events {
  const { clock, log } = ports
  const clients = sseClients(clock)
  const resources: { readonly [Name in EventName]: () => unknown } = {
    channels: () => ports.channels.list().map(channelView),
    recordings: () => ports.recordings.list().map(recordingView),
    renderers: () => ports.renderers.list(),
    swarms: () => ports.swarms(),
    networks: () => ports.networks.list(),
    status: () => statusView(ports, gauge),
  }
  const waiting = new Map<EventName, Disposable>()
  const sent = new Map<EventName, string>()

  const publish = async (name: EventName): Promise<void> => {
    const data = JSON.stringify(await resources[name]())
    if (clients.size === 0 || sent.get(name) === data) return
    sent.set(name, data)
    clients.broadcast(name, data)
  }
  const failed = (name: EventName) => (error: unknown) => log.warn('an event could not be made', { event: name, error: messageOf(error) })

  const changed = (name: EventName): void => {
    if (clients.size === 0 || waiting.has(name)) return
    const timer = clock.after(COALESCE_MS, () => {
      waiting.delete(name)
      publish(name).catch(failed(name))
    })
    waiting.set(name, timer)
  }
  const poll = (name: EventName, ms: number): Disposable =>
    clock.every(ms, () => {
      if (clients.size > 0) publish(name).catch(failed(name))
    })

  const greet = async (response: ServerResponse): Promise<void> => {
    for (const name of EVENT_NAMES) {
      const data = JSON.stringify(await resources[name]())
      if (sent.get(name) === data) {
        clients.send(response, name, data)
        continue
      }
      // The others have not seen this one either.
      sent.set(name, data)
      clients.broadcast(name, data)
    }
  }

  const listening = [
    ...EVENT_NAMES.map((name) => ports.changes.on(name, () => changed(name))),
    poll('swarms', SWARMS_MS),
    poll('status', STATUS_MS),
  ]

  return {
    async handler(request, response) {
      if (request.method !== 'GET') {
        response.setHeader('Allow', 'GET')
        throw new RelayError('method-not-allowed', `${request.method} is not possible on /api/v1/events; expected GET`)
      }
      clients.add(response)
      await greet(response)
    },
    get clients() {
      return clients.size
    },
    [Symbol.dispose]() {
      for (const each of listening) each[Symbol.dispose]()
      for (const timer of waiting.values()) timer[Symbol.dispose]()
      clients[Symbol.dispose]()
    },
  }
}
