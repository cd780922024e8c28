import test from 'ava'
import { PassThrough, Writable } from 'node:stream'
import { openFeed, type Feed } from '../../relay/feed/feed.ts'
import { streamTs } from '../../relay/feed/ts-stream.ts'
import { silentLog } from '../../relay/log.ts'
import { fakeClock } from '../harness/clock.ts'
import { eventually, mediaChunk, pushSource } from '../harness/push-source.ts'

const never = new AbortController().signal

const setUp = () => {
  const source = pushSource()
  const clock = fakeClock()
  const feed = openFeed({ source, clock, log: silentLog, channel: 'one' })
  return { source, clock, feed }
}
const reached = (feed: Feed, sequence: number): Promise<void> => eventually(() => feed.newest()?.sequence === sequence)

/** Takes writes; answers them only when told to. */
const stuckSink = () => {
  const taken: Buffer[] = []
  let answer: (() => void) | undefined
  const sink = new Writable({
    highWaterMark: 1,
    write(bytes: Buffer, _encoding, done) {
      taken.push(bytes)
      answer = done
    },
  })
  const release = (): void => {
    const done = answer
    answer = undefined
    done?.()
  }
  return { sink, taken, release }
}

test('a stream begins at a random access point, goes on live, and ends in order with the feed', async (t) => {
  const { source, clock, feed } = setUp()
  await using _feed = feed
  const first = mediaChunk(2, { randomAccess: true, packets: 3 })
  source.push(mediaChunk(1), first, mediaChunk(3, { packets: 2 }))
  await reached(feed, 3)
  const to = new PassThrough()
  const pieces: Buffer[] = []
  to.on('data', (piece: Buffer) => pieces.push(piece))
  const stream = streamTs({ reader: feed.openReader({ from: 'live' }), to, clock }, never)
  source.push(mediaChunk(4))
  await reached(feed, 4)
  source.end()
  t.is(await stream.done, 'off-air')
  t.is(Buffer.concat(pieces).length, 6 * 188)
  t.is(stream.bytes, 6 * 188)
  t.is(pieces[0]?.buffer, first.payload.buffer as ArrayBuffer, 'the chunk itself is written, not a copy')
  t.true(to.writableFinished)
  t.is(feed.readers, 0)
})

test('a viewer that does not read is written to no further, skips, and goes on at a random access point', async (t) => {
  const { source, clock, feed } = setUp()
  await using _feed = feed
  const { sink, taken, release } = stuckSink()
  const reader = feed.openReader({ from: 'live', capacityBytes: 188 })
  const stop = new AbortController()
  const stream = streamTs({ reader, to: sink, clock }, stop.signal)
  source.push(mediaChunk(1, { randomAccess: true }))
  await reached(feed, 1)
  source.push(...Array.from({ length: 50 }, (_, index) => mediaChunk(index + 2)))
  const again = mediaChunk(52, { randomAccess: true })
  source.push(again)
  await reached(feed, 52)
  t.is(taken.length, 1)
  t.is(stream.lost, 50)
  release()
  await eventually(() => taken.length === 2)
  t.is(taken[1]?.buffer, again.payload.buffer as ArrayBuffer)
  stop.abort()
  t.is(await stream.done, 'aborted')
  t.true(sink.destroyed)
})

test('a viewer that leaves gives its reader back', async (t) => {
  const { source, clock, feed } = setUp()
  await using _feed = feed
  source.push(mediaChunk(1, { randomAccess: true }))
  await reached(feed, 1)
  const { sink } = stuckSink()
  const stop = new AbortController()
  const stream = streamTs({ reader: feed.openReader({ from: 'live' }), to: sink, clock }, stop.signal)
  t.is(feed.readers, 1)
  sink.destroy(new Error('ECONNRESET'))
  t.is(await stream.done, 'left')
  t.is(feed.readers, 0)
  const gone = streamTs({ reader: feed.openReader({ from: 'live' }), to: sink, clock }, stop.signal)
  t.is(await gone.done, 'left')
  t.is(feed.readers, 0)
})

test('after the feed has ended a viewer that hangs is let go of within ten seconds', async (t) => {
  const { source, clock, feed } = setUp()
  await using _feed = feed
  source.push(mediaChunk(1, { randomAccess: true }), mediaChunk(2))
  await reached(feed, 2)
  const { sink } = stuckSink()
  const stream = streamTs({ reader: feed.openReader({ from: 'live' }), to: sink, clock }, never)
  source.end()
  await feed.ended
  await clock.advance(9_999)
  t.false(sink.destroyed)
  await clock.advance(1)
  t.true(sink.destroyed)
  t.is(await stream.done, 'off-air')
})

test('all that waits is out even when it is more than one burst', async (t) => {
  const { source, clock, feed } = setUp()
  await using _feed = feed
  const packets = 300
  source.push(...Array.from({ length: 40 }, (_, index) => mediaChunk(index + 1, { randomAccess: index === 0, packets })))
  await reached(feed, 40)
  let bytes = 0
  const to = new Writable({
    highWaterMark: 1e9, // never full
    write(piece: Buffer, _encoding, done) {
      bytes += piece.length
      done()
    },
  })
  const stream = streamTs({ reader: feed.openReader({ from: 'live' }), to, clock }, never)
  source.end()
  await stream.done
  t.is(bytes, 40 * packets * 188)
})

test('chunks that come close together go out in one write, and nothing is held for long', async (t) => {
  const { source, clock, feed } = setUp()
  await using _feed = feed
  const writes: number[] = []
  const to = new Writable({
    highWaterMark: 1e6,
    write(piece: Buffer, _encoding, done) {
      writes.push(piece.length)
      done()
    },
    writev(pieces, done) {
      writes.push(pieces.reduce((sum, { chunk }) => sum + (chunk as Buffer).length, 0))
      done()
    },
  })
  const stop = new AbortController()
  const stream = streamTs({ reader: feed.openReader({ from: 'live' }), to, clock }, stop.signal)
  for (let sequence = 1; sequence <= 9; sequence += 1) {
    source.push(mediaChunk(sequence, { randomAccess: sequence === 1 }))
    await reached(feed, sequence)
    await clock.advance(65)
  }
  t.deepEqual(writes, [188, 4 * 188, 4 * 188], 'the first at once')
  stop.abort()
  t.is(await stream.done, 'aborted')
  t.true(to.writableFinished, 'a viewer who keeps up sees an end in order')
})

test('the more streams there are, the more of the channel goes out in one write, up to half a second', async (t) => {
  const writesOf = async (streams: number): Promise<number> => {
    const { source, clock, feed } = setUp()
    await using _feed = feed
    let writes = 0
    const to = new Writable({
      write(_bytes, _encoding, done) {
        writes += 1
        done()
      },
      writev(_chunks, done) {
        writes += 1
        done()
      },
    })
    streamTs({ reader: feed.openReader({ from: 'live' }), to, clock, streams: () => streams }, never)
    for (let sequence = 1; sequence <= 40; sequence += 1) {
      source.push(mediaChunk(sequence, { randomAccess: sequence === 1 }))
      await reached(feed, sequence)
      await clock.advance(50)
    }
    return writes
  }
  t.is(await writesOf(1), 10)
  t.is(await writesOf(50), 4)
})
