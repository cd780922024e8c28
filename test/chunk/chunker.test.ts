import test from 'ava'
import { readFile } from 'node:fs/promises'
import { MAX_PAYLOAD_BYTES } from '../../relay/chunk/chunk.ts'
import { createChunker, FLUSH_MS, type ChunkCut } from '../../relay/chunk/chunker.ts'
import { createContinuityCheck } from '../../relay/media/continuity.ts'
import { pmtOf } from '../../relay/media/programme.ts'
import { createAccessDetector } from '../../relay/media/random-access.ts'
import { accessTrack } from '../../relay/media/tracks.ts'
import { PACKET_BYTES, pidOf, startsUnit } from '../../relay/media/ts-packet.ts'
import { fakeClock } from '../harness/clock.ts'
import { capture, made } from '../harness/media.ts'

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
