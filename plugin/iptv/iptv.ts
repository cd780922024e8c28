/** The channels as a playlist and their guide, for whatever plays IPTV: `/iptv/channels.m3u` and `/iptv/guide.xml`. */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { StartSurface, SurfaceHost } from '../contract.ts'
import { playlist } from './m3u.ts'
import { xmltv } from './xmltv.ts'

const PLAYLIST_PATH = '/iptv/channels.m3u'
const GUIDE_PATH = '/iptv/guide.xml'
const HOUR_MS = 3_600_000

interface IptvSettings {
  readonly group: 'network' | 'none'
  readonly guideDays: number
  readonly pastHours: number
}

const etagOf = (...parts: readonly unknown[]): string =>
  `"${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)}"`

/** RFC 9110 §13.1.2: weak comparison with each of a list. */
const matches = (header: string | undefined, etag: string): boolean =>
  header !== undefined && header.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === etag)

/** Writes the head; true when the client has the same already, or wants no more. A Range is answered with the whole, as RFC 9110 allows. */
function answeredByHead(request: IncomingMessage, response: ServerResponse, type: string, etag: string): boolean {
  response.setHeader('Content-Type', type)
  response.setHeader('ETag', etag)
  response.setHeader('Cache-Control', 'no-cache')
  const same = matches(request.headers['if-none-match'], etag)
  if (same) response.statusCode = 304
  if (same || request.method === 'HEAD') response.end()
  return same || request.method === 'HEAD'
}

function sendPlaylist(host: SurfaceHost, { group }: IptvSettings, request: IncomingMessage, response: ServerResponse): void {
  const text = Buffer.from(playlist(host.channels(), { base: host.baseUrl(request), guidePath: GUIDE_PATH, group }))
  response.setHeader('Content-Length', text.length)
  if (!answeredByHead(request, response, 'audio/x-mpegurl; charset=utf-8', etagOf(text.toString()))) response.end(text)
}

async function sendGuide(host: SurfaceHost, settings: IptvSettings, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Whole hours, so that the guide stays the same document for a while.
  const hour = Math.floor(host.now() / HOUR_MS) * HOUR_MS
  const from = hour - settings.pastHours * HOUR_MS
  const to = hour + settings.guideDays * 24 * HOUR_MS
  if (answeredByHead(request, response, 'application/xml; charset=utf-8', etagOf(host.revision(), from, to))) return
  const pieces = xmltv(
    host.channels().toSorted((a, b) => a.number - b.number),
    (channel) => host.programmes({ channel, from, to }),
  )
  try {
    await pipeline(Readable.from(pieces, { objectMode: true, highWaterMark: 1 }), response)
  } catch (error) {
    if (!response.destroyed) throw error // else the reader has left
  }
}

export const start: StartSurface = async (host, settings) => {
  const iptv = settings as unknown as IptvSettings
  return {
    mounts: [
      { path: PLAYLIST_PATH, handle: (request, response) => sendPlaylist(host, iptv, request, response) },
      { path: GUIDE_PATH, handle: (request, response) => sendGuide(host, iptv, request, response) },
    ],
    [Symbol.asyncDispose]: async () => {},
  }
}
