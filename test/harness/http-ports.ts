/** Hand-written ports for the HTTP server: a relay with two channels, a recording and a TV, all in memory and all steerable by the test. */
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { Clock } from '../../relay/clock.ts'
import { systemClock } from '../../relay/clock.ts'
import { RelayError } from '../../relay/errors.ts'
import { Events } from '../../relay/events.ts'
import { startHttp, type HttpOptions, type HttpServer } from '../../relay/http/http.ts'
import type {
  ChannelInfo,
  Changes,
  HlsSession,
  HttpPorts,
  LiveRequest,
  LiveStream,
  RecordingFile,
  RecordingInfo,
  RecordRequest,
  ViolationCount,
} from '../../relay/http/ports.ts'
import type { Network, Programme, Renderer, Swarm } from '../../relay/http/schemas.ts'
import { silentLog } from '../../relay/log.ts'

export const ONE = 'a'.repeat(52)
export const TWO = 'b'.repeat(52)

export const programme = (id: string, start: string, end: string, title: string): Programme => ({ id, channel: ONE, title, start, end })

export const channelInfo = (id: string, slug: string, number: number, name: string): ChannelInfo => ({
  id,
  slug,
  number,
  name,
  network: 'Home',
  air: { kind: 'on-air' },
  tuner: { kind: 'idle' },
  tracks: [],
})

/** A stream that the test feeds by hand. */
export interface FakeStream {
  readonly request: LiveRequest
  /** Resolves when the bytes have left for the socket. */
  write(bytes: Uint8Array): Promise<void>
  goOffAir(): void
  readonly released: Promise<void>
}

/** One live stream: it holds what the test writes until the response takes it. */
function fakeStream(request: LiveRequest): { fake: FakeStream; stream: LiveStream } {
  const off = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const writer = Promise.withResolvers<Writable>()
  return {
    fake: {
      request,
      async write(bytes) {
        const out = await writer.promise
        if (!out.write(bytes)) await once(out, 'drain')
      },
      goOffAir: off.resolve,
      released: released.promise,
    },
    stream: {
      async writeTo(out, signal) {
        writer.resolve(out)
        const aborted = Promise.withResolvers<never>()
        signal.addEventListener('abort', () => aborted.reject(signal.reason as Error), { once: true })
        await Promise.race([off.promise, aborted.promise])
      },
      [Symbol.dispose]: released.resolve,
    },
  }
}

export class FakeHls implements HlsSession {
  disposed = false
  readonly #off = Promise.withResolvers<void>()
  readonly ended = this.#off.promise
  readonly segments = new Map([[7, [Uint8Array.of(0x47, 1), Uint8Array.of(2)]]])

  playlist(): string {
    return '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:2.0,\n7.ts\n'
  }

  segment(number: number): readonly Uint8Array[] | undefined {
    return this.segments.get(number)
  }

  goOffAir(): void {
    this.#off.resolve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true
  }
}

export interface FakeRelay {
  readonly ports: HttpPorts
  readonly changes: Events<Changes>
  readonly channels: ChannelInfo[]
  readonly recordings: RecordingInfo[]
  readonly files: Map<string, RecordingFile>
  readonly renderers: Renderer[]
  readonly networks: Network[]
  readonly programmes: Programme[]
  readonly swarms: Swarm[]
  readonly violations: ViolationCount[]
  /** Every live stream opened, in order; `opened(n)` waits for the n-th, from 0. */
  readonly streams: FakeStream[]
  opened(index: number): Promise<FakeStream>
  readonly hls: FakeHls[]
  readonly requests: RecordRequest[]
  readonly played: { readonly id: string; readonly channel: string; readonly profile: string | undefined }[]
  /** Channels that cannot be tuned now. */
  readonly offAir: Set<string>
}

const running: RecordingInfo['capture'] = { kind: 'running' }

function fakeRecordings(
  recordings: RecordingInfo[],
  files: Map<string, RecordingFile>,
  requests: RecordRequest[],
  clock: Clock,
): HttpPorts['recordings'] {
  const get = (id: string): RecordingInfo | undefined => recordings.find((each) => each.id === id)
  return {
    list: () => recordings,
    get,
    async record(request) {
      requests.push(request)
      const recording: RecordingInfo = {
        id: `r${recordings.length + 1}`,
        channel: request.channel,
        channelName: request.channelName,
        title: request.title ?? request.channelName,
        start: new Date(clock.now()).toISOString(),
        ...(request.until === undefined ? {} : { until: new Date(request.until).toISOString() }),
        capture: running,
        bytes: 0,
        duration: 0,
        gaps: [],
      }
      recordings.push(recording)
      return recording
    },
    async stop(id) {
      const at = recordings.findIndex((each) => each.id === id)
      const stopped: RecordingInfo = { ...(recordings[at] as RecordingInfo), capture: { kind: 'done', reason: 'stopped' } }
      recordings[at] = stopped
      return stopped
    },
    async remove(id) {
      recordings.splice(
        recordings.findIndex((each) => each.id === id),
        1,
      )
    },
    file: (id) => files.get(id),
  }
}

export function fakeRelay(clock: Clock = systemClock): FakeRelay {
  const changes = new Events<Changes>()
  const channels = [channelInfo(ONE, 'one', 1, 'One'), channelInfo(TWO, 'two', 2, 'Two & "More", HD')]
  const recordings: RecordingInfo[] = []
  const files = new Map<string, RecordingFile>()
  const requests: RecordRequest[] = []
  const renderers: Renderer[] = [{ id: 'tv', name: 'Living room', state: { kind: 'idle' } }]
  const networks: Network[] = [{ id: 'n', name: 'Home', channels: 2, catalogue: 4, link: 'tributary:home', joined: '2026-01-01T20:00:00Z' }]
  const programmes = [
    programme('p1', '2026-01-01T20:00:00Z', '2026-01-01T20:30:00Z', 'News'),
    programme('p2', '2026-01-01T20:30:00Z', '2026-01-01T21:00:00Z', 'Weather'),
  ]
  const swarms: Swarm[] = []
  const violations: ViolationCount[] = []
  const streams: FakeStream[] = []
  const arrivals = new Events<{ readonly opened: FakeStream }>()
  const hls: FakeHls[] = []
  const played: FakeRelay['played'] = []
  const offAir = new Set<string>()
  const tuned = (channel: string): void => {
    if (offAir.has(channel)) throw new RelayError('channel-off-air', 'One is off air; it is looked for every few seconds')
  }

  const ports: HttpPorts = {
    clock,
    log: silentLog,
    channels: { list: () => channels, get: (key) => channels.find(({ id, slug }) => id === key || slug === key) },
    guide: {
      programmes: ({ from, to, channel }) =>
        programmes.filter(
          (each) => Date.parse(each.end) > from && Date.parse(each.start) < to && (channel === undefined || each.channel === channel),
        ),
      programme: (id) => programmes.find((each) => each.id === id),
    },
    networks: {
      list: () => networks,
      qrCode: (id) => (id === 'n' ? '<svg xmlns="http://www.w3.org/2000/svg"/>' : undefined),
      async join(link) {
        if (!link.startsWith('tributary:'))
          throw new RelayError('join-link-invalid', `"${link}" is not a join link; it begins with tributary:`)
        return { id: 'm', name: 'Town', channels: 0, catalogue: 0, link, joined: '2026-01-01T20:00:00Z' }
      },
    },
    recordings: fakeRecordings(recordings, files, requests, clock),
    live: {
      async open(request) {
        tuned(request.channel)
        const { fake, stream } = fakeStream(request)
        streams.push(fake)
        arrivals.emit('opened', fake)
        return stream
      },
    },
    hls: {
      async open({ channel }) {
        tuned(channel)
        const session = new FakeHls()
        hls.push(session)
        return session
      },
    },
    renderers: {
      list: () => renderers,
      play: async (id, what) => void played.push({ id, ...what }),
      stop: async () => {},
    },
    peers: () => [
      { peer: 'p', address: '/ip4/192.168.1.5/tcp/4001', transport: 'tcp', direction: 'outbound', since: '2026-01-01T20:00:00Z' },
    ],
    swarms: () => swarms,
    violations: () => violations,
    status: () => ({
      name: 'Tributary (test)',
      version: '0.1.0',
      peerId: 'self',
      addresses: [],
      data: { free: 1, recordings: 0 },
      upload: { cap: 0, now: 0 },
      download: { now: 0 },
      ffmpeg: { kind: 'found', version: '5.1' },
      profiles: [{ id: 'tv', name: 'TV' }],
    }),
    changes,
  }
  return {
    ports,
    changes,
    channels,
    recordings,
    files,
    renderers,
    networks,
    programmes,
    swarms,
    violations,
    streams,
    opened: (index) =>
      new Promise((resolve) => {
        const there = streams[index]
        if (there !== undefined) return resolve(there)
        const listening = arrivals.on('opened', (stream) => {
          if (streams[index] !== stream) return
          listening[Symbol.dispose]()
          resolve(stream)
        })
      }),
    hls,
    requests,
    played,
    offAir,
  }
}

/** A page folder that does not exist: the page has not been built. */
export const NO_PAGE = '/nonexistent/tributary-page'

export const startFakeHttp = (relay: FakeRelay, options: Partial<HttpOptions> = {}): Promise<HttpServer> =>
  startHttp(relay.ports, { port: 0, host: '127.0.0.1', page: NO_PAGE, version: '0.1.0', ...options }, AbortSignal.timeout(60_000))
