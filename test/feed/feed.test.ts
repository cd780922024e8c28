import test from 'ava'
import type { MediaChunk } from '../../relay/chunk/chunk.ts'
import { openFeed, planPreload, type Feed } from '../../relay/feed/feed.ts'
import type { Reader } from '../../relay/feed/reader.ts'
import { silentLog } from '../../relay/log.ts'
import { buildPat, buildPmt } from '../../relay/media/psi.ts'
import { packSection } from '../../relay/media/sections.ts'
import { fakeClock } from '../harness/clock.ts'
import { eventually, mediaChunk, pushSource } from '../harness/push-source.ts'

const PACKET = 188

const setUp = (options: { windowBytes?: number; ring?: Iterable<MediaChunk> } = {}) => {
  const source = pushSource()
  const feed = openFeed({ source, clock: fakeClock(), log: silentLog, channel: 'one', ...options })
  return { source, feed }
}
const reached = (feed: Feed, sequence: number): Promise<void> => eventually(() => feed.newest()?.sequence === sequence)
/** The sequences that can be taken now; a gap as its bounds. */
const taken = (reader: Reader): (number | string)[] => {
  const list: (number | string)[] = []
  for (let item = reader.take(); item !== undefined; item = reader.take()) {
    if (item.kind === 'chunk') list.push(item.chunk.sequence)
    else list.push(`${item.slow === true ? 'slow' : 'gap'} ${item.gap.from}-${item.gap.to}`)
  }
  return list
}
const access = (sequence: number): MediaChunk => mediaChunk(sequence, { randomAccess: true })

test('a new reader begins at the newest random access point, gets all up to the live edge, and goes on live', async (t) => {
  const { source, feed } = setUp()
  await using _feed = feed
  source.push(access(1), mediaChunk(2), access(3), mediaChunk(4), mediaChunk(5))
  await reached(feed, 5)
  using reader = feed.openReader({ from: 'live' })
  t.deepEqual(taken(reader), [3, 4, 5])
  source.push(mediaChunk(6))
  await reached(feed, 6)
  t.deepEqual(taken(reader), [6])
  t.is(reader.lost, 0)
})

test('before there is a random access point a reader waits for it, and nothing counts as lost', async (t) => {
  const { source, feed } = setUp()
  await using _feed = feed
  using reader = feed.openReader({ from: 'live' })
  source.push(mediaChunk(1), mediaChunk(2), access(3), mediaChunk(4))
  await reached(feed, 4)
  t.true(await feed.ready)
  t.deepEqual(taken(reader), [3, 4])
  t.is(reader.lost, 0)
})

test('a slow reader skips to the next random access point; the loss is counted and told, and others lose nothing', async (t) => {
  const { source, feed } = setUp()
  await using _feed = feed
  source.push(access(1))
  await reached(feed, 1)
  using slow = feed.openReader({ from: 'live', capacityBytes: 2 * PACKET })
  using quick = feed.openReader({ from: 'live' })
  t.deepEqual(taken(slow), [1])
  source.push(mediaChunk(2), mediaChunk(3), mediaChunk(4), mediaChunk(5), mediaChunk(6))
  await reached(feed, 6)
  t.is(slow.waiting, 0)
  t.is(slow.lost, 5)
  source.push(access(7), mediaChunk(8))
  await reached(feed, 8)
  t.deepEqual(taken(slow), ['slow 2-6', 7, 8])
  t.is(slow.lost, 5)
  t.deepEqual(taken(quick), [1, 2, 3, 4, 5, 6, 7, 8])
  t.is(quick.lost, 0)
})

test('the backlog that a reader begins with does not count against its capacity', async (t) => {
  const { source, feed } = setUp()
  await using _feed = feed
  source.push(access(1), ...Array.from({ length: 20 }, (_, index) => mediaChunk(index + 2)))
  await reached(feed, 21)
  using reader = feed.openReader({ from: 'live', capacityBytes: 2 * PACKET })
  source.push(mediaChunk(22))
  await reached(feed, 22)
  t.is(taken(reader).length, 22)
})

test('a reader begins in the past at the random access point before the wanted time', async (t) => {
  const { source, feed } = setUp()
  await using _feed = feed
  source.push(access(10), mediaChunk(11), access(12), mediaChunk(13), access(14))
  await reached(feed, 14)
  t.is(feed.oldest(), 1000)
  using before = feed.openReader({ from: 1350 })
  using ages = feed.openReader({ from: 0 })
  t.deepEqual(taken(before), [12, 13, 14])
  t.deepEqual(taken(ages), [10, 11, 12, 13, 14])
})

test('a reader that the window has left behind goes on at the oldest random access point there is', async (t) => {
  const { source, feed } = setUp({ windowBytes: 4 * (PACKET + 1024) })
  await using _feed = feed
  source.push(access(1), mediaChunk(2))
  await reached(feed, 2)
  using reader = feed.openReader({ from: 0 })
  t.is(reader.take()?.kind, 'chunk')
  source.push(mediaChunk(3), mediaChunk(4), mediaChunk(5), access(6), mediaChunk(7))
  await reached(feed, 7)
  t.deepEqual(taken(reader), ['slow 2-5', 6, 7])
  t.is(reader.lost, 4)
})

test('a gap of the source reaches every reader in its place', async (t) => {
  const { source, feed } = setUp()
  await using _feed = feed
  using reader = feed.openReader({ from: 'live' })
  source.push(access(1))
  source.gap({ from: 2, to: 4, began: 100, ended: 500 })
  source.push(mediaChunk(5))
  await reached(feed, 5)
  t.deepEqual(taken(reader), [1, 'gap 2-4', 5])
  using later = feed.openReader({ from: 'live' })
  t.deepEqual(taken(later), [1, 'gap 2-4', 5])
})

test('when the source ends the readers drain and end, and so do those that come later', async (t) => {
  const { source, feed } = setUp()
  await using _feed = feed
  const reader = feed.openReader({ from: 'live' })
  source.push(access(1), mediaChunk(2))
  source.end()
  t.is(await feed.ended, 'off-air')
  t.deepEqual(feed.state, { kind: 'ended', reason: 'off-air' })
  const sequences: number[] = []
  for await (const item of reader) if (item.kind === 'chunk') sequences.push(item.chunk.sequence)
  t.deepEqual(sequences, [1, 2])
  t.is(feed.readers, 0)
  using late = feed.openReader({ from: 'live' })
  t.deepEqual(taken(late), [1, 2])
  t.is(late.ended, 'off-air')
})

test('a source that fails ends the feed as failed; a feed that is let go of ends as closed', async (t) => {
  const broken = setUp()
  broken.source.fail(new Error('no more'))
  t.is(await broken.feed.ended, 'failed')
  t.false(await broken.feed.ready)
  const closed = setUp()
  using reader = closed.feed.openReader({ from: 'live' })
  await closed.feed[Symbol.asyncDispose]()
  await closed.feed[Symbol.asyncDispose]()
  t.is(reader.ended, 'closed')
})

test('a reader that waits is woken by dispose', async (t) => {
  const { feed } = setUp()
  await using _feed = feed
  const reader = feed.openReader({ from: 'live' })
  const next = reader[Symbol.asyncIterator]().next()
  reader[Symbol.dispose]()
  t.true((await next).done)
  t.is(feed.readers, 0)
})

test('a feed starts with what the ring holds already, and takes nothing twice', async (t) => {
  const { source, feed } = setUp({ ring: [access(1), mediaChunk(2), access(3), mediaChunk(4)] })
  await using _feed = feed
  t.true(await feed.ready)
  source.push(access(3), mediaChunk(4), mediaChunk(5))
  await reached(feed, 5)
  using reader = feed.openReader({ from: 0 })
  t.deepEqual(taken(reader), [1, 2, 3, 4, 5])
})

test('a hole that the source may still fill is left to the source; an older one is a gap', (t) => {
  const shown = (ring: readonly MediaChunk[]) =>
    planPreload(ring).map((item) => (item.kind === 'chunk' ? item.chunk.sequence : `${item.gap.from}-${item.gap.to}`))
  t.deepEqual(shown([access(1), mediaChunk(2), mediaChunk(4), access(6), mediaChunk(7), mediaChunk(9)]), [1, 2, '3-3', 4, '5-5', 6, 7])
  t.deepEqual(shown([mediaChunk(1), mediaChunk(3)]), [1])
  t.deepEqual(shown([]), [])
})

test('the tracks are those of the newest random access point', async (t) => {
  const { source, feed } = setUp()
  await using _feed = feed
  const withTracks = (sequence: number, types: readonly number[]): MediaChunk => {
    const table = { version: 0, current: true }
    const pat = buildPat({
      ...table,
      transportStreamId: 1,
      section: 0,
      lastSection: 0,
      programs: [{ program: 1, pmtPid: 0x20 }],
      networkPid: undefined,
    })
    const streams = types.map((type, index) => ({ type, pid: 0x100 + index, descriptors: new Uint8Array() }))
    const pmt = buildPmt({ ...table, program: 1, pcrPid: 0x100, descriptors: new Uint8Array(), streams })
    const payload = new Uint8Array(Buffer.concat([packSection(pat, 0), packSection(pmt, 0x20), access(sequence).payload]))
    return { ...access(sequence), payload }
  }
  t.deepEqual(feed.tracks(), [])
  source.push(withTracks(1, [0x1b]))
  await reached(feed, 1)
  t.deepEqual(feed.tracks(), [{ kind: 'video', codec: 'h264', pid: 0x100 }])
  source.push(withTracks(2, [0x02, 0x03]), mediaChunk(3))
  await reached(feed, 3)
  t.deepEqual(
    feed.tracks().map((track) => track.codec),
    ['mpeg2video', 'mp2'],
  )
  t.is(feed.tracks(), feed.tracks())
})
