import test from 'ava'
import fc from 'fast-check'
import { createPacketSync, SNIFF_BYTES, sniffTransportStream, type PacketLayout } from '../../relay/media/ts-sync.ts'
import { PACKET_BYTES } from '../../relay/media/ts-packet.ts'
import { packetOf } from '../harness/ts.ts'

const packets = (count: number): Uint8Array =>
  Buffer.concat(Array.from({ length: count }, (_, at) => packetOf({ pid: 256, counter: at & 15, fill: at & 0x3f })))
/** Packets with 4 bytes before each, or 16 behind. */
const spaced = (plain: Uint8Array, stride: 192 | 204): Buffer => {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < plain.length; at += PACKET_BYTES) {
    const packet = plain.subarray(at, at + PACKET_BYTES)
    pieces.push(...(stride === 192 ? [Buffer.from([0, 0, 0, at & 0x3f]), packet] : [packet, new Uint8Array(16)]))
  }
  return Buffer.concat(pieces)
}
interface Framed {
  readonly bytes: Uint8Array
  readonly layout: PacketLayout
}
const alignAll = (layout: PacketLayout, pieces: readonly Uint8Array[]) => {
  const sync = createPacketSync(layout)
  const whole = Buffer.concat(pieces.map((piece) => sync.align(piece)))
  return { whole, losses: sync.losses, skippedBytes: sync.skippedBytes }
}
/** `bytes` in pieces that end at the given places. */
const split = (bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const places = [0, ...cuts.map((cut) => cut % bytes.length).toSorted((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, at) => bytes.subarray(places[at], end))
}

test('packets of 188, 192 and 204 bytes are known, and what is none is not', (t) => {
  const plain = packets(20)
  t.deepEqual(sniffTransportStream(plain, false), { stride: 188, start: 0 })
  t.deepEqual(sniffTransportStream(plain.subarray(100), false), { stride: 188, start: 88 })
  t.deepEqual(sniffTransportStream(spaced(plain, 192), false), { stride: 192, start: 4 })
  t.deepEqual(sniffTransportStream(spaced(plain, 204), false), { stride: 204, start: 0 })
  t.is(sniffTransportStream(new Uint8Array(SNIFF_BYTES), true), undefined)
  t.is(sniffTransportStream(new TextEncoder().encode('#EXTM3U\n'.repeat(300)), true), undefined)
  t.is(sniffTransportStream(new Uint8Array(0), true), undefined)
})

test('three packets are a transport stream only when nothing follows', (t) => {
  t.is(sniffTransportStream(packets(3), false), undefined)
  t.deepEqual(sniffTransportStream(packets(3), true), { stride: 188, start: 0 })
})

test('packets come out whole, however the bytes are split', (t) => {
  const plain = packets(30)
  const sources: readonly [Framed, Framed, Framed] = [
    { bytes: plain, layout: { stride: 188, start: 0 } },
    { bytes: spaced(plain, 192), layout: { stride: 192, start: 4 } },
    { bytes: spaced(plain, 204), layout: { stride: 204, start: 0 } },
  ]
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 2), fc.array(fc.nat(), { maxLength: 20 }), (which, cuts) => {
        const { bytes, layout } = sources[which]
        const { whole, losses } = alignAll(layout, split(bytes, cuts))
        return whole.equals(plain) && losses === 0
      }),
    ),
  )
})

test('aligned bytes are passed on without a copy', (t) => {
  const plain = packets(4)
  t.is(createPacketSync({ stride: 188, start: 0 }).align(plain), plain)
})

test('lost sync is found again and counted', (t) => {
  const plain = packets(30)
  const damaged = Buffer.concat([plain.subarray(0, 10 * PACKET_BYTES), new Uint8Array(100), plain.subarray(10 * PACKET_BYTES)])
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 10 }), (cuts) => {
        const { whole, losses, skippedBytes } = alignAll({ stride: 188, start: 0 }, split(damaged, cuts))
        return whole.equals(plain) && losses === 1 && skippedBytes === 100
      }),
    ),
  )
})

test('after a reset an incomplete packet is forgotten', (t) => {
  const plain = packets(4)
  const sync = createPacketSync({ stride: 188, start: 0 })
  t.is(sync.align(plain.subarray(0, 200)).length, PACKET_BYTES)
  sync.reset()
  t.deepEqual(Buffer.from(sync.align(plain)), Buffer.from(plain))
  t.is(sync.losses, 0)
})
