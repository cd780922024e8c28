import { readFile } from 'node:fs/promises'
import test from 'ava'
import { RelayError } from '../../relay/errors.ts'
import { openFeed, type Feed } from '../../relay/feed/feed.ts'
import type { FeedItem } from '../../relay/feed/source.ts'
import { silentLog } from '../../relay/log.ts'
import { ffmpegMissing } from '../../relay/transcode/find-ffmpeg.ts'
import { createItemQueue } from '../../relay/transcode/item-queue.ts'
import { openRendition, type Rendition } from '../../relay/transcode/rendition.ts'
import { INPUT_STALL_MS, OUTPUT_STALL_MS, START_STALL_MS } from '../../relay/transcode/rendition-run.ts'
import { profileById, type TranscodeProfile } from '../../relay/transcode/profile.ts'
import { fakeClock, type FakeClock } from '../harness/clock.ts'
import { made } from '../harness/media.ts'
import { eventually, mediaChunk, pushSource, type PushSource } from '../harness/push-source.ts'
import { fakeRuns, settle, type FakeRun } from './fake-runs.ts'

const never = new AbortController().signal
const profile = profileById('h264') as TranscodeProfile
/** The watchdog looks twice a second. */
const LOOK_MS = 500

interface Setup {
  readonly clock: FakeClock
  readonly source: PushSource
  readonly feed: Feed
  readonly runs: FakeRun[]
  /** What an ffmpeg would give. */
  readonly stream: Uint8Array
  readonly open: (signal?: AbortSignal) => Promise<Rendition>
}

async function setup(onStart?: (run: FakeRun, index: number, stream: Uint8Array) => void): Promise<Setup> {
  const clock = fakeClock()
  const source = pushSource()
  const feed = openFeed({ source, clock, log: silentLog, channel: 'one' })
  const stream = await readFile(await made('h264-aac.ts'))
  const { startFfmpeg, runs } = fakeRuns((run, index) => onStart?.(run, index, stream))
  return {
    clock,
    source,
    feed,
    runs,
    stream,
    open: (signal = never) => openRendition({ feed, profile, startFfmpeg, clock, log: silentLog }, signal),
  }
}

const access = (sequence: number): ReturnType<typeof mediaChunk> => mediaChunk(sequence, { randomAccess: true })
const giveAll = (run: FakeRun, _index: number, stream: Uint8Array): void => run.give(stream)

/** Takes what is there, and more as it comes, into a list. */
function collect(rendition: Rendition): { readonly items: FeedItem[]; readonly over: Promise<void> } {
  const items: FeedItem[] = []
  const take = async (): Promise<void> => {
    for await (const item of rendition.source.items(never)) items.push(item)
  }
  return { items, over: take() }
}

test('no ffmpeg runs for a feed that is silent, and one does with its first random access point', async (t) => {
  const { source, runs, open } = await setup(giveAll)
  const opening = open()
  source.push(mediaChunk(1))
  await settle()
  t.is(runs.length, 0)
  source.push(access(2), mediaChunk(3))
  await using _rendition = await opening
  t.is(runs.length, 1)
  await eventually(() => runs[0]?.received() === 2 * 188)
})

test('its chunks are numbered from one and begin with a random access point', async (t) => {
  const { source, open } = await setup(giveAll)
  source.push(access(1))
  await using rendition = await open()
  const { items } = collect(rendition)
  await eventually(() => items.length >= 3)
  const chunks = items.map((item) => (item.kind === 'chunk' ? item.chunk : undefined))
  t.like(chunks[0], { sequence: 1, randomAccess: true, discontinuity: false })
  t.is(chunks[1]?.sequence, 2)
})

test('when the channel gives nothing for three seconds ffmpeg may finish, and a new one waits for a new random access point', async (t) => {
  const { clock, source, runs, open } = await setup(giveAll)
  source.push(access(1))
  await using rendition = await open()
  await clock.advance(INPUT_STALL_MS - 1)
  t.false(runs[0]?.inputEnded())
  await clock.advance(LOOK_MS)
  await eventually(() => runs[0]?.inputEnded() === true)
  runs[0]?.end()
  await eventually(() => rendition.restarts === 1)
  source.push(mediaChunk(2))
  await settle()
  t.is(runs.length, 1)
  source.push(access(3), mediaChunk(4))
  await eventually(() => runs.length === 2)
  await eventually(() => runs[1]?.received() === 2 * 188)
  t.false(runs[0]?.stopped())
})

test('an ffmpeg that has input and gives nothing for five seconds is replaced', async (t) => {
  const { clock, source, runs, open } = await setup(giveAll)
  source.push(access(1))
  await using rendition = await open()
  const { items } = collect(rendition)
  for (let second = 0; second < OUTPUT_STALL_MS / 1000; second += 1) {
    source.push(access(second + 2))
    await clock.advance(1000)
  }
  await clock.advance(LOOK_MS)
  await eventually(() => runs.length === 2 || runs[0]?.stopped() === true)
  t.true(runs[0]?.stopped())
  await clock.advance(1000) // the pause before it
  await eventually(() => runs.length === 2)
  await eventually(() => items.some((item) => item.kind === 'chunk' && item.chunk.discontinuity))
  t.is(rendition.restarts, 1)
  const offset = runs[1]?.job.options.indexOf('-output_ts_offset') ?? -1
  t.true(Number(runs[1]?.job.options[offset + 1]) > 2.9)
})

test('one that gives nothing from its start has ten seconds, and the next may look longer at its input', async (t) => {
  const { clock, source, runs, open } = await setup((run, index, stream) => index > 0 && run.give(stream))
  source.push(access(1))
  const opening = open()
  await eventually(() => runs.length === 1)
  for (let second = 0; second < START_STALL_MS / 1000; second += 1) {
    t.false(runs[0]?.stopped())
    source.push(access(second + 2))
    await clock.advance(1000)
  }
  await clock.advance(LOOK_MS)
  await eventually(() => runs[0]?.stopped() === true)
  await clock.advance(1000)
  await using _rendition = await opening
  t.true(runs[0]?.job.inputs[0]?.options.includes('500000'))
  t.true(runs[1]?.job.inputs[0]?.options.includes('5000000'))
})

test('after five failures in a minute the rendition ends, with the last words of ffmpeg', async (t) => {
  const { clock, source, runs, open } = await setup((run, index, stream) => {
    if (index === 0) run.give(stream)
    run.end({ code: 187, stderr: '[error] Conversion failed!\n' })
  })
  source.push(access(1))
  const rendition = await open()
  const { over } = collect(rendition)
  for (let pause = 0; pause < 10; pause += 1) {
    await settle()
    await clock.advance(1000)
  }
  const end = await rendition.ended
  t.is(end.kind, 'failed')
  const error = end.kind === 'failed' ? end.error : undefined
  t.is(error?.code, 'ffmpeg-failed')
  t.regex(error?.message ?? '', /h264 cannot be made.*exit code 187.*Conversion failed!/)
  t.is(runs.length, 5)
  await over // the source ends, and throws nothing
})

test('a rendition that never begins says why', async (t) => {
  const { clock, source, open } = await setup((run) => run.end({ code: 1, stderr: 'Unknown encoder' }))
  source.push(access(1))
  const opening = open()
  opening.catch(() => {}) // seen below
  for (let pause = 0; pause < 10; pause += 1) {
    await settle()
    await clock.advance(1000)
  }
  await t.throwsAsync(opening, { code: 'ffmpeg-failed', message: /Unknown encoder/ })
})

test('a missing ffmpeg is said at once', async (t) => {
  const { source, feed, clock } = await setup()
  source.push(access(1))
  const startFfmpeg = (): Promise<never> => Promise.reject(ffmpegMissing('no ffmpeg was found'))
  await t.throwsAsync(openRendition({ feed, profile, startFfmpeg, clock, log: silentLog }, never), {
    instanceOf: RelayError,
    code: 'ffmpeg-missing',
  })
  t.is(feed.readers, 0)
})

test('a channel that goes off air before its rendition began is off air', async (t) => {
  const { source, open } = await setup()
  const opening = open()
  source.end()
  await t.throwsAsync(opening, { code: 'channel-off-air' })
})

test('when the feed ends, ffmpeg gives what it has and the rendition ends', async (t) => {
  const { source, runs, open } = await setup(giveAll)
  source.push(access(1))
  await using rendition = await open()
  const { over } = collect(rendition)
  source.end()
  await eventually(() => runs[0]?.inputEnded() === true)
  runs[0]?.end()
  t.deepEqual(await rendition.ended, { kind: 'feed-ended' })
  await over
  t.is(runs.length, 1)
})

test('who stops waiting for a rendition leaves no ffmpeg and no reader', async (t) => {
  const { source, feed, runs, open } = await setup()
  source.push(access(1))
  const controller = new AbortController()
  const opening = open(controller.signal)
  await eventually(() => runs.length === 1)
  controller.abort(new Error('left'))
  await t.throwsAsync(opening, { message: 'left' })
  t.true(runs[0]?.stopped())
  t.is(feed.readers, 0)
})

test('a queue that is full holds its producer back, and one that ended does not', async (t) => {
  const queue = createItemQueue({ maxBytes: 188 })
  const chunk = (sequence: number): FeedItem => ({ kind: 'chunk', chunk: mediaChunk(sequence) })
  queue.push(chunk(1))
  queue.push(chunk(2))
  let free = false
  const room = queue.room().then(() => (free = true))
  await settle()
  t.false(free)
  const items = queue.items(never)[Symbol.asyncIterator]()
  await items.next()
  await room
  t.true(free)
  queue.push(chunk(3))
  const second = queue.room()
  queue.end()
  await second
  await items.next()
  await items.next()
  t.true((await items.next()).done)
})
