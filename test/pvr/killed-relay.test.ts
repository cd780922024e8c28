/** The recorder in a real process that is killed by SIGKILL, in real time. */
import test, { type ExecutionContext } from 'ava'
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { MediaChunk } from '../../relay/chunk/chunk.ts'
import { createContinuityCheck } from '../../relay/media/continuity.ts'
import { FLUSH_MS } from '../../relay/pvr/capture.ts'
import type { Recording } from '../../relay/pvr/recording.ts'
import { nextInt, seededRandom } from '../../relay/random.ts'
import { probeStreams } from '../harness/media.ts'
import { CHUNK_MS, chunksOf } from './media-chunks.ts'

const run = promisify(execFile)
const RELAY = new URL('recording-relay.ts', import.meta.url).pathname
const PACKET = 188
/** Long enough for a busy machine to kill the relay before it is over. */
const PLANNED_MS = 3_000

type Seen = Recording & { readonly path?: string }
interface Line {
  readonly began: number
  readonly list: readonly Seen[]
}

const setUp = async (t: ExecutionContext) => {
  const data = await mkdtemp(join(tmpdir(), 'tributary-killed-'))
  t.teardown(() => rm(data, { recursive: true, force: true }))
  const media = join(data, 'media.ts')
  const inputs = [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=320x180:rate=25:duration=60',
    '-f',
    'lavfi',
    '-i',
    'sine=sample_rate=48000:duration=60',
  ]
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-g', '25']
  await run('ffmpeg', ['-v', 'error', ...inputs, ...video, '-c:a', 'aac', '-muxdelay', '0', '-muxpreload', '0', '-f', 'mpegts', media])
  return { data, media }
}

/** Starts the relay; `seen` grows with what it tells. */
const startRelay = (t: ExecutionContext, args: readonly string[]) => {
  const child = spawn(process.execPath, [RELAY, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const seen: Line[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    seen.push(JSON.parse(line) as Line)
    for (const look of waiting) look()
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const until = (holds: (recording: Seen) => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const recording = seen.at(-1)?.list[0]
        if (recording === undefined || !holds(recording)) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
      ended.then(() => reject(new Error('the relay ended before that'))).catch(() => {}) // `ended` never rejects
    })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  return { seen, ended, until, kill }
}

/** One unbroken run of chunks in a recording; the last may be torn. */
interface Run {
  readonly first: MediaChunk
  readonly last: MediaChunk
  readonly bytes: Uint8Array
}

/** How many bytes at `at` are the same as the payload's first ones, in whole packets. */
const sameBytes = (file: Uint8Array, at: number, payload: Uint8Array): number => {
  let same = 0
  while (same < payload.length && at + same < file.length && file[at + same] === payload[same]) same += 1
  return same - (same % PACKET)
}

/** Takes a recording apart: every byte must be the channel's, in order, and each run begins with a random access point. */
function runsOf(file: Uint8Array, chunks: readonly MediaChunk[]): Run[] {
  const runs: Run[] = []
  let at = 0
  let next = 0
  while (at < file.length) {
    const start = chunks.findIndex(
      ({ randomAccess, payload }, index) =>
        index >= next && randomAccess && sameBytes(file, at, payload) === Math.min(payload.length, file.length - at),
    )
    if (start === -1) throw new Error(`what stands at byte ${at} of the recording is not the channel's, or comes twice`)
    const began = at
    let last = start
    for (let index = start; index < chunks.length && at < file.length; index += 1) {
      const { payload } = chunks[index] as MediaChunk
      const same = sameBytes(file, at, payload)
      if (same === 0) break
      last = index
      at += same
      if (same < payload.length) break
    }
    runs.push({ first: chunks[start] as MediaChunk, last: chunks[last] as MediaChunk, bytes: file.subarray(began, at) })
    next = last + 1
  }
  return runs
}

test('a relay killed at any moment goes on in the same entry and file, and lists each gap with its times', async (t) => {
  t.timeout(60_000)
  const { data, media } = await setUp(t)
  const seed = Date.now() % 1_000_000
  t.log(`seed ${seed}`)
  const random = seededRandom(seed)
  let began = 'now'
  for (const kill of [1, 2, 3, 4]) {
    const relay = startRelay(t, [data, media, began])
    // The first time something must be there; later any moment will do.
    if (kill === 1) await relay.until((recording) => recording.bytes > 0)
    else await relay.until(() => true)
    began = String(relay.seen[0]?.began)
    await sleep(nextInt(random, FLUSH_MS + 400))
    await relay.kill()
    if (kill === 2) await sleep(20 * CHUNK_MS)
  }
  const relay = startRelay(t, [data, media, began])
  t.is(await relay.ended, 0)
  const list = relay.seen.at(-1)?.list ?? []
  const chunks = chunksOf(media, Number(began))
  t.is(list.length, 1)
  const recording = list[0] as Seen
  t.deepEqual(recording.capture, { kind: 'done', reason: 'off-air' })

  const file = await readFile(recording.path ?? '')
  t.is(file.length, recording.bytes)
  const runs = runsOf(file, chunks)
  t.is(runs.at(-1)?.last.sequence, chunks.at(-1)?.sequence, 'the recording goes on to the end')
  t.is(recording.gaps.length, runs.length - 1, 'each seam is listed, and nothing else')
  t.true(recording.gaps.length > 0)
  for (const [index, gap] of recording.gaps.entries()) {
    const before = (runs[index] as Run).last.time
    t.is(gap.cause, 'relay-stopped')
    t.is(Date.parse(gap.ended), (runs[index + 1] as Run).first.time)
    t.true(Math.abs(Date.parse(gap.began) - before) <= FLUSH_MS, `a gap that began at ${before} is listed from ${gap.began}`)
  }
  const missing = recording.gaps.reduce((sum, gap) => sum + Date.parse(gap.ended) - Date.parse(gap.began), 0)
  const whole = (runs.at(-1) as Run).last.time - (runs[0] as Run).first.time
  t.true(Math.abs(recording.duration * 1000 - (whole - missing)) <= CHUNK_MS)

  const continuity = createContinuityCheck()
  for (const { bytes } of runs) {
    continuity.push(bytes)
    continuity.discontinue()
  }
  t.is(continuity.errors, 0, 'but for the gaps not a packet is missing')
  t.deepEqual((await probeStreams(file)).toSorted(), ['audio aac', 'video h264'])
  const decoded = await run('ffmpeg', ['-v', 'fatal', '-i', recording.path ?? '', '-f', 'null', '-'])
  t.is(decoded.stderr, '')
})

test('a recording whose planned end passes while the relay is dead is closed at its next start', async (t) => {
  t.timeout(60_000)
  const { data, media } = await setUp(t)
  const first = startRelay(t, [data, media, 'now', String(PLANNED_MS)])
  await first.until((recording) => recording.bytes > 0)
  await first.kill()
  const began = first.seen[0]?.began ?? 0
  const until = Date.parse(first.seen.at(-1)?.list[0]?.until ?? '')
  await sleep(Math.max(until - Date.now(), 0) + 100)
  const second = startRelay(t, [data, media, String(began)])
  t.is(await second.ended, 0)
  const recording = second.seen.at(-1)?.list[0] as Seen
  t.like(recording, { capture: { kind: 'done', reason: 'relay-stopped' }, ended: new Date(until).toISOString() })
  t.is(recording.gaps.length, 1)
  t.like(recording.gaps[0], { cause: 'relay-stopped', ended: new Date(until).toISOString() })
  const file = await readFile(recording.path ?? '')
  t.true(file.length > 0)
  const runs = runsOf(file, chunksOf(media, began))
  t.is(runs.length, 1)
  t.true(Math.abs(Date.parse(recording.gaps[0]?.began ?? '') - (runs[0] as Run).last.time) <= FLUSH_MS)
})
