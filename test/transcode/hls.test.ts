import test from 'ava'
import { silentLog } from '../../relay/log.ts'
import { openFeed, type Feed } from '../../relay/feed/feed.ts'
import { createHls, type Hls } from '../../relay/transcode/hls.ts'
import { parseSegmentName } from '../../relay/transcode/hls-playlist.ts'
import { fakeClock } from '../harness/clock.ts'
import { eventually, pushSource, type PushSource } from '../harness/push-source.ts'
import { settle } from './fake-runs.ts'
import { chunkOf, chunksOf } from './ts-chunks.ts'

const never = new AbortController().signal

interface Packaged extends AsyncDisposable {
  readonly source: PushSource
  readonly feed: Feed
  readonly hls: Hls
}

/** @param past seconds that the feed holds when the packager starts */
async function packaged(past: number): Promise<Packaged> {
  const clock = fakeClock()
  const source = pushSource()
  const chunks = chunksOf({ seconds: past, gop: 1 })
  const feed = openFeed({ source, ring: chunks, clock, log: silentLog, channel: 'one' })
  const hls = createHls({ feed, clock, log: silentLog })
  return {
    source,
    feed,
    hls,
    async [Symbol.asyncDispose]() {
      await hls[Symbol.asyncDispose]()
      await feed[Symbol.asyncDispose]()
    },
  }
}

const numbersOf = (playlist: string): number[] =>
  playlist
    .split('\n')
    .map(parseSegmentName)
    .filter((number) => number !== undefined)
const tag = (playlist: string, name: string): string | undefined => playlist.split('\n').find((line) => line.startsWith(name))

test('the first playlist is full when the feed remembers enough', async (t) => {
  await using one = await packaged(30)
  const playlist = await one.hls.playlist(never)
  t.is(numbersOf(playlist).length, 6)
  t.is(tag(playlist, '#EXT-X-TARGETDURATION'), '#EXT-X-TARGETDURATION:2')
  const [first] = numbersOf(playlist)
  const payloads = one.hls.segment(first ?? 0)
  t.true((payloads?.length ?? 0) > 0)
  t.is(one.hls.segment(0), undefined)
})

test('a playlist is waited for until there are two segments', async (t) => {
  await using one = await packaged(0)
  let answered = false
  const asked = one.hls.playlist(never).then((playlist) => {
    answered = true
    return playlist
  })
  one.source.push(...chunksOf({ seconds: 2, gop: 1 })) // the second second is open
  await eventually(() => one.feed.newest()?.sequence === 3)
  await settle()
  t.false(answered)
  one.source.push(chunkOf({ sequence: 4, at: 2, access: true }))
  t.is(numbersOf(await asked).length, 2)
})

test('who stops waiting for a playlist leaves nothing behind', async (t) => {
  await using one = await packaged(0)
  const controller = new AbortController()
  const asked = one.hls.playlist(controller.signal)
  controller.abort(new Error('left'))
  await t.throwsAsync(asked, { message: 'left' })
})

test('the window slides: media sequence counts on, old segments stay a while and then go', async (t) => {
  await using one = await packaged(30)
  const before = numbersOf(await one.hls.playlist(never))
  one.source.push(...chunksOf({ from: 30, seconds: 60, gop: 1 }))
  await eventually(() => one.hls.segment((before[5] ?? 0) + 29) !== undefined)
  const playlist = await one.hls.playlist(never)
  const after = numbersOf(playlist)
  t.is(tag(playlist, '#EXT-X-MEDIA-SEQUENCE'), `#EXT-X-MEDIA-SEQUENCE:${after[0]}`)
  t.deepEqual(
    after,
    Array.from({ length: 6 }, (_, index) => (after[0] ?? 0) + index),
  )
  t.not(one.hls.segment((after[0] ?? 0) - 6), undefined)
  t.is(one.hls.segment((after[0] ?? 0) - 7), undefined)
})

test('a discontinuity is listed, and counted when its segment has left the list', async (t) => {
  await using one = await packaged(6)
  const before = numbersOf(await one.hls.playlist(never))
  one.source.gap({ from: 12, to: 13, began: 0, ended: 0 })
  one.source.push(...chunksOf({ from: 7, seconds: 4, gop: 2 }))
  await eventually(() => one.hls.segment((before.at(-1) ?? 0) + 2) !== undefined)
  const playlist = await one.hls.playlist(never)
  t.is(playlist.split('#EXT-X-DISCONTINUITY\n').length, 2)
  t.is(tag(playlist, '#EXT-X-DISCONTINUITY-SEQUENCE'), '#EXT-X-DISCONTINUITY-SEQUENCE:0')
  const last = numbersOf(playlist).at(-1) ?? 0
  one.source.push(...chunksOf({ from: 11, seconds: 40, gop: 2 }))
  await eventually(() => one.hls.segment(last + 18) !== undefined)
  const later = await one.hls.playlist(never)
  t.false(later.includes('#EXT-X-DISCONTINUITY\n'))
  t.is(tag(later, '#EXT-X-DISCONTINUITY-SEQUENCE'), '#EXT-X-DISCONTINUITY-SEQUENCE:1')
})

test('when the feed ends the playlist ends with what was open', async (t) => {
  await using one = await packaged(4)
  const before = numbersOf(await one.hls.playlist(never))
  one.source.end()
  await one.hls.ended
  const playlist = await one.hls.playlist(never)
  t.true(playlist.endsWith('#EXT-X-ENDLIST\n'))
  t.is(numbersOf(playlist).length, before.length + 1)
})

test('a feed that ends without a picture is off air', async (t) => {
  await using one = await packaged(0)
  const asked = one.hls.playlist(never)
  one.source.end()
  await t.throwsAsync(asked, { code: 'channel-off-air' })
})

test('a packager that follows another one has higher numbers', async (t) => {
  const clock = fakeClock()
  const LINGER_MS = 10_000
  await using feed = openFeed({ source: pushSource(), ring: chunksOf({ seconds: 30, gop: 1 }), clock, log: silentLog, channel: 'one' })
  const first = createHls({ feed, clock, log: silentLog })
  const before = numbersOf(await first.playlist(never))
  await first[Symbol.asyncDispose]()
  await clock.advance(LINGER_MS)
  await using second = createHls({ feed, clock, log: silentLog })
  const after = numbersOf(await second.playlist(never))
  t.true((after[0] ?? 0) > (before.at(-1) ?? 0))
})

test('a disposed packager has no reader left', async (t) => {
  await using one = await packaged(6)
  t.is(one.feed.readers, 1)
  await one.hls[Symbol.asyncDispose]()
  t.is(one.feed.readers, 0)
})

test('the times of segments that follow each other do so by their lengths, though chunks come in bursts', async (t) => {
  await using one = await packaged(0)
  const burst = chunksOf({ seconds: 6, gop: 2 }).map((chunk) => ({ ...chunk, time: chunk.time + (chunk.sequence % 3) * 400 }))
  one.source.push(...burst)
  one.source.end()
  await one.hls.ended
  const playlist = await one.hls.playlist(never)
  const times = playlist.split('\n').filter((line) => line.startsWith('#EXT-X-PROGRAM-DATE-TIME'))
  t.deepEqual(
    times.map((line) => line.slice(-11)),
    [':00:00.000Z', ':00:02.000Z', ':00:04.000Z'],
  )
})
