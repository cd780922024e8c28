import test from 'ava'
import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { createContinuityCheck } from '../../relay/media/continuity.ts'
import { pmtOf } from '../../relay/media/programme.ts'
import { accessTrack, tracksOf } from '../../relay/media/tracks.ts'
import { PACKET_BYTES, pidOf } from '../../relay/media/ts-packet.ts'
import { startBroadcaster, type Broadcaster } from '../harness/broadcaster.ts'
import { capture, made, probeStreams, type Capture } from '../harness/media.ts'
import { madeStream, VIDEO_PID } from '../harness/ts.ts'

const payloads = (broadcaster: Broadcaster): Buffer => Buffer.concat(broadcaster.collected.map(({ chunk }) => chunk.payload))
/** The packets whose PIDs are, or are not, among those given. */
const packetsOf = (bytes: Uint8Array, pids: ReadonlySet<number>, isWanted: boolean): Buffer => {
  const kept: Uint8Array[] = []
  for (let at = 0; at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
    if (pids.has(pidOf(bytes, at)) === isWanted) kept.push(bytes.subarray(at, at + PACKET_BYTES))
  }
  return Buffer.concat(kept)
}
/** What was sent between two loop points. */
const passesOf = (broadcaster: Broadcaster): Buffer[] => {
  const passes: Uint8Array[][] = []
  for (const { chunk } of broadcaster.collected) {
    if (chunk.discontinuity) passes.push([])
    passes.at(-1)?.push(chunk.payload)
  }
  return passes.map((pieces) => Buffer.concat(pieces))
}
const errorsOf = (bytes: Uint8Array): number => {
  const check = createContinuityCheck()
  check.push(bytes)
  return check.errors
}
const temporary = async (bytes: Uint8Array): Promise<AsyncDisposable & { readonly path: string }> => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-broadcast-'))
  const path = join(folder, 'source.ts')
  await writeFile(path, bytes)
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

const passesOfCount = (broadcaster: Broadcaster): number => broadcaster.collected.filter(({ chunk }) => chunk.discontinuity).length
/** The first PIDs of a payload, each once. */
const startOf = (payload: Uint8Array): number[] => {
  const pids = new Set<number>()
  for (let at = 0; pids.size < 3 && at < payload.length; at += PACKET_BYTES) pids.add(pidOf(payload, at))
  return [...pids]
}

const loopsCapture = test.macro(async (t, name: Capture, program: number, streams: readonly string[]) => {
  const path = capture(name)
  if (path === undefined) {
    t.pass('the captures are not here')
    return
  }
  await using broadcaster = startBroadcaster({ input: path, loop: true })
  let loops = 0
  await broadcaster.play(() => {
    loops = passesOfCount(broadcaster)
    return loops > 3
  })
  broadcaster.stop(new Error('enough'))
  await broadcaster.play()
  const { collected } = broadcaster
  const first = collected.find(({ chunk }) => chunk.randomAccess)?.chunk.payload ?? new Uint8Array(0)
  const pmt = pmtOf(first)
  if (pmt === undefined) {
    t.fail('the first random access point has no tables')
    return
  }
  t.is(pmt.program, program)
  const tables = new Set([0, pidOf(first, PACKET_BYTES)])
  const kept = new Set([pmt.pcrPid, ...pmt.streams.map(({ pid }) => pid)])
  const source = await readFile(path)
  const isMultiplex = name === 'dvb-sd-mux-mpeg2-mp2'
  const expected = isMultiplex ? packetsOf(source, kept, true) : packetsOf(source, tables, false)
  for (const pass of passesOf(broadcaster).slice(0, 3)) {
    t.true(packetsOf(pass, tables, false).equals(expected), 'between two loop points the packets are those of the source')
    t.is(errorsOf(pass), errorsOf(expected))
  }
  for (const { chunk } of collected) {
    if (chunk.randomAccess) t.deepEqual(startOf(chunk.payload), [0, pidOf(first, PACKET_BYTES), accessTrack(pmt)?.pid])
  }
  t.deepEqual(
    collected.map(({ chunk }) => chunk.sequence),
    collected.map((_, at) => (collected[0]?.chunk.sequence ?? 0) + at),
  )
  t.deepEqual(await probeStreams(passesOf(broadcaster)[1] ?? new Uint8Array(0)), streams)
})
test('a clean capture is looped untouched', loopsCapture, 'web-576p-h264-aac', 1, ['audio aac', 'video h264'])
test('a capture that begins in the middle of a GOP is looped untouched', loopsCapture, 'dvb-hd-1080i-h264-eac3', 1031, [
  'video h264',
  'audio eac3',
  'subtitle dvb_subtitle',
])
test('the first programme with video is taken out of a multiplex, untouched', loopsCapture, 'dvb-sd-mux-mpeg2-mp2', 3401, [
  'video mpeg2video',
  'audio mp2',
  'subtitle dvb_teletext',
])

test('from the first byte to the first chunk it takes 250 ms at most, however slow the source', async (t) => {
  const stdin = new PassThrough()
  await using broadcaster = startBroadcaster({ input: '-', stdin })
  const source = madeStream({ seconds: 3 })
  const pictureBytes = source.length / 75
  let sent = 0
  for (let picture = 0; picture < 50; picture += 1) {
    stdin.write(source.subarray(sent, sent + pictureBytes))
    sent += pictureBytes
    const until = broadcaster.clock.monotonic() + 40
    await broadcaster.play(() => broadcaster.clock.monotonic() >= until)
  }
  const arrival = (bytes: number): number => Math.ceil(bytes / pictureBytes) * 40 - 40
  let passed = 0
  for (const { chunk, at } of broadcaster.collected) {
    t.true(at - arrival(passed) <= 250, `chunk ${chunk.sequence} went at ${at} ms, its first packet came at ${arrival(passed)} ms`)
    passed += packetsOf(chunk.payload, new Set([VIDEO_PID]), true).length * (6 / 4)
  }
  t.true((broadcaster.collected[0]?.at ?? Infinity) <= 250)
  t.true(passed > 0)
})

test('the end of the source ends the channel with an empty chunk that says so', async (t) => {
  await using source = await temporary(madeStream({ seconds: 1 }))
  await using broadcaster = startBroadcaster({ input: source.path })
  await broadcaster.play()
  t.is(await broadcaster.ended, undefined)
  const chunks = broadcaster.collected.map(({ chunk }) => chunk)
  t.deepEqual(
    chunks.map(({ header }) => header.ends),
    chunks.map((_, at) => at === chunks.length - 1),
  )
  t.is(chunks.at(-1)?.payload.length, 0)
  t.true(chunks.every(({ header }) => header.epoch === chunks[0]?.sequence))
  t.is(broadcaster.saved, chunks.at(-1)?.sequence ?? -1)
})

test('a broadcast that is stopped ends the channel, and rejects with the reason', async (t) => {
  await using source = await temporary(madeStream({ seconds: 5 }))
  await using broadcaster = startBroadcaster({ input: source.path })
  await broadcaster.play(() => broadcaster.collected.length > 3)
  const reason = new Error('the provider stops')
  broadcaster.stop(reason)
  t.is(await broadcaster.ended, reason)
  t.true(broadcaster.collected.at(-1)?.chunk.header.ends)
})

test('a new run begins after all that was sent before', async (t) => {
  const before = Date.UTC(2030, 0, 1)
  await using source = await temporary(madeStream({ seconds: 1 }))
  await using broadcaster = startBroadcaster({ input: source.path, lastSequence: before })
  await broadcaster.play()
  t.is(broadcaster.collected[0]?.chunk.header.epoch, before + 1)
})

test('a programme is chosen by its number, and the PAT names it alone', async (t) => {
  await using first = startBroadcaster({ input: await made('two-programmes.ts') })
  await first.play()
  await using radio = startBroadcaster({ input: await made('two-programmes.ts'), program: 1 })
  await radio.play()
  t.deepEqual(await probeStreams(payloads(first)), ['video h264', 'audio mp2'])
  t.deepEqual(await probeStreams(payloads(radio)), ['audio mp2'])
  t.is(errorsOf(payloads(first)) + errorsOf(payloads(radio)), 0)
})

test('a programme that is not there is named with those that are', async (t) => {
  await using broadcaster = startBroadcaster({ input: await made('two-programmes.ts'), program: 7 })
  await broadcaster.play()
  t.like(await broadcaster.ended, {
    code: 'programme-not-found',
    message: 'The source has no programme 7; choose one of 1, 2 with --program.',
  })
  t.is(broadcaster.collected.length, 0)
})

test('damage in the source is passed over and told', async (t) => {
  const stream = madeStream({ seconds: 2 })
  const half = 200 * PACKET_BYTES
  await using source = await temporary(Buffer.concat([stream.subarray(0, half), new Uint8Array(77), stream.subarray(half)]))
  await using broadcaster = startBroadcaster({ input: source.path })
  await broadcaster.play()
  t.true(packetsOf(payloads(broadcaster), new Set([VIDEO_PID]), true).equals(packetsOf(stream, new Set([VIDEO_PID]), true)))
  t.true(broadcaster.warnings.some((line) => line.includes('damaged') && line.includes('bytes=77')))
})

test('packets of 204 bytes are sent with 188', async (t) => {
  const stream = madeStream({ seconds: 1 })
  const pieces: Uint8Array[] = []
  for (let at = 0; at < stream.length; at += PACKET_BYTES) pieces.push(stream.subarray(at, at + PACKET_BYTES), new Uint8Array(16))
  await using source = await temporary(Buffer.concat(pieces))
  await using broadcaster = startBroadcaster({ input: source.path })
  await broadcaster.play()
  t.true(packetsOf(payloads(broadcaster), new Set([VIDEO_PID]), true).equals(packetsOf(stream, new Set([VIDEO_PID]), true)))
})

const makesStream = test.macro(async (t, name: Parameters<typeof made>[0], streams: readonly string[], isPiped: boolean) => {
  const path = await made(name)
  await using broadcaster = startBroadcaster(isPiped ? { input: '-', stdin: createReadStream(path) } : { input: path })
  await broadcaster.play()
  t.is(await broadcaster.ended, undefined)
  t.deepEqual(await probeStreams(payloads(broadcaster)), streams)
  const accesses = broadcaster.collected.filter(({ chunk }) => chunk.randomAccess)
  t.true(accesses.length >= 1)
  const pmt = pmtOf(accesses[0]?.chunk.payload ?? new Uint8Array(0))
  t.deepEqual(pmt && tracksOf(pmt).map(({ kind, codec }) => `${kind} ${codec}`), [...streams])
  t.is(errorsOf(payloads(broadcaster)), 0)
  t.is(broadcaster.children, 0)
})
test('an MP4 file is remuxed', makesStream, 'h264-aac.mp4', ['video h264', 'audio aac'], false)
test('a Matroska pipe is remuxed', makesStream, 'h264-aac.mkv', ['video h264', 'audio aac'], true)
test('codecs that no TV takes are encoded', makesStream, 'vp8-vorbis.webm', ['video h264', 'audio aac'], false)
test('a transport stream in a pipe passes', makesStream, 'h264-aac.ts', ['video h264', 'audio aac'], true)

test('an MP4 file is looped without a gap', async (t) => {
  await using broadcaster = startBroadcaster({ input: await made('h264-aac.mp4'), loop: true })
  await broadcaster.play(() => broadcaster.clock.monotonic() > 10_000 && broadcaster.collected.length > 60)
  t.is(passesOfCount(broadcaster), 1)
  t.is(errorsOf(payloads(broadcaster)), 0)
  broadcaster.stop(new Error('enough'))
  await broadcaster.ended
  t.is(broadcaster.children, 0)
})

test('a transport stream without a clock is given one by ffmpeg', async (t) => {
  const stream = await readFile(await made('h264-aac.ts'))
  for (let at = 0; at < stream.length; at += PACKET_BYTES) {
    const hasPcr = ((stream[at + 3] ?? 0) & 0x20) !== 0 && (stream[at + 4] ?? 0) > 0 && ((stream[at + 5] ?? 0) & 0x10) !== 0
    if (hasPcr) stream[at + 5] = (stream[at + 5] ?? 0) & ~0x10
  }
  await using source = await temporary(stream)
  await using broadcaster = startBroadcaster({ input: source.path })
  await broadcaster.play()
  t.is(await broadcaster.ended, undefined)
  t.true(broadcaster.warnings.some((line) => line.includes('no clock')))
  t.true((broadcaster.collected.at(-1)?.at ?? 0) > 2500)
})

test('the test card has a picture and a tone', async (t) => {
  await using broadcaster = startBroadcaster({ input: 'test:?size=320x180&name=One' })
  await broadcaster.play(() => broadcaster.collected.filter(({ chunk }) => chunk.randomAccess).length > 1)
  broadcaster.stop(new Error('enough'))
  await broadcaster.ended
  t.deepEqual(await probeStreams(payloads(broadcaster)), ['video h264', 'audio aac'])
  t.is(broadcaster.children, 0)
})
