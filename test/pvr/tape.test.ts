import test from 'ava'
import { openFeed } from '../../relay/feed/feed.ts'
import { RelayError } from '../../relay/errors.ts'
import { silentLog } from '../../relay/log.ts'
import { capture, FLUSH_MS } from '../../relay/pvr/capture.ts'
import type { RecordingFile } from '../../relay/pvr/files.ts'
import { type Journal, openTape } from '../../relay/pvr/tape.ts'
import type { Mark, RecordedGap, RecordingRow } from '../../relay/store/recordings.ts'
import { fakeClock } from '../harness/clock.ts'
import { eventually, mediaChunk, pushSource } from '../harness/push-source.ts'

const PACKET = 188
const row: RecordingRow = {
  id: 'abc',
  channel: 'one',
  channelName: 'One',
  title: 'News',
  folder: 'News',
  start: 0,
  until: undefined,
  ended: undefined,
  capture: { kind: 'due' },
  firstTime: undefined,
  written: undefined,
  writing: undefined,
  gaps: [],
}

/** A file that holds its length, and refuses to grow beyond `room` bytes. */
const fileOf = (room: number): RecordingFile => {
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    append(pieces) {
      const more = pieces.reduce((sum, piece) => sum + piece.length, 0)
      if (bytes + more > room) return Promise.reject(new RelayError('disk-full', 'the disk is full'))
      bytes += more
      return Promise.resolve()
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

const journalOf = () => {
  const gaps: RecordedGap[] = []
  const progress: (readonly [Mark | undefined, Mark])[] = []
  const journal: Journal = {
    begin: () => {},
    progress: (written, writing) => progress.push([written, writing]),
    appended: () => Promise.resolve(),
    gap: (gap) => gaps.push(gap),
  }
  return { gaps, progress, journal }
}

const item = (sequence: number, randomAccess = false) => ({ kind: 'chunk', chunk: mediaChunk(sequence, { randomAccess }) }) as const
const gap = (from: number, to: number) => ({ from, to, began: (from - 1) * 100, ended: (to + 1) * 100 })

test('what the file will hold is told before each append', async (t) => {
  const { progress, journal } = journalOf()
  const tape = openTape(row, fileOf(Infinity), journal)
  tape.take(item(1, true))
  tape.take(item(2))
  t.is(tape.waiting, 2 * PACKET)
  await tape.flush()
  await tape.flush()
  tape.take(item(3))
  await tape.flush()
  const first = { bytes: 2 * PACKET, time: 200, sequence: 2 }
  t.deepEqual(progress, [
    [undefined, first],
    [first, { bytes: 3 * PACKET, time: 300, sequence: 3 }],
  ])
  t.is(tape.waiting, 0)
})

test('a gap says whether the chunks did not come, or the disk was too slow for them', (t) => {
  const { gaps, journal } = journalOf()
  const tape = openTape(row, fileOf(Infinity), journal)
  tape.take({ kind: 'gap', gap: gap(1, 3) })
  tape.take(item(4, true))
  tape.take({ kind: 'gap', gap: gap(5, 6) })
  tape.take(item(7, true))
  tape.take({ kind: 'gap', gap: gap(8, 9), slow: true })
  t.deepEqual(gaps, [
    { began: 400, ended: 700, cause: 'not-received' },
    { began: 700, ended: 1_000, cause: 'reader-slow' },
  ])
})

test('a reading that broke off leaves a gap up to where it goes on, or up to the end', (t) => {
  const { gaps, journal } = journalOf()
  const tape = openTape(row, fileOf(Infinity), journal)
  tape.interrupt('not-received')
  tape.take(item(1, true))
  tape.interrupt('not-received')
  tape.take(item(2))
  t.deepEqual(gaps, [], 'it went on directly')
  tape.interrupt('not-received')
  tape.take(item(5))
  tape.take(item(6, true))
  tape.interrupt('not-received')
  tape.endGap(900)
  t.deepEqual(gaps, [
    { began: 200, ended: 600, cause: 'not-received' },
    { began: 600, ended: 900, cause: 'not-received' },
  ])
})

test('a disk that is full before anyone noticed closes the recording where the file ends', async (t) => {
  const clock = fakeClock()
  const source = pushSource()
  await using feed = openFeed({ source, clock, log: silentLog, channel: 'one' })
  source.push(mediaChunk(1, { randomAccess: true }), mediaChunk(2))
  await eventually(() => feed.newest()?.sequence === 2)
  const { journal } = journalOf()
  const file = fileOf(2 * PACKET)
  const tape = openTape(row, file, journal)
  const never = new AbortController().signal
  const lease = { feed, [Symbol.dispose]: () => {} }
  const deps = { tune: () => Promise.resolve(lease), tape, free: () => Promise.resolve(1e12), reserveBytes: 0, clock, log: silentLog }
  const captured = capture(deps, row, { stop: never, suspend: never })
  await eventually(() => file.bytes === 2 * PACKET)
  source.push(mediaChunk(3))
  await eventually(() => feed.newest()?.sequence === 3)
  await clock.advance(FLUSH_MS)
  t.deepEqual(await captured, { kind: 'closed', state: { kind: 'done', reason: 'disk-full' }, ended: clock.now() })
  t.is(tape.edge?.bytes, 2 * PACKET)
  t.is(feed.readers, 0)
})
