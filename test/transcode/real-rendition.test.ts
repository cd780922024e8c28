/** With the system's ffmpeg. */
import test, { type ExecutionContext } from 'ava'
import type { MediaChunk } from '../../relay/chunk/chunk.ts'
import { systemClock } from '../../relay/clock.ts'
import { silentLog } from '../../relay/log.ts'
import { createContinuityCheck } from '../../relay/media/continuity.ts'
import type { Feed } from '../../relay/feed/feed.ts'
import type { StartFfmpeg } from '../../relay/transcode/ffmpeg.ts'
import { startFfmpeg } from '../../relay/transcode/fluent-ffmpeg.ts'
import { openRendition, type Rendition } from '../../relay/transcode/rendition.ts'
import { profileById, type TranscodeProfile } from '../../relay/transcode/profile.ts'
import { capture, made } from '../harness/media.ts'
import { pushSource } from '../harness/push-source.ts'
import { bytesOf, chunksOfFile, feedOf, never, picturesOf, probe, readAll, streamOfType } from './live-feed.ts'

const profile = profileById('h264') as TranscodeProfile
const open = (feed: Feed, start: StartFfmpeg = startFfmpeg('ffmpeg')): Promise<Rendition> =>
  openRendition({ feed, profile, startFfmpeg: start, clock: systemClock, log: silentLog }, never)

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Pushes a recording through a rendition, faster than live, and gives all that comes out. */
async function transcoded(t: ExecutionContext, path: string, maxBytes?: number): Promise<MediaChunk[]> {
  const source = pushSource()
  await using feed = feedOf(source)
  const began = performance.now()
  const opening = open(feed)
  source.push(...(await chunksOfFile(path, maxBytes)))
  await using rendition = await opening
  t.log(`first chunk after ${Math.round(performance.now() - began)} ms`)
  source.end()
  await using output = feedOf(rendition.source)
  const chunks = await readAll(output)
  t.deepEqual(await rendition.ended, { kind: 'feed-ended' })
  t.is(rendition.restarts, 0)
  return chunks
}

test.serial('interlaced MPEG-2 becomes H.264 High, progressive, with stereo AAC in the same language', async (t) => {
  const chunks = await transcoded(t, await made('mpeg2-interlaced.ts'))
  t.true(chunks[0]?.randomAccess)
  t.deepEqual(
    chunks.map((chunk) => chunk.sequence),
    chunks.map((_, index) => index + 1),
  )
  const check = createContinuityCheck()
  for (const chunk of chunks) check.push(chunk.payload)
  t.is(check.errors, 0)
  const probed = await probe(bytesOf(chunks))
  const video = streamOfType(probed, 'video')
  t.like(video, { codec_name: 'h264', profile: 'High', field_order: 'progressive', width: 720, height: 576 })
  const audio = streamOfType(probed, 'audio')
  t.like(audio, { codec_name: 'aac', channels: 2, sample_rate: '48000', tags: { language: 'ita' } })
  const pictures = picturesOf(probed)
  t.true(pictures.length >= 70, `${pictures.length} of 75 pictures`)
  t.true(pictures.every((frame) => frame.interlaced_frame === 0))
  t.is(pictures[0]?.key_frame, 1)
})

test.serial('radio has no picture and is a rendition all the same', async (t) => {
  const probed = await probe(bytesOf(await transcoded(t, await made('radio.ts'))))
  t.is(streamOfType(probed, 'video'), undefined)
  t.is(streamOfType(probed, 'audio')?.codec_name, 'aac')
})

const hd = capture('dvb-hd-1080i-h264-eac3')
const HD_BYTES = 4_000_000
const withHd = hd === undefined ? test.skip : test.serial
withHd('1080i from a satellite, entered in the middle of a GOP, becomes 1080p with the first of its tracks', async (t) => {
  const probed = await probe(bytesOf(await transcoded(t, hd ?? '', HD_BYTES)))
  t.like(streamOfType(probed, 'video'), { codec_name: 'h264', profile: 'High', field_order: 'progressive', width: 1920, height: 1080 })
  t.like(streamOfType(probed, 'audio'), { codec_name: 'aac', channels: 2, tags: { language: 'fra' } })
  t.is(probed.streams.length, 2)
  t.true(picturesOf(probed).every((frame) => frame.interlaced_frame === 0))
})

const web = capture('web-576p-h264-aac')
const withWeb = web === undefined ? test.skip : test.serial
withWeb('a source whose PES packets have a wrong length keeps its picture', async (t) => {
  const probed = await probe(bytesOf(await transcoded(t, web ?? '')))
  t.like(streamOfType(probed, 'video'), { codec_name: 'h264', field_order: 'progressive', width: 1024, height: 576 })
  t.is(streamOfType(probed, 'audio')?.codec_name, 'aac')
  t.true(picturesOf(probed).length >= 290, `${picturesOf(probed).length} of 300 pictures`)
})

test.serial('a killed ffmpeg is replaced: the reader goes on, with time stamps that do too', async (t) => {
  const source = pushSource()
  await using feed = feedOf(source)
  const chunks = await chunksOfFile(await made('mpeg2-interlaced.ts'))
  const half = chunks.length >> 1
  const begin = chunks.findIndex((chunk) => chunk.randomAccess) + 1
  let starts = 0
  const opening = open(feed, async (job, signal) => {
    const ffmpeg = await startFfmpeg('ffmpeg')(job, signal)
    starts += 1
    if (starts === 1) source.push(...chunks.slice(begin, half))
    if (starts === 2) source.push(...chunks.slice(half))
    if (starts === 2) source.end()
    return ffmpeg
  })
  source.push(...chunks.slice(0, begin))
  await using rendition = await opening
  await using output = feedOf(rendition.source)
  const pid = rendition.pid ?? 0
  const received: MediaChunk[] = []
  for await (const item of output.openReader({ from: 'live' })) {
    if (item.kind !== 'chunk') continue
    if (received.length === 0) process.kill(pid, 'SIGKILL')
    received.push(item.chunk)
  }
  t.deepEqual(await rendition.ended, { kind: 'feed-ended' })
  t.is(rendition.restarts, 1)
  t.is(received.filter((chunk) => chunk.discontinuity).length, 1)
  t.false(isAlive(pid))
  const again = received.findIndex((chunk) => chunk.discontinuity)
  t.true(received[again]?.randomAccess)
  const times = picturesOf(await probe(bytesOf(received))).map((frame) => Number(frame.pts_time))
  t.true(times.length > 10)
  t.true(times.every((time, index) => index === 0 || time > (times[index - 1] as number)))
})

test.serial('disposing a rendition leaves no ffmpeg behind', async (t) => {
  const source = pushSource()
  await using feed = feedOf(source)
  const opening = open(feed)
  source.push(...(await chunksOfFile(await made('mpeg2-interlaced.ts'))))
  const rendition = await opening
  const pid = rendition.pid ?? 0
  t.true(isAlive(pid))
  await rendition[Symbol.asyncDispose]()
  t.false(isAlive(pid))
  t.is(feed.readers, 0)
  t.deepEqual(await rendition.ended, { kind: 'closed' })
})

test.serial('a channel that goes on with other tracks is followed, and a loop in it is none in the rendition', async (t) => {
  const source = pushSource()
  await using feed = feedOf(source)
  const interlaced = await chunksOfFile(await made('mpeg2-interlaced.ts'))
  const other = await chunksOfFile(await made('h264-aac.ts'))
  const parts = [interlaced, interlaced, other].flatMap((part) => {
    const from = part.findIndex((chunk) => chunk.randomAccess)
    return part.slice(from).map((chunk, index) => ({ ...chunk, discontinuity: index === 0 }))
  })
  const chunks = parts.map((chunk, index) => ({ ...chunk, sequence: index + 1 }))
  const opening = open(feed)
  source.push(...chunks)
  await using rendition = await opening
  source.end()
  await using output = feedOf(rendition.source)
  const received = await readAll(output)
  const joint = received.findIndex((chunk) => chunk.discontinuity)
  t.is(rendition.restarts, 1)
  t.is(received.filter((chunk) => chunk.discontinuity).length, 1)
  const before = await probe(bytesOf(received.slice(0, joint)))
  const after = await probe(bytesOf(received.slice(joint)))
  t.like(streamOfType(before, 'video'), { width: 720, height: 576 })
  t.like(streamOfType(after, 'video'), { width: 320, height: 180 })
  const times = picturesOf(before).map((frame) => Number(frame.pts_time))
  t.true(times.length > 140, `${times.length} of 150 pictures`)
  t.true(times.every((time, index) => index === 0 || time - (times[index - 1] as number) < 0.5))
  t.true(Number(picturesOf(after)[0]?.pts_time) > (times.at(-1) ?? Infinity))
})
