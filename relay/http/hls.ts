/** `/live/{channel}/index.m3u8` and its segments, for players that have no other way to live television (Safari, most phones). */
import { Router } from 'express'
import { RelayError } from '../errors.ts'
import { channelOf } from './api-channels.ts'
import type { HlsSessions } from './hls-sessions.ts'
import { profileOf } from './live.ts'
import type { HttpPorts } from './ports.ts'
import { requestSignal } from './request-signal.ts'

export function hlsRouter(ports: HttpPorts, sessions: HlsSessions, lifetime: AbortSignal): Router {
  const router = Router()
  router.get('/live/:channel/index.m3u8', async (request, response) => {
    const channel = channelOf(ports, request.params['channel'])
    const profile = await profileOf(ports, request.query['profile'])
    response.setHeader('Content-Type', 'application/vnd.apple.mpegurl')
    response.setHeader('Cache-Control', 'no-store')
    if (request.method === 'HEAD') {
      response.end()
      return
    }
    const signal = requestSignal(response, lifetime)
    const session = await sessions.open({ channel: channel.id, profile }, signal)
    response.end(await session.playlist(signal))
  })

  router.get('/live/:channel/:segment.ts', async (request, response) => {
    const channel = channelOf(ports, request.params['channel'])
    const profile = await profileOf(ports, request.query['profile'])
    const name = request.params['segment']
    const session = await sessions.running({ channel: channel.id, profile }, requestSignal(response, lifetime))
    const segment = /^\d{1,15}$/.test(name) ? session?.segment(Number(name)) : undefined
    if (segment === undefined) throw new RelayError('not-found', `segment ${name} is not in the window; index.m3u8 lists those that are`)
    response.setHeader('Content-Type', 'video/mp2t')
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader(
      'Content-Length',
      segment.reduce((bytes, piece) => bytes + piece.length, 0),
    )
    if (request.method !== 'HEAD') for (const piece of segment) response.write(piece)
    response.end()
  })
  return router
}
