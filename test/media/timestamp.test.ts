import test from 'ava'
import fc from 'fast-check'
import { PCR_WRAP, PTS_WRAP, readPcr, readPesTimes, ticksBetween } from '../../relay/media/timestamp.ts'
import { PACKET_BYTES } from '../../relay/media/ts-packet.ts'
import { packetOf } from '../harness/ts.ts'

test('a PCR is read as it was written', (t) => {
  fc.assert(
    fc.property(fc.nat({ max: PTS_WRAP - 1 }), fc.nat({ max: 299 }), (base, extension) => {
      t.is(readPcr(packetOf({ pid: 256, pcr: base * 300 + extension }), 0), base * 300 + extension)
    }),
  )
})

test('the times of a PES packet are read as they were written', (t) => {
  fc.assert(
    fc.property(fc.nat({ max: PTS_WRAP - 1 }), fc.nat({ max: PTS_WRAP - 1 }), (pts, dts) => {
      t.deepEqual(readPesTimes(packetOf({ pid: 256, pts, dts }), 0), { pts, dts })
      t.deepEqual(readPesTimes(packetOf({ pid: 256, pts }), 0), { pts, dts: pts })
    }),
  )
})

test('a packet without times has none', (t) => {
  t.is(readPcr(packetOf({ pid: 256 }), 0), undefined)
  t.is(readPesTimes(packetOf({ pid: 256 }), 0), undefined)
  t.notThrows(() =>
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: PACKET_BYTES, maxLength: PACKET_BYTES }),
        (bytes) => void [readPcr(bytes, 0), readPesTimes(bytes, 0)],
      ),
    ),
  )
})

test('the way from one time to another is the short one, across the wrap too', (t) => {
  fc.assert(
    fc.property(fc.nat({ max: PTS_WRAP - 1 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), (from, step) => {
      const to = (((from + step) % PTS_WRAP) + PTS_WRAP) % PTS_WRAP
      t.is(ticksBetween(from, to, PTS_WRAP), step)
      t.is(ticksBetween(from * 300, to * 300, PCR_WRAP), step * 300)
    }),
  )
})
