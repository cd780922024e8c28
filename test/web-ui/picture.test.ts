import test from 'ava'
import fc from 'fast-check'
import type { Track } from '../../relay/http/schemas.ts'
import { aheadOf, byteAt, planPicture, planSource, playsAsIs, retryPause, sourceUrl, type Support } from '../../web-ui/state/picture.ts'

const CHROME: Support = { mpegts: true, mse: true, nativeHls: false, hevc: false, ac3: false, eac3: false }
const IPHONE: Support = { ...CHROME, mpegts: false, mse: false, nativeHls: true }
const NOTHING: Support = { ...CHROME, mpegts: false, mse: false }

const tracks = (video: string | undefined, ...audio: readonly string[]): Track[] => [
  ...(video === undefined ? [] : [{ kind: 'video' as const, codec: video, pid: 256 }]),
  ...audio.map((codec, at) => ({ kind: 'audio' as const, codec, pid: 257 + at })),
  { kind: 'subtitle', codec: 'dvb_subtitle', pid: 300 },
]

const asIs = test.macro((t, video: string | undefined, audio: string, support: Support, expected: boolean) => {
  t.is(playsAsIs(tracks(video, audio), support), expected)
})
test('a browser plays H.264 with AAC as it is', asIs, 'h264', 'aac', CHROME, true)
test('a browser plays H.264 with MP3 as it is', asIs, 'h264', 'mp3', CHROME, true)
test('a browser plays a radio channel with AAC as it is', asIs, undefined, 'aac', CHROME, true)
test('MPEG-2 pictures are converted', asIs, 'mpeg2video', 'aac', CHROME, false)
test('MPEG audio layer 2 is converted', asIs, 'h264', 'mp2', CHROME, false)
test('E-AC-3 is converted where the browser lacks it', asIs, 'h264', 'eac3', CHROME, false)
test('E-AC-3 is left where the browser has it', asIs, 'h264', 'eac3', { ...CHROME, eac3: true }, true)
test('HEVC is converted where the browser lacks it', asIs, 'hevc', 'aac', CHROME, false)
test('HEVC is left where the browser has it', asIs, 'hevc', 'aac', { ...CHROME, hevc: true }, true)
test('a codec that nobody knows is converted', asIs, 'type-0x99', 'aac', CHROME, false)

test('the first sound track decides, as it is the one that a browser plays', (t) => {
  t.true(playsAsIs(tracks('h264', 'aac', 'ac3'), CHROME))
  t.false(playsAsIs(tracks('h264', 'ac3', 'aac'), CHROME))
})

test('while the tracks are not known the original is tried', (t) => {
  t.deepEqual(planSource([], CHROME, false, 0), { kind: 'mpegts', profile: undefined })
})

test('what the browser refused to decode is asked for converted', (t) => {
  t.deepEqual(planSource([], CHROME, true, 0), { kind: 'mpegts', profile: 'h264' })
  t.deepEqual(planSource(tracks('mpeg2video', 'mp2'), CHROME, false, 0), { kind: 'mpegts', profile: 'h264' })
})

test('without Media Source Extensions the browser plays HLS itself; without both nothing does', (t) => {
  t.is(planSource(tracks('h264', 'aac'), IPHONE, false, 0).kind, 'hls-native')
  t.is(planSource(tracks('h264', 'aac'), NOTHING, false, 0).kind, 'none')
})

test('when mpegts.js has stumbled again and again, HLS is tried', (t) => {
  t.is(planSource(tracks('h264', 'aac'), CHROME, false, 2).kind, 'mpegts')
  t.is(planSource(tracks('h264', 'aac'), CHROME, false, 3).kind, 'hls-js')
})

test('addresses carry the slug and the profile', (t) => {
  t.is(sourceUrl({ kind: 'mpegts', profile: undefined }, { slug: 'harbour' }), '/live/harbour.ts')
  t.is(sourceUrl({ kind: 'mpegts', profile: 'h264' }, { slug: 'a b' }), '/live/a%20b.ts?profile=h264')
  t.is(sourceUrl({ kind: 'hls-native', profile: 'h264' }, { slug: 'x' }), '/live/x/index.m3u8?profile=h264')
})

const view = (currentTime: number, buffered: readonly (readonly [number, number])[], stillMs = 0, paused = false) => ({
  currentTime,
  buffered: buffered.map(([start, end]) => ({ start, end })),
  paused,
  stillMs,
})

test('a picture that plays close to the live edge is left alone', (t) => {
  t.deepEqual(planPicture(view(10, [[0, 12]])), { kind: 'none' })
  t.deepEqual(planPicture(view(0, [])), { kind: 'none' })
})

test('a picture far behind jumps close to the live edge', (t) => {
  t.deepEqual(planPicture(view(10, [[0, 30]])), { kind: 'jump', to: 28.5 })
})

test('a hole in the buffer is jumped, after a moment for late data', (t) => {
  const hole = [
    [0, 10],
    [11, 13],
  ] as const
  t.deepEqual(planPicture(view(10, hole, 200)), { kind: 'none' })
  t.deepEqual(planPicture(view(10, hole, 900)), { kind: 'jump', to: 11.05 })
})

test('a picture that stands still for long is opened anew', (t) => {
  t.deepEqual(planPicture(view(10, [[0, 10.1]], 11_000)), { kind: 'restart' })
  t.deepEqual(planPicture(view(10, [], 11_000)), { kind: 'restart' })
})

test('a paused picture is left alone', (t) => {
  t.deepEqual(planPicture(view(10, [[0, 99]], 60_000, true)), { kind: 'none' })
})

test('a jump never leaves the buffer and always goes forward', (t) => {
  const ranges = fc
    .array(fc.tuple(fc.double({ min: 0.1, max: 40, noNaN: true }), fc.double({ min: 0, max: 5, noNaN: true })), { maxLength: 5 })
    .map((parts) => {
      let at = 0
      return parts.map(([length, gap]) => {
        const start = at + gap
        at = start + length
        return [start, at] as const
      })
    })
  fc.assert(
    fc.property(ranges, fc.double({ min: 0, max: 100, noNaN: true }), fc.nat(20_000), (buffered, at, still) => {
      const step = planPicture(view(at, buffered, still))
      return step.kind !== 'jump' || (step.to > at && buffered.some(([start, end]) => step.to >= start && step.to <= end + 0.05))
    }),
  )
  t.pass()
})

test('what has arrived and is not yet shown is told in seconds, and is nothing without a buffer', (t) => {
  t.is(aheadOf(view(10, [[0, 12]])), 2)
  t.is(aheadOf(view(10, [[0, 9]])), 0)
  t.is(aheadOf(view(10, [])), 0)
})

test('a place in a recording is a whole packet within the file', (t) => {
  t.is(byteAt(30, 60, 188 * 100), 188 * 50)
  t.is(byteAt(5, 0, 1000), 0)
  fc.assert(
    fc.property(fc.double({ min: -10, max: 1e5, noNaN: true }), fc.nat(1e5), fc.nat(2 ** 31 - 1), (at, duration, bytes) => {
      const byte = byteAt(at, duration, bytes)
      return byte >= 0 && byte <= bytes && byte % 188 === 0
    }),
  )
})

test('pauses between tries grow, to a limit', (t) => {
  const pauses = Array.from({ length: 9 }, (_, attempt) => retryPause(attempt))
  t.deepEqual(
    pauses,
    [...pauses].sort((a, b) => a - b),
  )
  t.is(pauses[8], 8_000)
})
