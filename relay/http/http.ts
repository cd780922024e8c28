/** The HTTP server: the API, live streams, files, events, the page, and what is mounted beside them. */
import express, { type Express } from 'express'
import type { IncomingMessage } from 'node:http'
import { hostname, networkInterfaces } from 'node:os'
import type { Interfaces } from './addresses.ts'
import { apiRouter } from './api.ts'
import { checkProfile } from './api-channels.ts'
import { startEventLoopGauge, type EventLoopGauge } from './event-loop.ts'
import { type Events, startEvents } from './events.ts'
import { filesRouter, sendRecording } from './files.ts'
import { baseHeaders } from './headers.ts'
import { hlsRouter } from './hls.ts'
import { type HlsSessions, hlsSessions } from './hls-sessions.ts'
import { lanOnly, sameSiteWrites, smallBodies } from './lan-only.ts'
import { listen, stop } from './listen.ts'
import { liveRouter, sendLive, type Viewers } from './live.ts'
import { metricsHandler } from './metrics.ts'
import { createMounts, type Mounts } from './mounts.ts'
import type { HttpPorts, MediaSender, Mount } from './ports.ts'
import { notFound, problems } from './problem.ts'
import { pageHandler } from './static.ts'

/** Live streams and events have been told to end; a client that does not take the end is cut. */
const STOP_DEADLINE_MS = 2_000

export interface HttpOptions {
  /** 0: any free one. @default 8080 */
  readonly port: number
  /** An address of this machine; undefined: all. */
  readonly host: string | undefined
  /** Names besides addresses, `localhost`, `*.local` and the machine's own. @default [] */
  readonly names?: readonly string[]
  /** The folder of the built page. */
  readonly page: string
  /** The relay's version, for the API's description. */
  readonly version: string
  /** @default os.networkInterfaces */
  readonly interfaces?: Interfaces
}

export interface HttpServer extends AsyncDisposable {
  readonly port: number
  /** `http://host:port`, for this machine. */
  readonly url: string
  /** Serves a path by a handler over node:http types; before every other route. Disposing takes it off. */
  mount(mount: Mount): Disposable
  /** For what is mounted and sends media. */
  readonly media: MediaSender
}

interface Parts {
  readonly ports: HttpPorts
  readonly options: HttpOptions
  readonly gauge: EventLoopGauge
  readonly events: Events
  readonly sessions: HlsSessions
  readonly mounts: Mounts
  readonly viewers: Viewers
  readonly lifetime: AbortSignal
}

function createApp({ ports, options, gauge, events, sessions, mounts, viewers, lifetime }: Parts): Express {
  const figures = {
    get viewers() {
      return viewers.count
    },
    get eventClients() {
      return events.clients
    },
    get hlsSessions() {
      return sessions.size
    },
  }
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  app.use(baseHeaders)
  app.use(lanOnly({ interfaces: options.interfaces ?? networkInterfaces, names: [hostname(), ...(options.names ?? [])] }, ports.log))
  app.use(smallBodies, sameSiteWrites)
  app.use(mounts.handler)
  app.get(
    '/healthz',
    (_request, response) => void response.setHeader('Cache-Control', 'no-store').json({ status: 'ok', blockedMs: gauge.blockedMs() }),
  )
  app.get('/metrics', metricsHandler(ports, gauge, figures))
  app.all('/api/v1/events', events.handler)
  app.use('/api/v1', apiRouter({ ports, gauge }, options.version, lifetime))
  app.use('/api', notFound)
  app.use(liveRouter({ ports, viewers, lifetime }))
  app.use(hlsRouter(ports, sessions, lifetime))
  app.use(filesRouter(ports, lifetime))
  app.use(pageHandler(options.page, ports.log))
  app.use(notFound)
  app.use(problems(ports.log))
  return app
}

const closes = (request: IncomingMessage, headers: Readonly<Record<string, string>>): boolean =>
  request.httpVersionMinor === 0 || /^close$/i.test(headers['Connection'] ?? '')

const urlOf = (host: string | undefined, port: number): string => {
  if (host === undefined || host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Resolves when the server listens. @throws RelayError port-in-use, config-invalid */
export async function startHttp(ports: HttpPorts, options: HttpOptions, signal: AbortSignal): Promise<HttpServer> {
  signal.throwIfAborted()
  await using acquired = new AsyncDisposableStack()
  const lifetime = new AbortController()
  const gauge = acquired.use(startEventLoopGauge(ports.clock))
  const sessions = acquired.use(hlsSessions(ports.hls, ports.clock, ports.log))
  const events = acquired.use(startEvents(ports, gauge))
  const mounts = createMounts(ports.log)
  const viewers: Viewers = { count: 0 }
  const app = createApp({ ports, options, gauge, events, sessions, mounts, viewers, lifetime: lifetime.signal })
  const { server, port } = await listen(app, options.host, options.port, ports.log)
  const parts = acquired.move()

  const media: MediaSender = {
    async live({ channel, profile }, request, response, headers) {
      await checkProfile(ports, profile)
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      await sendLive(
        { ports, viewers, lifetime: lifetime.signal },
        { channel, profile, from: undefined },
        response,
        closes(request, headers),
      )
    },
    recording: (id, request, response, headers) => sendRecording(ports, id, request, response, headers, lifetime.signal),
  }

  let stopping: Promise<void> | undefined
  const close = async (): Promise<void> => {
    const stopped = stop(server, ports.clock, STOP_DEADLINE_MS)
    lifetime.abort(new DOMException('the relay stops', 'AbortError'))
    await parts.disposeAsync()
    await stopped
  }
  return {
    port,
    url: urlOf(options.host, port),
    mount: (mount) => mounts.add(mount),
    media,
    [Symbol.asyncDispose]: () => (stopping ??= close()),
  }
}
