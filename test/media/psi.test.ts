import test from 'ava'
import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { crc32 } from '../../relay/media/crc32.ts'
import { buildPat, buildPmt, parsePat, parsePmt, type Pat, type Pmt } from '../../relay/media/psi.ts'
import { createSectionReader, packSection } from '../../relay/media/sections.ts'
import { createContinuityCheck } from '../../relay/media/continuity.ts'
import { PACKET_BYTES, setCounter } from '../../relay/media/ts-packet.ts'
import { packetOf } from '../harness/ts.ts'

const pid = fc.integer({ min: 0x10, max: 0x1ffe })
const program = fc.integer({ min: 1, max: 0xffff })
const version = fc.integer({ min: 0, max: 31 })
const descriptors = fc.uint8Array({ maxLength: 40 })

const pats: fc.Arbitrary<Pat> = fc.record(
  {
    transportStreamId: fc.integer({ min: 0, max: 0xffff }),
    version,
    current: fc.boolean(),
    section: fc.integer({ min: 0, max: 255 }),
    lastSection: fc.integer({ min: 0, max: 255 }),
    programs: fc.array(fc.record({ program, pmtPid: pid }, { noNullPrototype: true }), { maxLength: 40 }),
    networkPid: fc.option(pid, { nil: undefined }),
  },
  { noNullPrototype: true },
)
const pmts: fc.Arbitrary<Pmt> = fc.record({
  program,
  version,
  current: fc.boolean(),
  pcrPid: pid,
  descriptors,
  streams: fc.array(fc.record({ type: fc.integer({ min: 0, max: 255 }), pid, descriptors }), { maxLength: 20 }),
})

/** Sections that a reader gets out of packets. */
const readBack = (packets: Uint8Array): Uint8Array[] => {
  const sections: Uint8Array[] = []
  const reader = createSectionReader((section) => sections.push(Uint8Array.from(section)))
  for (let at = 0; at < packets.length; at += PACKET_BYTES) reader.push(packets, at)
  return sections
}

test('the CRC is that of MPEG-2', (t) => {
  t.is(crc32(new TextEncoder().encode('123456789')), 0x0376_e6e7)
})

test('a programme association table comes back as it was', (t) => {
  t.notThrows(() => fc.assert(fc.property(pats, (pat) => isDeepStrictEqual(parsePat(buildPat(pat)), pat))))
})

test('a programme map table comes back as it was, also from packets', (t) => {
  fc.assert(
    fc.property(pmts, pid, (pmt, onPid) => {
      const section = buildPmt(pmt)
      t.is(crc32(section), 0)
      const [back, ...more] = readBack(packSection(section, onPid))
      t.is(more.length, 0)
      t.deepEqual(back && parsePmt(back), pmt)
    }),
  )
})

test('a table of another kind or with contradictory lengths is none', (t) => {
  const pmt = buildPmt({
    program: 1,
    version: 0,
    current: true,
    pcrPid: 256,
    descriptors: new Uint8Array(0),
    streams: [{ type: 2, pid: 256, descriptors: new Uint8Array(3) }],
  })
  t.is(parsePat(pmt), undefined)
  t.is(parsePmt(pmt.subarray(0, pmt.length - 1)), undefined)
  const wrong = Uint8Array.from(pmt)
  wrong[11] = 0xff // program_info_length beyond the section
  t.is(parsePmt(wrong), undefined)
  t.notThrows(() => fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void [parsePat(bytes), parsePmt(bytes)])))
})

test('a table that is too large is not built', (t) => {
  const streams = Array.from({ length: 300 }, (_, at) => ({ type: 2, pid: 256 + at, descriptors: new Uint8Array(0) }))
  t.throws(() => buildPmt({ program: 1, version: 0, current: true, pcrPid: 256, descriptors: new Uint8Array(0), streams }), {
    instanceOf: RangeError,
  })
})

const sectionOf = (streams: number): Uint8Array =>
  buildPmt({
    program: 7,
    version: 1,
    current: true,
    pcrPid: 256,
    descriptors: new Uint8Array(0),
    streams: Array.from({ length: streams }, (_, at) => ({ type: 6, pid: 300 + at, descriptors: new Uint8Array(20).fill(at) })),
  })
const renumbered = (...runs: readonly Uint8Array[]): Uint8Array => {
  const packets = Uint8Array.from(Buffer.concat(runs))
  for (let at = 0; at < packets.length; at += PACKET_BYTES) setCounter(packets, at, at / PACKET_BYTES)
  return packets
}

test('the packets of a long section count on', (t) => {
  const packets = packSection(sectionOf(30), 100)
  t.true(packets.length > 3 * PACKET_BYTES)
  const check = createContinuityCheck()
  check.push(packets)
  t.is(check.errors, 0)
})

test('a section of which a packet is missing is left out, and the next one is read', (t) => {
  const long = packSection(sectionOf(30), 100)
  const packets = renumbered(long, long)
  const damaged = Buffer.concat([packets.subarray(0, PACKET_BYTES), packets.subarray(2 * PACKET_BYTES)])
  t.deepEqual(readBack(damaged), [sectionOf(30)])
})

test('a section with a wrong bit is left out', (t) => {
  const packets = packSection(sectionOf(2), 100)
  packets[20] = (packets[20] as number) ^ 1
  t.deepEqual(readBack(packets), [])
})

test('a packet that is sent twice does no harm', (t) => {
  const packets = packSection(sectionOf(30), 100)
  const twice = Buffer.concat([packets.subarray(0, 2 * PACKET_BYTES), packets.subarray(PACKET_BYTES)])
  t.deepEqual(readBack(twice), [sectionOf(30)])
})

/** Sections one right after the other: a packet in which one begins says where (ISO/IEC 13818-1, section 2.4.4.2). */
const packTight = (sections: readonly Uint8Array[], pid: number): Uint8Array => {
  const bytes = Buffer.concat(sections)
  const starts = sections.map((_, at) => sections.slice(0, at).reduce((sum, section) => sum + section.length, 0))
  const packets: Uint8Array[] = []
  for (let from = 0; from < bytes.length;) {
    const begins = starts.find((start) => start >= from && start <= from + PACKET_BYTES - 5)
    const body = bytes.subarray(from, from + PACKET_BYTES - (begins === undefined ? 4 : 5))
    from += body.length
    const pointer = begins === undefined ? [] : [begins - (from - body.length)]
    packets.push(packetOf({ pid, counter: packets.length & 15, start: begins !== undefined, body: Uint8Array.from([...pointer, ...body]) }))
  }
  return Buffer.concat(packets)
}

test('sections that follow each other within packets are all read', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 8 }), (sizes) => {
      const sections = sizes.map(sectionOf)
      t.deepEqual(readBack(packTight(sections, 100)), sections)
    }),
  )
})

test('a section that says it is empty is passed over, and the next one is read', (t) => {
  const empty = Uint8Array.of(0x02, 0x30, 0)
  t.deepEqual(readBack(packTight([empty, sectionOf(1)], 100)).at(-1), sectionOf(1))
})

test('garbage makes no section and never throws', (t) => {
  t.notThrows(() => fc.assert(fc.property(fc.uint8Array({ minLength: 940, maxLength: 940 }), (bytes) => readBack(bytes).length === 0)))
})
