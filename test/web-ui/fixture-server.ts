/**
 * A stand-in for the relay, to drive the page: the built page, the API with made-up data, its events, and live television that
 * ffmpeg makes at its own pace. Run it alone with `node test/web-ui/fixture-server.ts [port]`.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { build } from 'vite'
import type { Channel, Network, Recording, Renderer } from '../../relay/http/schemas.ts'
import * as data from './fixture-data.ts'

const DIST = join(import.meta.dirname, '../../web-ui/dist')
const VITE_CONFIG = join(import.meta.dirname, '../../web-ui/vite.config.ts')
/** What relay/http sends with the page. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const EVENTS_EVERY_MS = 1_000
const RECORDING_SECONDS = 24
const PICTURE = [
  '-f',
  'lavfi',
  '-i',
  'testsrc2=size=640x360:rate=25',
  '-f',
  'lavfi',
  '-i',
  'sine=frequency=440:beep_factor=2:sample_rate=48000',
]
const H264 = [
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-tune',
  'zerolatency',
  '-pix_fmt',
  'yuv420p',
  '-g',
  '25',
  '-b:v',
  '900k',
  '-c:a',
  'aac',
  '-b:a',
  '96k',
]
const MPEG2 = ['-c:v', 'mpeg2video', '-g', '12', '-b:v', '1500k', '-c:a', 'mp2', '-b:a', '128k']
const TS = ['-muxdelay', '0', '-muxpreload', '0', '-flush_packets', '1', '-f', 'mpegts', 'pipe:1']

export interface FixtureServer extends AsyncDisposable {
  readonly url: string
  channels: Channel[]
  networks: Network[]
  recordings: Recording[]
  renderers: Renderer[]
  /** Slugs that are sent as MPEG-2 unless a profile is asked for. */
  readonly mpeg2: Set<string>
  /** How many live requests of a slug are refused from now on. */
  readonly refuseLive: Map<string, number>
  /** The next recording is refused with this sentence. */
  refuseRecording: string | undefined
  /** What the page asked for, newest last. */
  readonly requests: string[]
  /** Tells every open page now. */
  push(): void
  /** Ends all event connections, and refuses new ones while `down`. */
  down: boolean
  loseEvents(): void
}

const problem = (response: ServerResponse, code: number, title: string, detail: string): void => {
  response.writeHead(code, { 'content-type': 'application/problem+json' })
  response.end(JSON.stringify({ type: 'about:blank', title, status: code, detail }))
}
const json = (response: ServerResponse, value: unknown, code = 200): void => {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}
async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  let text = ''
  for await (const part of request) text += String(part)
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}

async function makeRecording(path: string): Promise<void> {
  const making = spawn(
    'ffmpeg',
    ['-v', 'error', '-nostdin', '-y', ...PICTURE, ...H264, '-t', String(RECORDING_SECONDS), '-f', 'mpegts', path],
    { stdio: 'inherit' },
  )
  const code = await new Promise((resolve, reject) => making.on('close', resolve).on('error', reject))
  if (code !== 0) throw new Error(`ffmpeg made no recording: it ended with ${String(code)}`)
}

/** Builds the page as it is now into a folder of its own; resolves with it. */
async function buildPage(folder: string): Promise<string> {
  const dist = join(folder, 'dist')
  await build({ configFile: VITE_CONFIG, logLevel: 'warn', build: { outDir: dist } })
  return dist
}

export interface FixtureOptions {
  /** @default 0, any free port */
  readonly port?: number
  /** The built page; absent: it is built. */
  readonly dist?: string
}

/** Serves on loopback. */
export async function startFixture(options: FixtureOptions = {}): Promise<FixtureServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-page-'))
  const dist = options.dist ?? (await buildPage(folder))
  const file = join(folder, 'recording.ts')
  await makeRecording(file)
  const bytes = (await stat(file)).size
  const children = new Set<ChildProcess>()
  const eventStreams = new Set<ServerResponse>()
  let tick = 0
  let recordingNumber = 0
  const now = Date.now()

  const fixture = {
    channels: data.channels(now),
    networks: data.networks(now),
    recordings: data.recordings(now, '/recordings/r-done/file', bytes, RECORDING_SECONDS),
    renderers: data.renderers(),
    mpeg2: new Set<string>(['meadow']),
    refuseLive: new Map<string, number>(),
    refuseRecording: undefined as string | undefined,
    requests: [] as string[],
    down: false,
  }

  const resources = (): Readonly<Record<string, unknown>> => ({
    channels: fixture.channels,
    networks: fixture.networks,
    recordings: fixture.recordings,
    renderers: fixture.renderers,
    swarms: fixture.networks.length === 0 ? [] : data.swarms(tick),
    status: data.status(tick),
  })
  const send = (to: ServerResponse, names: readonly string[]): void => {
    for (const name of names) to.write(`event: ${name}\ndata: ${JSON.stringify(resources()[name])}\n\n`)
  }
  const push = (): void => {
    for (const stream of eventStreams) send(stream, Object.keys(resources()))
  }
  const pulse = setInterval(() => {
    tick += 1
    for (const recording of fixture.recordings)
      if (recording.capture.kind === 'running') {
        recording.duration = Math.min((Date.now() - Date.parse(recording.start)) / 1000, RECORDING_SECONDS)
        recording.bytes = Math.floor((bytes * recording.duration) / RECORDING_SECONDS / 188) * 188
      }
    for (const stream of eventStreams) send(stream, ['swarms', 'status', 'recordings'])
  }, EVENTS_EVERY_MS)

  const live = (slug: string, profile: string | null, response: ServerResponse): void => {
    const channel = fixture.channels.find((item) => item.slug === slug)
    if (channel === undefined) return problem(response, 404, 'No such channel', `There is no channel "${slug}".`)
    const refusals = fixture.refuseLive.get(slug) ?? 0
    fixture.refuseLive.set(slug, Math.max(0, refusals - 1))
    if (channel.air.kind === 'off-air' || refusals > 0)
      return problem(response, 503, 'Off air', `${channel.name} is off air: nobody sends it at the moment.`)
    const mpeg2 = fixture.mpeg2.has(slug)
    channel.tuner = { kind: 'live', readers: 1, since: new Date().toISOString() }
    channel.tracks = [
      { kind: 'video', codec: mpeg2 ? 'mpeg2video' : 'h264', pid: 256 },
      { kind: 'audio', codec: mpeg2 ? 'mp2' : 'aac', language: 'eng', pid: 257 },
    ]
    push()
    const ffmpeg = spawn('ffmpeg', ['-v', 'error', '-nostdin', '-re', ...PICTURE, ...(mpeg2 && profile === null ? MPEG2 : H264), ...TS], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.add(ffmpeg)
    ffmpeg.on('close', () => children.delete(ffmpeg))
    response.writeHead(200, { 'content-type': 'video/mp2t', 'cache-control': 'no-store' })
    ffmpeg.stdout.pipe(response)
    response.on('close', () => ffmpeg.kill('SIGKILL'))
  }

  const recordingFile = (id: string, request: IncomingMessage, response: ServerResponse): void => {
    const recording = fixture.recordings.find((item) => item.id === id)
    if (recording === undefined || recording.bytes === 0)
      return problem(response, 404, 'No such recording', `There is no recording "${id}".`)
    const size = Math.min(recording.bytes, bytes)
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (from >= size) return problem(response, 416, 'Range not satisfiable', `The file has ${size} bytes.`)
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      'content-type': 'video/mp2t',
      'accept-ranges': 'bytes',
      'content-length': size - from,
      'content-range': `bytes ${from}-${size - 1}/${size}`,
    })
    createReadStream(file, { start: from, end: size - 1 }).pipe(response)
  }

  const api = async (path: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [name = '', id = '', verb = ''] = path.split('/').map(decodeURIComponent)
    const recording = fixture.recordings.find((item) => item.id === id)
    const renderer = fixture.renderers.find((item) => item.id === id)
    if (request.method === 'GET') {
      if (fixture.down) return problem(response, 503, 'Not now', 'The fixture is down.')
      if (name === 'events') {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
        eventStreams.add(response)
        response.on('close', () => eventStreams.delete(response))
        return send(response, Object.keys(resources()))
      }
      if (name === 'peers') return json(response, data.peers(Date.now()))
      if (name in resources()) return json(response, resources()[name])
      return problem(response, 404, 'Not found', path)
    }
    const body = await bodyOf(request)
    if (name === 'networks') {
      if (String(body['link']).length < 40)
        return problem(response, 400, 'Join link not valid', 'The join link is cut short: it has no network key.')
      fixture.networks = data.networks(Date.now())
      fixture.channels = data.channels(Date.now())
      json(response, fixture.networks[0], 201)
    } else if (name === 'recordings' && id === '') {
      const channel = fixture.channels.find((item) => item.id === body['channel'] || item.slug === body['channel'])
      if (channel === undefined) return problem(response, 404, 'No such channel', 'There is no such channel.')
      if (fixture.refuseRecording !== undefined) {
        const words = fixture.refuseRecording
        fixture.refuseRecording = undefined
        return problem(response, 507, 'No room for recordings', words)
      }
      recordingNumber += 1
      const made: Recording = {
        id: `r-new-${recordingNumber}`,
        channel: channel.id,
        channelName: channel.name,
        title: channel.now?.title ?? channel.name,
        start: new Date().toISOString(),
        capture: { kind: 'running' },
        bytes: 0,
        duration: 0,
        gaps: [],
        url: `/recordings/r-new-${recordingNumber}/file`,
      }
      channel.recording = made.id
      fixture.recordings = [made, ...fixture.recordings]
      json(response, made, 201)
    } else if (name === 'recordings' && recording !== undefined && verb === 'stop') {
      recording.capture = { kind: 'done', reason: 'stopped' }
      recording.ended = new Date().toISOString()
      for (const channel of fixture.channels) if (channel.recording === recording.id) delete channel.recording
      json(response, recording)
    } else if (name === 'recordings' && recording !== undefined && request.method === 'DELETE') {
      fixture.recordings = fixture.recordings.filter((item) => item !== recording)
      response.writeHead(204).end()
    } else if (name === 'renderers' && renderer !== undefined) {
      if (verb === 'play' && renderer.state.kind === 'failed') return problem(response, 502, 'The TV refused', renderer.state.reason)
      renderer.state = verb === 'play' ? { kind: 'playing', channel: String(body['channel']), position: 0 } : { kind: 'idle' }
      json(response, renderer)
    } else return problem(response, 404, 'Not found', path)
    push()
  }

  const page = async (path: string, response: ServerResponse): Promise<void> => {
    const wanted = normalize(path)
    const asset = extname(wanted) === '' ? '/index.html' : wanted
    const content = await readFile(join(dist, asset)).catch(() => undefined)
    if (content === undefined) return problem(response, 404, 'Not found', path)
    response.writeHead(200, { 'content-type': TYPES[extname(asset)] ?? 'application/octet-stream', 'content-security-policy': CSP })
    response.end(content)
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fixture')
    fixture.requests.push(`${request.method} ${request.url}`)
    const liveSlug = /^\/live\/([^/]+)\.ts$/.exec(pathname)?.[1]
    const recordingId = /^\/recordings\/([^/]+)\/file$/.exec(pathname)?.[1]
    if (pathname.startsWith('/api/v1/')) return api(pathname.slice('/api/v1/'.length), request, response)
    if (liveSlug !== undefined) return live(decodeURIComponent(liveSlug), searchParams.get('profile'), response)
    if (recordingId !== undefined) return recordingFile(decodeURIComponent(recordingId), request, response)
    return page(pathname, response)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) problem(response, 500, 'The fixture failed', String(error))
      else response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))

  return Object.assign(fixture, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    push,
    loseEvents: () => {
      for (const stream of eventStreams) stream.destroy()
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(pulse)
      for (const child of children) child.kill('SIGKILL')
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  })
}

if (import.meta.main) {
  const fixture = await startFixture({ port: Number(process.argv[2] ?? 8123), dist: DIST })
  process.stdout.write(`${fixture.url}\n`)
}
