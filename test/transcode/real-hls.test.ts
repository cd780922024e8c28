/** With the system's ffmpeg as the player. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import type { MediaChunk } from '../../relay/chunk/chunk.ts'
import { systemClock } from '../../relay/clock.ts'
import { silentLog } from '../../relay/log.ts'
import { createHls, type Hls } from '../../relay/transcode/hls.ts'
import { parseSegmentName } from '../../relay/transcode/hls-playlist.ts'
import { made } from '../harness/media.ts'
import { pushSource } from '../harness/push-source.ts'
import { chunksOfFile, feedOf, never, picturesOf, probeUrl, streamOfType } from './live-feed.ts'

interface Served extends AsyncDisposable {
  readonly url: string
  readonly asked: string[]
}

async function serve(hls: Hls): Promise<Served> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const name = request.url?.slice(1) ?? ''
    asked.push(name)
    const number = parseSegmentName(name)
    if (number === undefined) {
      hls.playlist(never).then(
        (playlist) => response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' }).end(playlist),
        () => response.writeHead(404).end(),
      )
      return
    }
    const payloads = hls.segment(number)
    response.writeHead(payloads === undefined ? 404 : 200, { 'content-type': 'video/mp2t' })
    for (const payload of payloads ?? []) response.write(payload)
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.m3u8`,
    asked,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  }
}

/** The recording again, as a broadcaster loops it. */
const looped = (chunks: readonly MediaChunk[]): MediaChunk[] => [
  ...chunks,
  ...chunks.map((chunk, index) => ({
    ...chunk,
    sequence: chunk.sequence + chunks.length,
    discontinuity: index === 0,
    time: chunk.time + 3000,
  })),
]

test('ffmpeg plays every picture of what was cut, across a loop point', async (t) => {
  const source = pushSource()
  await using feed = feedOf(source)
  const chunks = await chunksOfFile(await made('h264-aac.ts'))
  const first = chunks.findIndex((chunk) => chunk.randomAccess)
  source.push(...looped(chunks.slice(first).map((chunk, index) => ({ ...chunk, sequence: index + 1 }))))
  source.end()
  await using hls = createHls({ feed, clock: systemClock, log: silentLog })
  await hls.ended
  await using served = await serve(hls)
  const probed = await probeUrl(served.url)
  t.is(streamOfType(probed, 'video')?.codec_name, 'h264')
  t.is(streamOfType(probed, 'audio')?.codec_name, 'aac')
  t.is(picturesOf(probed).length, 150)
  t.true((await hls.playlist(never)).includes('#EXT-X-DISCONTINUITY\n'))
  t.true(served.asked.length > 4)
})
