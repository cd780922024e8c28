/** Transport stream packets made by hand. */
import { PTS_HZ } from '../../relay/media/timestamp.ts'
import { buildPat, buildPmt, PAT_PID, type Pmt } from '../../relay/media/psi.ts'
import { packSection } from '../../relay/media/sections.ts'
import { PACKET_BYTES, SYNC_BYTE } from '../../relay/media/ts-packet.ts'

export interface PacketFields {
  readonly pid: number
  readonly counter?: number
  /** 27 MHz. */
  readonly pcr?: number
  readonly discontinuity?: boolean
  readonly randomAccess?: boolean
  readonly scrambled?: boolean
  /** @default true */
  readonly payload?: boolean
  /** 90 kHz: a PES packet begins. */
  readonly pts?: number
  readonly dts?: number
  /** What the payload, or the PES packet, begins with. */
  readonly body?: Uint8Array
  /** Begins a unit, without a PES header. */
  readonly start?: boolean
  /** The byte that fills the rest. @default 0xff */
  readonly fill?: number
}

const time33 = (mark: number, time: number): number[] => {
  const bits = BigInt(time)
  return [
    (mark << 4) | (Number((bits >> 30n) & 7n) << 1) | 1,
    Number((bits >> 22n) & 255n),
    (Number((bits >> 15n) & 127n) << 1) | 1,
    Number((bits >> 7n) & 255n),
    (Number(bits & 127n) << 1) | 1,
  ]
}

function adaptationOf(fields: PacketFields): number[] {
  const flags =
    (fields.discontinuity === true ? 0x80 : 0) | (fields.randomAccess === true ? 0x40 : 0) | (fields.pcr === undefined ? 0 : 0x10)
  if (flags === 0) return []
  if (fields.pcr === undefined) return [1, flags]
  const base = BigInt(Math.floor(fields.pcr / 300))
  const extension = fields.pcr % 300
  const clock = [base >> 25n, (base >> 17n) & 255n, (base >> 9n) & 255n, (base >> 1n) & 255n].map(Number)
  return [7, flags, ...clock, (Number(base & 1n) << 7) | 0x7e | (extension >> 8), extension & 255]
}

function pesOf(fields: PacketFields): number[] {
  if (fields.pts === undefined) return []
  const times = fields.dts === undefined ? time33(2, fields.pts) : [...time33(3, fields.pts), ...time33(1, fields.dts)]
  return [0, 0, 1, 0xe0, 0, 0, 0x80, fields.dts === undefined ? 0x80 : 0xc0, times.length, ...times]
}

export function packetOf(fields: PacketFields): Uint8Array {
  const packet = new Uint8Array(PACKET_BYTES).fill(fields.fill ?? 0xff)
  const adaptation = adaptationOf(fields)
  const hasPayload = fields.payload ?? true
  const start = fields.pts !== undefined || fields.start === true
  const control = (fields.scrambled === true ? 0x80 : 0) | (adaptation.length > 0 ? 0x20 : 0) | (hasPayload ? 0x10 : 0)
  packet.set([SYNC_BYTE, (start ? 0x40 : 0) | (fields.pid >> 8), fields.pid & 255, control | (fields.counter ?? 0)])
  packet.set(adaptation, 4)
  if (!hasPayload) packet[4] = PACKET_BYTES - 5
  packet.set([...pesOf(fields), ...(fields.body ?? [])].slice(0, PACKET_BYTES - 4 - adaptation.length), 4 + adaptation.length)
  return packet
}

const NO_DESCRIPTORS = new Uint8Array(0)

export interface TablesFields {
  readonly programs: readonly (Pick<Pmt, 'program' | 'pcrPid'> & {
    readonly pmtPid: number
    readonly streams: readonly { type: number; pid: number }[]
  })[]
  /** Of the PMTs. */
  readonly version?: number
}

/** PAT and PMTs as packets. */
export function tablesOf({ programs, version = 0 }: TablesFields): Uint8Array {
  const pat = buildPat({ transportStreamId: 1, version: 0, current: true, section: 0, lastSection: 0, networkPid: undefined, programs })
  const pmts = programs.map(({ program, pcrPid, pmtPid, streams }) =>
    packSection(
      buildPmt({
        program,
        version,
        current: true,
        pcrPid,
        descriptors: NO_DESCRIPTORS,
        streams: streams.map((stream) => ({ ...stream, descriptors: NO_DESCRIPTORS })),
      }),
      pmtPid,
    ),
  )
  return Buffer.concat([packSection(pat, PAT_PID), ...pmts])
}

/** The start of a picture as H.264 has it: with parameters, an IDR slice and all; or a P slice. */
export const h264 = (isKey: boolean): Uint8Array =>
  isKey
    ? Uint8Array.of(0, 0, 0, 1, 0x09, 0x10, 0, 0, 1, 0x67, 0x42, 0, 0x1f, 0, 0, 1, 0x68, 0xce, 0, 0, 1, 0x65, 0x88)
    : Uint8Array.of(0, 0, 0, 1, 0x09, 0x30, 0, 0, 1, 0x41, 0x9a)

export interface MadeStream {
  readonly seconds: number
  /** Seconds on the stream's clock at the start. */
  readonly from?: number
  /** @default true */
  readonly hasPcr?: boolean
}

export const VIDEO_PID = 256
const FPS = 25
const PACKETS_A_PICTURE = 4
/** What a decoder has between getting a picture and showing it. */
const DELAY = PTS_HZ / 2
const WRAP = 2 ** 33

/** H.264 without content: 25 pictures a second of four packets, a key frame every second, PCR and tables with each picture. */
export function madeStream({ seconds, from = 0, hasPcr = true }: MadeStream): Buffer {
  const tables = tablesOf({ programs: [{ program: 1, pmtPid: 4096, pcrPid: VIDEO_PID, streams: [{ type: 0x1b, pid: VIDEO_PID }] }] })
  const packets: Uint8Array[] = []
  let counter = 0
  for (let picture = 0; picture < seconds * FPS; picture += 1) {
    const time = ((Math.round((from + picture / FPS) * PTS_HZ) % WRAP) + WRAP) % WRAP
    const table = Uint8Array.from(tables)
    for (let at = 0; at < table.length; at += PACKET_BYTES) table[at + 3] = 0x10 | (picture & 15)
    packets.push(table)
    for (let part = 0; part < PACKETS_A_PICTURE; part += 1) {
      const isFirst = part === 0
      const clock = isFirst && hasPcr ? { pcr: time * 300 } : {}
      const begin = isFirst ? { pts: (time + DELAY) % WRAP, body: h264(picture % FPS === 0) } : {}
      packets.push(packetOf({ pid: VIDEO_PID, counter: counter & 15, fill: picture & 0x3f, ...clock, ...begin }))
      counter += 1
    }
  }
  return Buffer.concat(packets)
}
