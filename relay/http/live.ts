/**
 * `/live/{channel}.ts`: the channel as MPEG-TS for TVs, media centres and browsers. HEAD is answered without tuning (Jellyfin and Kodi ask
 * it of every channel); the stream ends at the connection's end, as live streams do, which every client since HTTP/1.0 understands.
 */
import { Router } from 'express'
import type { ServerResponse } from 'node:http'
import { RelayError } from '../errors.ts'
import { channelOf, checkProfile } from './api-channels.ts'
import type { HttpPorts } from './ports.ts'
import { requestSignal } from './request-signal.ts'

/** At 8 Mbit/s half a gigabit: more than a home's LAN or a Pi's network port carries beside everything else. */
export const MAX_VIEWERS = 64
/** Nobody's past window is a day long. */
const MAX_START_S = 86_400

export interface Viewers {
  count: number
}

/** Seconds before now, as in `start=-600`. @throws RelayError request-invalid */
export function startOf(text: unknown, now: number): number | undefined {
  if (text === undefined) return undefined
  const seconds = typeof text === 'string' && /^-\d{1,6}$|^0$/.test(text) ? Number(text) : Number.NaN
  if (!(seconds <= 0 && seconds >= -MAX_START_S)) {
    throw new RelayError(
      'request-invalid',
      `query.start: it is ${JSON.stringify(text)}; expected seconds before now from -${MAX_START_S} to 0, as in start=-600`,
    )
  }
  return seconds === 0 ? undefined : now + seconds * 1000
}

/** One value or none. @throws RelayError profile-not-found */
export async function profileOf(ports: HttpPorts, text: unknown): Promise<string | undefined> {
  const profile = Array.isArray(text) ? text.join(',') : (text as string | undefined)
  await checkProfile(ports, profile)
  return profile
}

export interface LiveTarget {
  /** Id or slug. */
  readonly channel: string
  readonly profile: string | undefined
  /** ms since the Unix epoch; absent: now. */
  readonly from: number | undefined
}

export interface LiveDeps {
  readonly ports: HttpPorts
  readonly viewers: Viewers
  /** Ends all streams. */
  readonly lifetime: AbortSignal
}

/** Sends a channel until it goes off air, the viewer leaves or the relay stops. What fails before the first byte rejects. */
export async function sendLive(
  { ports, viewers, lifetime }: LiveDeps,
  target: LiveTarget,
  response: ServerResponse,
  close: boolean,
): Promise<void> {
  if (viewers.count >= MAX_VIEWERS)
    throw new RelayError('too-many-requests', `${MAX_VIEWERS} viewers watch already; one of them has to stop first`)
  const signal = requestSignal(response, lifetime)
  viewers.count += 1
  try {
    using stream = await ports.live.open({ ...target, channel: channelOf(ports, target.channel).id }, signal)
    if (close) {
      response.useChunkedEncodingByDefault = false
      response.shouldKeepAlive = false
    }
    response.flushHeaders()
    await stream.writeTo(response, signal)
    if (!response.writableEnded) response.end()
  } catch (error) {
    if (!signal.aborted) throw error
    // The viewer has left, or the relay stops: the stream ends here, in order.
    if (!response.writableEnded) response.end()
  } finally {
    viewers.count -= 1
  }
}

export function liveRouter(deps: LiveDeps): Router {
  const { ports } = deps
  const router = Router()
  router.get('/live/:channel.ts', async (request, response) => {
    const channel = channelOf(ports, request.params['channel']).id
    const profile = await profileOf(ports, request.query['profile'])
    const from = startOf(request.query['start'], ports.clock.now())
    response.setHeader('Content-Type', 'video/mp2t')
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('Accept-Ranges', 'none')
    if (request.method === 'HEAD') response.end()
    // No chunks: a player that cannot read them is common, and the end of the connection is the end of the stream.
    else await sendLive(deps, { channel, profile, from }, response, true)
  })
  return router
}
