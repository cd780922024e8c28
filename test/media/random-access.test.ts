import test from 'ava'
import fc from 'fast-check'
import { createAccessDetector, type AccessRule } from '../../relay/media/random-access.ts'
import { h264, packetOf, type PacketFields } from '../harness/ts.ts'

const verdictOf = (rule: AccessRule, first: Partial<PacketFields>, ...more: readonly Uint8Array[]) => {
  const detector = createAccessDetector(rule)
  let verdict = detector.begin(packetOf({ pid: 256, pts: 0, ...first }), 0)
  for (const body of more) if (verdict === 'undecided') verdict = detector.more(packetOf({ pid: 256, body }), 0)
  return verdict
}
const bytes = (...parts: readonly (readonly number[])[]): Uint8Array => Uint8Array.from(parts.flat())
const SPS = [0, 0, 1, 0x67, 0x42]
const I_SLICE = [0, 0, 1, 0x41, 0b1011_0000] // first_mb 0, slice_type 2
const P_SLICE = [0, 0, 1, 0x41, 0b1100_0000] // first_mb 0, slice_type 0
const P_SLICES = [0, 0, 1, 0x41, 0b1001_1000] // first_mb 0, slice_type 5
const I_SLICES = [0, 0, 1, 0x41, 0b1000_1000] // first_mb 0, slice_type 7

test('H.264 can start at an IDR frame, at an intra picture and at a recovery point, with its parameters', (t) => {
  t.is(verdictOf('h264', { body: h264(true) }), 'access')
  t.is(verdictOf('h264', { body: h264(false) }), 'other')
  t.is(verdictOf('h264', { body: bytes(SPS, I_SLICE) }), 'access')
  t.is(verdictOf('h264', { body: bytes(SPS, I_SLICES) }), 'access')
  t.is(verdictOf('h264', { body: bytes(SPS, P_SLICE) }), 'other')
  t.is(verdictOf('h264', { body: bytes(SPS, P_SLICES) }), 'other')
  t.is(verdictOf('h264', { body: bytes(I_SLICE) }), 'other')
  const recovery = [0, 0, 1, 0x06, 1, 2, 0, 0, 6, 1, 0xc4, 0x80] // pic_timing, then recovery_point
  t.is(verdictOf('h264', { body: bytes(SPS, recovery, P_SLICE) }), 'access')
  const userData = [0, 0, 1, 0x06, 5, 3, 6, 6, 6, 0x80]
  t.is(verdictOf('h264', { body: bytes(SPS, userData, P_SLICE) }), 'other')
})

test('HEVC can start at IRAP pictures with their parameters', (t) => {
  const sps = [0, 0, 1, 33 << 1, 1]
  for (const type of [16, 19, 20, 21]) t.is(verdictOf('hevc', { body: bytes(sps, [0, 0, 1, type << 1, 1]) }), 'access')
  for (const type of [0, 1, 9]) t.is(verdictOf('hevc', { body: bytes(sps, [0, 0, 1, type << 1, 1]) }), 'other')
  t.is(verdictOf('hevc', { body: bytes([0, 0, 1, 19 << 1, 1]) }), 'other')
})

test('MPEG-2 can start at an intra picture behind a sequence header', (t) => {
  const sequence = [0, 0, 1, 0xb3, 1, 2, 3]
  t.is(verdictOf('mpeg2video', { body: bytes(sequence, [0, 0, 1, 0, 0, 1 << 3]) }), 'access')
  t.is(verdictOf('mpeg2video', { body: bytes(sequence, [0, 0, 1, 0, 0, 2 << 3]) }), 'other')
  t.is(verdictOf('mpeg2video', { body: bytes([0, 0, 1, 0, 0, 1 << 3]) }), 'other')
})

test('what cannot be read is decided by its indicator', (t) => {
  t.is(verdictOf('h264', { body: h264(true), scrambled: true }), 'other')
  t.is(verdictOf('h264', { body: h264(false), scrambled: true, randomAccess: true }), 'access')
  t.is(verdictOf('indicator', { randomAccess: true }), 'access')
  t.is(verdictOf('indicator', {}), 'other')
  t.is(verdictOf('audio', {}), 'access')
})

test('a slice that comes some packets later is found', (t) => {
  const sei = bytes(SPS, [0, 0, 1, 0x06, 5, 0xff, 0xff, 1])
  const filler = new Uint8Array(184).fill(0x55)
  t.is(verdictOf('h264', { body: sei, fill: 0x55 }, filler, filler, bytes([0, 0, 1, 0x65, 0x88])), 'access')
})

test('start codes are found wherever the packets are split', (t) => {
  const picture = h264(true)
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: picture.length - 1 }), (cut) => {
        // Adaptation fields of all sizes push the picture towards the end of the packet; here the payload itself is cut short.
        const detector = createAccessDetector('h264')
        const head = new Uint8Array(184 - 14 - cut).fill(0x55)
        const first = packetOf({ pid: 256, pts: 0, body: bytes([...head], [...picture.subarray(0, cut)]) })
        const verdict = detector.begin(first, 0)
        if (verdict !== 'undecided') return false
        return detector.more(packetOf({ pid: 256, body: picture.subarray(cut) }), 0) === 'access'
      }),
    ),
  )
})

test('garbage gives a verdict in the end and never throws', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(
        fc.constantFrom<AccessRule>('h264', 'hevc', 'mpeg2video'),
        fc.array(fc.uint8Array({ minLength: 188, maxLength: 188 }), { minLength: 2 }),
        (rule, packets) => {
          const detector = createAccessDetector(rule)
          for (const [at, packet] of packets.entries()) {
            if (at === 0) detector.begin(packet, 0)
            else detector.more(packet, 0)
          }
          return detector.giveUp() !== undefined
        },
      ),
    ),
  )
})
