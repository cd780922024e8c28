import test from 'ava'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { rm, truncate } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RelayError } from '../../relay/errors.ts'
import { DISK_CHECK_MS, FLUSH_MS } from '../../relay/pvr/capture.ts'
import type { Recording } from '../../relay/pvr/recording.ts'
import { eventually, mediaChunk } from '../harness/push-source.ts'
import { CHANNEL, recorderHouse, type RecorderHouse } from '../harness/recorder-house.ts'

const PACKET = 188
const one = { channel: CHANNEL, channelName: 'One' }

const joined = (house: RecorderHouse, count = 1): Promise<void> => eventually(() => house.feeds.length >= count, 'the join')
/** Gives the newest feed chunks cut 100 ms apart from `at` on, now by default; the first is a random access point. */
const push = async (house: RecorderHouse, from: number, to: number, at = house.clock.now()): Promise<void> => {
  for (let sequence = from; sequence <= to; sequence += 1) {
    house.source.push(mediaChunk(sequence, { randomAccess: sequence === from, time: at + (sequence - from) * 100 }))
  }
  await eventually(() => house.feeds.at(-1)?.newest()?.sequence === to, 'the live edge')
}
const is = (house: RecorderHouse, id: string, holds: (recording: Recording) => boolean): Promise<void> =>
  eventually(() => {
    const recording = house.recorder.get(id)
    return recording !== undefined && holds(recording)
  }, 'the recording')
/** Lets the recorder write what waits until `holds`; files are real, so a write may take longer than its virtual time. */
const writes = async (house: RecorderHouse, id: string, holds: (recording: Recording) => boolean): Promise<void> => {
  const MAX_FLUSHES = 10
  for (let flush = 1; flush < MAX_FLUSHES; flush += 1) {
    await house.clock.advance(FLUSH_MS)
    for (let round = 0; round < 200; round += 1) await new Promise<void>((resolve) => setImmediate(resolve))
    const recording = house.recorder.get(id)
    if (recording !== undefined && holds(recording)) return
  }
  await is(house, id, holds)
}
const has = (house: RecorderHouse, id: string, packets: number): Promise<void> =>
  writes(house, id, (recording) => recording.bytes === packets * PACKET)
const isOver = ({ capture }: Recording): boolean => capture.kind === 'done' || capture.kind === 'failed'
const isClosed = (house: RecorderHouse, id: string): Promise<void> => is(house, id, isOver)

test('a recording begins at the newest random access point, grows, is playable meanwhile, and ends when it is stopped', async (t) => {
  await using house = await recorderHouse()
  const { id, capture } = await house.recorder.record({ ...one, title: 'News: "today"' })
  t.deepEqual(capture, { kind: 'due' })
  t.is(house.recorder.file(id), undefined)
  await joined(house)
  const start = house.clock.now()
  await push(house, 10, 14)
  await has(house, id, 5)
  t.like(house.recorder.get(id), {
    title: 'News: "today"',
    channel: CHANNEL,
    channelName: 'One',
    capture: { kind: 'running' },
    start: new Date(start).toISOString(),
  })
  const growing = house.recorder.file(id)
  t.like(growing, { mime: 'video/mp2t', size: 5 * PACKET, growing: true })
  await push(house, 15, 15)
  await has(house, id, 6)
  const stopped = await house.recorder.stop(id)
  t.like(stopped, { capture: { kind: 'done', reason: 'stopped' }, bytes: 6 * PACKET, gaps: [] })
  t.is(stopped.duration, 0.5)
  t.like(house.recorder.file(id), { path: growing?.path, size: 6 * PACKET, growing: false })
  const folder = dirname(growing?.path ?? '')
  t.is(dirname(folder), house.dir)
  t.regex(folder, /News today \d{4}-\d\d-\d\d \d\d\.\d\d [a-z2-7]{8}$/)
  const name = folder.slice(house.dir.length + 1)
  t.deepEqual(readdirSync(folder).toSorted(), [`${name}.nfo`, `${name}.ts`, 'gaps.json'].toSorted())
  t.regex(readFileSync(join(folder, `${name}.nfo`), 'utf8'), /<title>News: "today"<\/title>\n {2}<studio>One</)
  t.deepEqual(await house.recorder.stop(id), stopped, 'to stop it again changes nothing')
})

test('viewer and recordings share one join, and each recording has its own file', async (t) => {
  await using house = await recorderHouse()
  const first = await house.recorder.record(one)
  const second = await house.recorder.record(one)
  t.not(first.id, second.id)
  await joined(house)
  await push(house, 1, 3)
  await has(house, first.id, 3)
  await has(house, second.id, 3)
  t.is(house.feeds.length, 1)
  t.deepEqual(
    house.recorder
      .list()
      .map((recording) => recording.id)
      .toSorted(),
    [first.id, second.id].toSorted(),
  )
})

test('a recording with a planned end takes all that was cut before it, though it comes later', async (t) => {
  await using house = await recorderHouse()
  const until = house.clock.now() + 60_000
  const { id } = await house.recorder.record({ ...one, until })
  await joined(house)
  await push(house, 1, 1)
  await has(house, id, 1)
  await house.clock.advance(60_000)
  await push(house, 2, 2, until - 2_000)
  await has(house, id, 2)
  t.is(house.recorder.get(id)?.capture.kind, 'running')
  await push(house, 3, 4, until + 50)
  await writes(house, id, isOver)
  t.like(house.recorder.get(id), {
    capture: { kind: 'done', reason: 'reached-end' },
    bytes: 3 * PACKET,
    ended: new Date(until).toISOString(),
  })
})

test('a channel that falls silent does not keep a recording beyond its planned end', async (t) => {
  await using house = await recorderHouse()
  const { id } = await house.recorder.record({ ...one, until: house.clock.now() + 60_000 })
  await joined(house)
  await push(house, 1, 3)
  await has(house, id, 3)
  await house.clock.advance(70_000)
  await isClosed(house, id)
  t.like(house.recorder.get(id), { capture: { kind: 'done', reason: 'reached-end' } })
})

test('a planned end weeks ahead is kept', async (t) => {
  await using house = await recorderHouse({
    tuner: { tune: () => Promise.reject(new RelayError('channel-off-air', 'channel one is off air')) },
  })
  const weeks = 50 * 24 * 3600 * 1000
  const { id } = await house.recorder.record({ ...one, until: house.clock.now() + weeks })
  await house.clock.advance(60_000)
  t.is(house.recorder.get(id)?.capture.kind, 'due')
})

test('a channel that goes off air closes the recording with all that came', async (t) => {
  await using house = await recorderHouse()
  const { id } = await house.recorder.record(one)
  await joined(house)
  await push(house, 1, 8)
  house.source.end()
  await isClosed(house, id)
  t.like(house.recorder.get(id), { capture: { kind: 'done', reason: 'off-air' }, bytes: 8 * PACKET })
})

test('a gap of the feed is listed with its times, and in the JSON beside the file', async (t) => {
  await using house = await recorderHouse()
  const { id } = await house.recorder.record(one)
  await joined(house)
  const at = house.clock.now()
  await push(house, 1, 3)
  await has(house, id, 3)
  house.source.gap({ from: 4, to: 9, began: at + 200, ended: at + 900 })
  await push(house, 10, 12, at + 900)
  await has(house, id, 6)
  const folder = dirname(house.recorder.file(id)?.path ?? '')
  const beside = (): unknown => JSON.parse(readFileSync(join(folder, 'gaps.json'), 'utf8'))
  const gaps = [{ began: new Date(at + 200).toISOString(), ended: new Date(at + 900).toISOString(), cause: 'not-received' as const }]
  await eventually(() => (beside() as { gaps: unknown[] }).gaps.length === 1, 'the sidecar')
  t.deepEqual(beside(), { recording: id, gaps })
  const stopped = await house.recorder.stop(id)
  t.deepEqual(stopped.gaps, gaps)
  t.is(stopped.duration, 0.4)
})

test('a feed that breaks is tuned again, and what was missed meanwhile is listed', async (t) => {
  await using house = await recorderHouse()
  const { id } = await house.recorder.record(one)
  await joined(house)
  const at = house.clock.now()
  await push(house, 1, 3)
  await has(house, id, 3)
  house.source.fail(new Error('the swarm broke'))
  await eventually(() => house.tuner.states().size === 0)
  await house.clock.advance(2_000)
  await joined(house, 2)
  const again = house.clock.now()
  await push(house, 20, 22)
  await has(house, id, 6)
  t.deepEqual(house.recorder.get(id)?.gaps, [
    { began: new Date(at + 200).toISOString(), ended: new Date(again).toISOString(), cause: 'not-received' },
  ])
})

test('a channel that cannot be tuned fails a recording without a planned end, with the reason', async (t) => {
  await using house = await recorderHouse()
  house.refuse = new RelayError('channel-off-air', 'channel one is off air')
  const { id } = await house.recorder.record(one)
  await isClosed(house, id)
  t.like(house.recorder.get(id), { capture: { kind: 'failed', reason: 'channel one is off air' }, bytes: 0 })
})

test('a recording with a planned end waits for its channel, shown as due, and begins when it comes', async (t) => {
  await using house = await recorderHouse()
  house.refuse = new RelayError('channel-off-air', 'channel one is off air')
  const { id } = await house.recorder.record({ ...one, until: house.clock.now() + 600_000 })
  await house.clock.advance(60_000)
  t.deepEqual(house.recorder.get(id)?.capture, { kind: 'due' })
  house.refuse = undefined
  await house.clock.advance(10_000)
  await joined(house)
  const began = house.clock.now()
  await push(house, 1, 2)
  await has(house, id, 2)
  t.like(house.recorder.get(id), { capture: { kind: 'running' }, start: new Date(began).toISOString(), gaps: [] })
})

test('a recording whose channel never came is failed at its planned end, with the reason', async (t) => {
  await using house = await recorderHouse()
  house.refuse = new RelayError('channel-off-air', 'channel one is off air')
  const { id } = await house.recorder.record({ ...one, until: house.clock.now() + 35_000 })
  await eventually(() => house.attempts === 1)
  await house.clock.advance(40_000)
  await isClosed(house, id)
  t.like(house.recorder.get(id), { capture: { kind: 'failed', reason: 'channel one is off air' } })
})

test('a disk below its reserve closes the recording with all that was there, and refuses the next', async (t) => {
  let free = 1_000_000
  await using house = await recorderHouse({ reserveBytes: 500_000, free: () => Promise.resolve(free) })
  const { id } = await house.recorder.record(one)
  await joined(house)
  await push(house, 1, 3)
  await has(house, id, 3)
  free = 499_999
  await push(house, 4, 5)
  await house.clock.advance(DISK_CHECK_MS)
  await isClosed(house, id)
  t.like(house.recorder.get(id), { capture: { kind: 'done', reason: 'disk-full' }, bytes: 5 * PACKET })
  await t.throwsAsync(house.recorder.record(one), { code: 'disk-full', message: /499999 bytes left, and 500000 stay free/ })
})

test('a relay that stops in order goes on in the same entry; what directly follows leaves no gap', async (t) => {
  await using house = await recorderHouse()
  const { id } = await house.recorder.record(one)
  await joined(house)
  await push(house, 1, 3)
  await has(house, id, 3)
  await push(house, 4, 5)
  await house.restart()
  await joined(house, 2)
  await push(house, 4, 8)
  await has(house, id, 8)
  t.like(house.recorder.get(id), { capture: { kind: 'running' }, gaps: [] })
  t.is(house.recorder.list().length, 1)
})

test('what was missed while the relay was down is a gap, and the file goes on at a random access point', async (t) => {
  await using house = await recorderHouse()
  const { id } = await house.recorder.record(one)
  await joined(house)
  const at = house.clock.now()
  await push(house, 1, 3)
  await has(house, id, 3)
  await house.restart(() => house.clock.advance(30_000))
  await joined(house, 2)
  const again = house.clock.now()
  house.source.push(mediaChunk(40, { time: again - 100 }))
  await push(house, 41, 42)
  await has(house, id, 5)
  const gap = { began: new Date(at + 200).toISOString(), ended: new Date(again).toISOString(), cause: 'relay-stopped' as const }
  t.deepEqual(house.recorder.get(id)?.gaps, [gap])
  t.is(house.recorder.get(id)?.duration, 0.3)
})

test('a last packet that a crash tore is cut off, and nothing is written twice', async (t) => {
  await using house = await recorderHouse()
  const { id } = await house.recorder.record(one)
  await joined(house)
  await push(house, 1, 4)
  await has(house, id, 4)
  const path = house.recorder.file(id)?.path ?? ''
  await house.restart(() => truncate(path, 2 * PACKET + 100))
  await joined(house, 2)
  await push(house, 1, 6) // 5 and 6 cannot be decoded without what is missing
  await push(house, 7, 8)
  await has(house, id, 4)
  t.is(readFileSync(path).length, 4 * PACKET)
  t.is(house.recorder.get(id)?.gaps.length, 1)
})

test('a recording whose planned end passed while the relay was down is closed with what there is', async (t) => {
  await using house = await recorderHouse()
  const at = house.clock.now()
  const { id } = await house.recorder.record({ ...one, until: at + 20_000 })
  await joined(house)
  await push(house, 1, 3)
  await has(house, id, 3)
  await house.restart(() => house.clock.advance(60_000))
  await isClosed(house, id)
  t.like(house.recorder.get(id), {
    capture: { kind: 'done', reason: 'relay-stopped' },
    bytes: 3 * PACKET,
    ended: new Date(at + 20_000).toISOString(),
  })
  t.deepEqual(house.recorder.get(id)?.gaps, [
    { began: new Date(at + 200).toISOString(), ended: new Date(at + 20_000).toISOString(), cause: 'relay-stopped' },
  ])
  t.is(house.feeds.length, 1)
})

test('a recording that could not begin before its planned end, for want of a relay, is failed', async (t) => {
  await using house = await recorderHouse()
  house.refuse = new RelayError('channel-off-air', 'channel one is off air')
  const { id } = await house.recorder.record({ ...one, until: house.clock.now() + 20_000 })
  await house.restart(() => house.clock.advance(60_000))
  await isClosed(house, id)
  t.deepEqual(house.recorder.get(id)?.capture, { kind: 'failed', reason: 'the relay was not running at its time' })
})

test('a recording whose folder is gone is failed, and says which', async (t) => {
  await using house = await recorderHouse()
  const { id } = await house.recorder.record(one)
  await joined(house)
  await push(house, 1, 3)
  await has(house, id, 3)
  const folder = dirname(house.recorder.file(id)?.path ?? '')
  await house.restart(() => rm(folder, { recursive: true }))
  await isClosed(house, id)
  const capture = house.recorder.get(id)?.capture
  t.true(capture?.kind === 'failed' && capture.reason.includes(folder))
})

test('removing a recording ends it and deletes its folder, and nothing that a link in it leads to', async (t) => {
  await using house = await recorderHouse()
  const { id } = await house.recorder.record(one)
  await joined(house)
  await push(house, 1, 3)
  await has(house, id, 3)
  const folder = dirname(house.recorder.file(id)?.path ?? '')
  const outside = join(dirname(house.dir), 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'precious'), 'keep me')
  symlinkSync(outside, join(folder, 'link'))
  await house.recorder.remove(id)
  t.false(existsSync(folder))
  t.is(readFileSync(join(outside, 'precious'), 'utf8'), 'keep me')
  t.is(house.recorder.get(id), undefined)
  await t.throwsAsync(house.recorder.remove(id), { code: 'recording-not-found' })
  await house.restart()
  t.deepEqual(house.recorder.list(), [])
})

test('a recording’s folder that was replaced by a link is not followed', async (t) => {
  await using house = await recorderHouse()
  const { id } = await house.recorder.record(one)
  await joined(house)
  await push(house, 1, 3)
  await has(house, id, 3)
  const path = house.recorder.file(id)?.path ?? ''
  const outside = join(dirname(house.dir), 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'precious'), 'keep me')
  await house.restart(async () => {
    await rm(dirname(path), { recursive: true })
    symlinkSync(outside, dirname(path))
  })
  await isClosed(house, id)
  t.is(house.recorder.get(id)?.capture.kind, 'failed')
  await house.recorder.remove(id)
  t.false(existsSync(dirname(path)))
  t.deepEqual(readdirSync(outside), ['precious'])
})

test('there is an end to recordings at once, and to planned ends in the past', async (t) => {
  await using house = await recorderHouse()
  await t.throwsAsync(house.recorder.record({ ...one, until: house.clock.now() }), { code: 'recording-invalid', message: /has passed/ })
  const started = await Promise.all(Array.from({ length: 8 }, () => house.recorder.record(one)))
  await t.throwsAsync(house.recorder.record(one), { code: 'too-many-requests', message: /stop one of them first/ })
  await house.recorder.stop(started[0]?.id ?? '')
  await t.notThrowsAsync(house.recorder.record(one))
})

test('a recordings path that cannot be made is said in one sentence', async (t) => {
  await t.throwsAsync(recorderHouse({ dir: '/dev/null/recordings' }), { code: 'data-unwritable', message: /--recordings/ })
})

test('every change of a recording is told', async (t) => {
  await using house = await recorderHouse()
  const seen: string[] = []
  using _listening = house.recorder.events.on('changed', ({ id }) => seen.push(house.recorder.get(id)?.capture.kind ?? 'gone'))
  const { id } = await house.recorder.record(one)
  await joined(house)
  await push(house, 1, 3)
  await has(house, id, 3)
  await house.recorder.stop(id)
  await house.recorder.remove(id)
  t.deepEqual([...new Set(seen)], ['due', 'running', 'done', 'gone'])
})
