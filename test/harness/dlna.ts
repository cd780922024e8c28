import { threadId } from 'node:worker_threads'
import { createServer, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock, type Clock } from '../../relay/clock.ts'
import { startDlna, type Dlna, type DlnaOptions } from '../../relay/dlna/dlna.ts'
import type { DlnaChannel, DlnaPorts, DlnaRecording, MediaPort } from '../../relay/dlna/ports.ts'
import { silentLog } from '../../relay/log.ts'
import { seededRandom } from '../../relay/random.ts'

export const EIGHT_PM = Date.UTC(2026, 0, 1, 20)

export const newsOne: DlnaChannel = {
  id: 'aaaa',
  slug: 'news-one',
  number: 12,
  name: 'News One',
  air: 'on-air',
  now: { title: 'The News & Weather', category: 'News', description: 'Of the day', start: EIGHT_PM, end: EIGHT_PM + 1_800_000 },
  next: { title: 'Film', start: EIGHT_PM + 1_800_000, end: EIGHT_PM + 7_200_000 },
}
export const filmTwo: DlnaChannel = { id: 'bbbb', slug: 'film-two', number: 2, name: 'Film <Two>', air: 'off-air' }
export const yesterday: DlnaRecording = {
  id: 'rec-1',
  title: 'Вчера 🎬',
  channelName: 'News One',
  start: EIGHT_PM - 86_400_000,
  bytes: 1_000_000,
  duration: 3661.5,
  running: false,
}

export interface Lists {
  channels: readonly DlnaChannel[]
  recordings: readonly DlnaRecording[]
}

/** Answers with one TS packet's worth of zeros and the given headers; enough to see what DLNA decided. */
export const plainMedia: MediaPort = {
  async live(_target, _request, response, headers) {
    response.writeHead(200, headers).end(Buffer.alloc(188, 0x47))
  },
  async recording(_id, _request, response, headers) {
    response.writeHead(200, { ...headers, 'Content-Length': 188 }).end(Buffer.alloc(188, 0x47))
  },
}

export const portsOver = (lists: Lists, media: MediaPort = plainMedia): DlnaPorts => ({
  channels: () => lists.channels,
  recordings: () => lists.recordings,
  media,
})

export interface DlnaServer extends AsyncDisposable {
  readonly dlna: Dlna
  readonly port: number
}

export interface ServeOptions extends Partial<DlnaOptions> {
  readonly lists?: Lists
  readonly media?: MediaPort
  readonly clock?: Clock
  readonly host?: string
}

export const TEST_UDN = 'uuid:7d1b7f2e-0000-4000-8000-000000000001'

/** SSDP worlds of their own, so that tests do not meet; above what Linux hands out by itself. */
let nextSsdpPort = 61_000 + ((process.pid + threadId) % 190) * 10

/** A whole DLNA side over a real HTTP server on loopback. */
export async function serveDlna(options: ServeOptions = {}): Promise<DlnaServer> {
  const {
    lists = { channels: [filmTwo, newsOne], recordings: [yesterday] },
    media,
    clock = systemClock,
    host = '0.0.0.0',
    ...rest
  } = options
  await using started = new AsyncDisposableStack()
  let dlna: Dlna | undefined
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (dlna === undefined || !(await dlna.handle(request, response))) response.writeHead(404).end()
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  started.defer(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  })
  const { port } = server.address() as AddressInfo
  dlna = started.use(
    await startDlna(
      { ports: portsOver(lists, media), clock, random: seededRandom(1), log: silentLog },
      { httpPort: port, name: 'Tributary (тест)', udn: TEST_UDN, version: '0.1.0', interfaces: ['lo'], ssdpPort: nextSsdpPort++, ...rest },
      new AbortController().signal,
    ),
  )
  const running = started.move()
  return { dlna, port, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** One request on a connection of its own. */
export const ask = (port: number, path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces).toString() }),
      )
    })
    request.on('error', reject).end(body)
  })

export const CONTENT_DIRECTORY = 'urn:schemas-upnp-org:service:ContentDirectory:1'

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

export const soapBody = (type: string, action: string, args: Readonly<Record<string, string>>): string =>
  '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"' +
  ` s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:${action} xmlns:u="${type}">` +
  Object.entries(args)
    .map(([name, value]) => `<${name}>${escaped(value)}</${name}>`)
    .join('') +
  `</u:${action}></s:Body></s:Envelope>`

const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')

/** The text of an element, with its entities resolved. */
export const textOf = (xml: string, name: string): string => unescaped(new RegExp(`<${name}>([^]*?)</${name}>`).exec(xml)?.[1] ?? '')

/** Calls an action of ContentDirectory over HTTP, as a TV does. */
export const callContent = (
  port: number,
  action: string,
  args: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  ask(port, '/dlna/control/content-directory', {
    method: 'POST',
    headers: { 'Content-Type': 'text/xml; charset="utf-8"', SOAPACTION: `"${CONTENT_DIRECTORY}#${action}"`, ...headers },
    body: soapBody(CONTENT_DIRECTORY, action, args),
  })

export const browse = (port: number, id: string, more: Readonly<Record<string, string>> = {}, headers = {}): Promise<Answer> =>
  callContent(
    port,
    'Browse',
    { ObjectID: id, BrowseFlag: 'BrowseDirectChildren', Filter: '*', StartingIndex: '0', RequestedCount: '0', SortCriteria: '', ...more },
    headers,
  )
