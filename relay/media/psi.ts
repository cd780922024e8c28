/** The programme association table and the programme map table (ISO/IEC 13818-1, sections 2.4.4.3 and 2.4.4.8). */
import { crc32 } from './crc32.ts'

export interface PatEntry {
  readonly program: number
  readonly pmtPid: number
}
export interface Pat {
  readonly transportStreamId: number
  readonly version: number
  /** False: it announces a table that does not hold yet. */
  readonly current: boolean
  readonly section: number
  readonly lastSection: number
  /** Programmes in the order of the table; the network PID (programme 0) is not among them. */
  readonly programs: readonly PatEntry[]
  readonly networkPid: number | undefined
}
export interface PmtStream {
  readonly type: number
  readonly pid: number
  /** Raw descriptors: tag, length, body, one after the other. */
  readonly descriptors: Uint8Array
}
export interface Pmt {
  readonly program: number
  readonly version: number
  readonly current: boolean
  /** NULL_PID when the programme has no clock. */
  readonly pcrPid: number
  readonly descriptors: Uint8Array
  readonly streams: readonly PmtStream[]
}

export const PAT_PID = 0
const PAT_TABLE = 0x00
const PMT_TABLE = 0x02
/** From table_id to last_section_number. */
const LONG_HEADER_BYTES = 8
const CRC_BYTES = 4
/** PAT and PMT sections end here, prefix and CRC included. */
export const MAX_PSI_BYTES = 1024

const uint16 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
const versionOf = (section: Uint8Array): number => ((section[5] as number) >> 1) & 0x1f
const isCurrent = (section: Uint8Array): boolean => ((section[5] as number) & 1) === 1

/** The part between header and CRC ends here; undefined when the section contradicts itself. */
const bodyEnd = (section: Uint8Array, table: number, headerBytes: number): number | undefined => {
  if (section.length < headerBytes + CRC_BYTES || section[0] !== table) return undefined
  return section.length === 3 + (uint16(section, 1) & 0x0fff) ? section.length - CRC_BYTES : undefined
}

/** Reads a section whose CRC holds; undefined for another table or a broken one. */
export function parsePat(section: Uint8Array): Pat | undefined {
  const end = bodyEnd(section, PAT_TABLE, LONG_HEADER_BYTES)
  if (end === undefined) return undefined
  const programs: PatEntry[] = []
  let networkPid: number | undefined
  for (let at = LONG_HEADER_BYTES; at + 4 <= end; at += 4) {
    const program = uint16(section, at)
    const pid = uint16(section, at + 2) & 0x1fff
    if (program === 0) networkPid = pid
    else programs.push({ program, pmtPid: pid })
  }
  return {
    transportStreamId: uint16(section, 3),
    version: versionOf(section),
    current: isCurrent(section),
    section: section[6] as number,
    lastSection: section[7] as number,
    programs,
    networkPid,
  }
}

/** Reads a section whose CRC holds; undefined for another table or a broken one. The descriptors are copies. */
export function parsePmt(section: Uint8Array): Pmt | undefined {
  const infoAt = LONG_HEADER_BYTES + 4
  const end = bodyEnd(section, PMT_TABLE, infoAt)
  if (end === undefined) return undefined
  const streams: PmtStream[] = []
  let at = infoAt + (uint16(section, infoAt - 2) & 0x0fff)
  if (at > end) return undefined
  const descriptors = section.slice(infoAt, at)
  while (at + 5 <= end) {
    const next = at + 5 + (uint16(section, at + 3) & 0x0fff)
    if (next > end) return undefined
    streams.push({ type: section[at] as number, pid: uint16(section, at + 1) & 0x1fff, descriptors: section.slice(at + 5, next) })
    at = next
  }
  return {
    program: uint16(section, 3),
    version: versionOf(section),
    current: isCurrent(section),
    pcrPid: uint16(section, LONG_HEADER_BYTES) & 0x1fff,
    descriptors,
    streams,
  }
}

interface LongHeader {
  readonly table: number
  readonly id: number
  readonly version: number
  readonly current: boolean
  readonly section: number
  readonly lastSection: number
}

function closeSection(header: LongHeader, body: readonly number[]): Uint8Array {
  const section = new Uint8Array(LONG_HEADER_BYTES + body.length + CRC_BYTES)
  if (section.length > MAX_PSI_BYTES) throw new RangeError(`a table of ${section.length} bytes; ${MAX_PSI_BYTES} is the most`)
  const length = section.length - 3
  section.set([header.table, 0xb0 | (length >>> 8), length, header.id >>> 8, header.id])
  section.set([0xc0 | (header.version << 1) | (header.current ? 1 : 0), header.section, header.lastSection], 5)
  section.set(body, LONG_HEADER_BYTES)
  const end = section.length - CRC_BYTES
  const crc = crc32(section.subarray(0, end))
  section.set([crc >>> 24, crc >>> 16, crc >>> 8, crc], end)
  return section
}

const pidBytes = (pid: number): number[] => [0xe0 | (pid >>> 8), pid & 0xff]
const lengthBytes = (length: number): number[] => [0xf0 | (length >>> 8), length & 0xff]

/** Throws a RangeError beyond MAX_PSI_BYTES. */
export function buildPat(pat: Pat): Uint8Array {
  const network = pat.networkPid === undefined ? [] : [{ program: 0, pmtPid: pat.networkPid }]
  const body = [...network, ...pat.programs].flatMap(({ program, pmtPid }) => [program >>> 8, program & 0xff, ...pidBytes(pmtPid)])
  return closeSection({ ...pat, table: PAT_TABLE, id: pat.transportStreamId }, body)
}

/** Throws a RangeError beyond MAX_PSI_BYTES. */
export function buildPmt(pmt: Pmt): Uint8Array {
  const body = [...pidBytes(pmt.pcrPid), ...lengthBytes(pmt.descriptors.length), ...pmt.descriptors]
  for (const stream of pmt.streams) {
    body.push(stream.type, ...pidBytes(stream.pid), ...lengthBytes(stream.descriptors.length), ...stream.descriptors)
  }
  return closeSection({ ...pmt, table: PMT_TABLE, id: pmt.program, section: 0, lastSection: 0 }, body)
}
