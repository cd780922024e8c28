import test from 'ava'
import fc from 'fast-check'
import { readFile } from 'node:fs/promises'
import { MAX_PAYLOAD_BYTES } from '../../relay/chunk/chunk.ts'
import { createChunker, FLUSH_MS, type ChunkCut } from '../../relay/chunk/chunker.ts'
import { createContinuityCheck } from '../../relay/media/continuity.ts'
import { pmtOf } from '../../relay/media/programme.ts'
import { createAccessDetector } from '../../relay/media/random-access.ts'
import { accessTrack } from '../../relay/media/tracks.ts'
import { PACKET_BYTES, pidOf, setCounter, startsUnit } from '../../relay/media/ts-packet.ts'
import { fakeClock } from '../harness/clock.ts'
import { capture, made } from '../harness/media.ts'
import { h264, packetOf, tablesOf, type PacketFields } from '../harness/ts.ts'

const cutAll = (...loops: readonly Uint8Array[]): ChunkCut[] => {
  const cuts: ChunkCut[] = []
  using chunker = createChunker({ clock: fakeClock(), cut: (cut) => cuts.push(cut) })
  for (const [loop, packets] of loops.entries()) {
    if (loop > 0) chunker.discontinue()
    chunker.push(packets)
  }
  chunker.flush()
  return cuts
}

const joined = (cuts: readonly ChunkCut[]): Buffer => Buffer.concat(cuts.map((cut) => cut.payload))
const tablePids = (cuts: readonly ChunkCut[]): ReadonlySet<number> => {
  const first = cuts.find((cut) => cut.randomAccess)
  return new Set([0, ...(first === undefined ? [] : [pidOf(first.payload, PACKET_BYTES)])])
}
const withoutPids = (packets: Uint8Array, pids: ReadonlySet<number>): Buffer => {
  const kept: Uint8Array[] = []
  for (let at = 0; at < packets.length; at += PACKET_BYTES) {
    if (!pids.has(pidOf(packets, at))) kept.push(packets.subarray(at, at + PACKET_BYTES))
  }
  return Buffer.concat(kept)
}
const errorsOf = (packets: Uint8Array): number => {
  const check = createContinuityCheck()
  check.push(packets)
  return check.errors
}

/** The place of the first packet that is neither PAT nor PMT. */
const accessAt = (payload: Uint8Array, tables: ReadonlySet<number>): number => {
  let at = 0
  while (tables.has(pidOf(payload, at))) at += PACKET_BYTES
  return at
}

const startsWithAccess = (payload: Uint8Array, tables: ReadonlySet<number>): boolean => {
  const pmt = pmtOf(payload)
  const track = pmt && accessTrack(pmt)
  if (track === undefined || pidOf(payload, 0) !== 0) return false
  const detector = createAccessDetector(track.rule)
  let at = accessAt(payload, tables)
  if (pidOf(payload, at) !== track.pid || !startsUnit(payload, at)) return false
  let verdict = detector.begin(payload, at)
  for (at += PACKET_BYTES; at < payload.length && verdict === 'undecided'; at += PACKET_BYTES) {
    if (pidOf(payload, at) === track.pid) verdict = detector.more(payload, at)
  }
  return verdict === 'access'
}

const cleanCut = test.macro(async (t, media: Promise<string> | string | undefined, expected: number) => {
  const path = await media
  if (path === undefined) {
    t.pass('the captures are not here')
    return
  }
  const whole = await readFile(path)
  const source = whole.subarray(0, whole.length - (whole.length % PACKET_BYTES))
  const cuts = cutAll(source)
  const tables = tablePids(cuts)
  t.true(withoutPids(joined(cuts), tables).equals(withoutPids(source, tables)), 'all packets but PAT and PMT are those of the source')
  t.is(errorsOf(joined(cuts)), errorsOf(source))
  t.is(cuts.filter((cut) => cut.randomAccess).length, expected)
  for (const cut of cuts) {
    t.true(cut.payload.length > 0 && cut.payload.length <= MAX_PAYLOAD_BYTES && cut.payload.length % PACKET_BYTES === 0)
    if (cut.randomAccess) t.true(startsWithAccess(cut.payload, tables))
  }
})

test('H.264 is cut at its key frames', cleanCut, made('h264-aac.ts'), 3)
test('H.264 without IDR frames is cut at its recovery points', cleanCut, made('open-gop.ts'), 3)
test('HEVC is cut at its key frames', cleanCut, made('hevc-ac3.ts'), 3)
test('MPEG-2 is cut at its sequence headers', cleanCut, made('mpeg2-mp2.ts'), 4)
test('radio is cut every now and then', cleanCut, made('radio.ts'), 1) // the clock stands still
test('a capture that begins in the middle of a GOP is cut at its key frames', cleanCut, capture('dvb-hd-1080i-h264-eac3'), 17)
test('a clean capture is cut at its key frames', cleanCut, capture('web-576p-h264-aac'), 6)

test('a loop makes no counter error beside the loop point, and says where it is', async (t) => {
  const source = await readFile(await made('h264-aac.ts'))
  const cuts = cutAll(source, source.subarray(30 * PACKET_BYTES), source)
  const points = cuts.flatMap((cut, at) => (cut.discontinuity ? [at] : []))
  t.is(points.length, 2)
  const check = createContinuityCheck()
  for (const cut of cuts) {
    if (cut.discontinuity) check.discontinue()
    check.push(cut.payload)
  }
  t.is(check.errors, 0)
  // The table PIDs go on across the loop.
  const tables = tablePids(cuts)
  const others = new Set(Array.from({ length: 0x2000 }, (_, pid) => pid).filter((pid) => !tables.has(pid)))
  t.is(errorsOf(withoutPids(joined(cuts), others)), 0)
})

test('a chunk goes when its first packet is 200 ms old', async (t) => {
  const source = await readFile(await made('h264-aac.ts'))
  const clock = fakeClock()
  const cuts: ChunkCut[] = []
  using chunker = createChunker({ clock, cut: (cut) => cuts.push(cut) })
  chunker.push(source.subarray(0, PACKET_BYTES))
  await clock.advance(FLUSH_MS - 1)
  chunker.push(source.subarray(PACKET_BYTES, 2 * PACKET_BYTES))
  t.is(cuts.length, 0)
  await clock.advance(1)
  t.deepEqual(
    cuts.map((cut) => cut.payload.length),
    [2 * PACKET_BYTES],
  )
  await clock.advance(10 * FLUSH_MS)
  t.is(cuts.length, 1)
})

test('packets that come one by one are cut as those that come at once', async (t) => {
  const source = await readFile(await made('mpeg2-mp2.ts'))
  const single: ChunkCut[] = []
  using chunker = createChunker({ clock: fakeClock(), cut: (cut) => single.push(cut) })
  for (let at = 0; at < source.length; at += PACKET_BYTES) chunker.push(source.subarray(at, at + PACKET_BYTES))
  chunker.flush()
  t.deepEqual(single, cutAll(source))
})

test('a disposed chunker leaves no timer', async (t) => {
  const clock = fakeClock()
  const cuts: ChunkCut[] = []
  const source = await readFile(await made('radio.ts'))
  const chunker = createChunker({ clock, cut: (cut) => cuts.push(cut) })
  chunker.push(source.subarray(0, PACKET_BYTES))
  chunker[Symbol.dispose]()
  await clock.advance(10 * FLUSH_MS)
  t.is(cuts.length, 0)
})

const VIDEO = 256
/** One programme with so many streams that its map table takes several packets. */
const wideTables = (version: number, video: { readonly type: number; readonly pid: number }, counter: number): Uint8Array => {
  const others = Array.from({ length: 60 }, (_, at) => ({ type: 0x0f, pid: 1000 + at }))
  const tables = Uint8Array.from(
    tablesOf({ version, programs: [{ program: 1, pmtPid: 100, pcrPid: video.pid, streams: [video, ...others] }] }),
  )
  setCounter(tables, 0, counter)
  for (let at = PACKET_BYTES; at < tables.length; at += PACKET_BYTES) setCounter(tables, at, counter * 2 + at / PACKET_BYTES)
  return tables
}
const keyFrame = (pid: number, counter: number, fields: Partial<PacketFields> = {}): Uint8Array =>
  packetOf({ pid, counter, pts: 0, body: h264(true), ...fields })

test('a map table of several packets stands whole before each random access point, without a counter error', (t) => {
  const video = { type: 0x1b, pid: VIDEO }
  const tables = wideTables(0, video, 0)
  t.is(tables.length, 3 * PACKET_BYTES)
  // The second time, the key frame comes between the packets of the table.
  const again = wideTables(0, video, 1)
  const cuts = cutAll(
    Buffer.concat([
      tables,
      keyFrame(VIDEO, 0),
      again.subarray(0, 2 * PACKET_BYTES),
      keyFrame(VIDEO, 1),
      again.subarray(2 * PACKET_BYTES),
      keyFrame(VIDEO, 2),
    ]),
  )
  const access = cuts.filter((cut) => cut.randomAccess)
  t.is(access.length, 3)
  for (const { payload } of access) t.is(pmtOf(payload)?.streams.length, 61)
  t.is(errorsOf(joined(cuts)), 0)
})

test('a new map table holds from the next random access point on', (t) => {
  const before = wideTables(0, { type: 0x1b, pid: VIDEO }, 0)
  const after = wideTables(1, { type: 0x1b, pid: 300 }, 1)
  const cuts = cutAll(Buffer.concat([before, keyFrame(VIDEO, 0), after, keyFrame(VIDEO, 1), keyFrame(300, 0)]))
  const access = cuts.filter((cut) => cut.randomAccess)
  t.deepEqual(
    access.map((cut) => pmtOf(cut.payload)?.version),
    [0, 1],
  )
  t.is(errorsOf(joined(cuts)), 0)
})

test('scrambled pictures pass, and begin a chunk where their indicator says so', (t) => {
  const tables = wideTables(0, { type: 0x1b, pid: VIDEO }, 0)
  const source = Buffer.concat([
    tables,
    keyFrame(VIDEO, 0, { scrambled: true }),
    keyFrame(VIDEO, 1, { scrambled: true, randomAccess: true }),
  ])
  const cuts = cutAll(source)
  t.deepEqual(
    cuts.map((cut) => cut.randomAccess),
    [false, true],
  )
  t.true(withoutPids(joined(cuts), new Set([0, 100])).equals(withoutPids(source, new Set([0, 100]))))
})

test('any packets at all are cut into whole chunks, and none but tables is changed or lost', (t) => {
  const packet = fc.record({
    pid: fc.constantFrom(0, 100, VIDEO, 1000, 0x1fff),
    counter: fc.nat({ max: 15 }),
    randomAccess: fc.boolean(),
    scrambled: fc.boolean(),
    kind: fc.constantFrom('key', 'start', 'more'),
  })
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 900 }), (packets) => {
        const made = packets.map(({ kind, ...fields }) =>
          packetOf({ ...fields, ...(kind === 'more' ? {} : { pts: 0, body: h264(kind === 'key') }) }),
        )
        const source = Buffer.concat([wideTables(0, { type: 0x1b, pid: VIDEO }, 0), ...made])
        const cuts = cutAll(source)
        const tables = new Set([0, 100])
        return (
          cuts.every(({ payload }) => payload.length > 0 && payload.length <= MAX_PAYLOAD_BYTES && payload.length % PACKET_BYTES === 0) &&
          cuts.every(({ randomAccess, payload }) => !randomAccess || pmtOf(payload) !== undefined) &&
          withoutPids(joined(cuts), tables).equals(withoutPids(source, tables))
        )
      }),
      { numRuns: 60 },
    ),
  )
})
