/**
 * Finds out whether a PES packet begins with a picture that a decoder can start at. It looks as far as the first slice: mostly into the
 * first packet only, into a few where parameter sets and SEI are long. What it cannot read (a scrambled payload, a codec that it does
 * not know) it decides by the packet's random_access_indicator.
 */
import { hasRandomAccess, isScrambled, PACKET_BYTES, payloadStart } from './ts-packet.ts'

export type AccessVerdict = 'access' | 'other' | 'undecided'

export interface AccessDetector {
  /** Takes the packet in which a PES packet begins. */
  begin(bytes: Uint8Array, at: number): AccessVerdict
  /** Takes a further packet of the same PES packet, while undecided. */
  more(bytes: Uint8Array, at: number): AccessVerdict
  /** The verdict when nothing more is read. */
  giveUp(): Exclude<AccessVerdict, 'undecided'>
}

/** How an elementary stream shows where one can start: the name of a video codec, any start of a PES packet, or only the indicator. */
export type AccessRule = 'h264' | 'hevc' | 'mpeg2video' | 'audio' | 'indicator'

/** Parameter sets and SEI before the first slice fit into this, or else the indicator decides. */
const SCAN_BYTES = 8192
/** PES start code, stream_id, length, flags and header length (ISO/IEC 13818-1, section 2.4.3.6). */
const PES_HEADER_BYTES = 9
/** What a slice header needs after its start code for first_mb_in_slice and slice_type. */
const SLICE_START_BYTES = 12

/** Bytes of a PES packet's start, and how far they have been looked through. */
interface Scan {
  readonly bytes: Uint8Array
  length: number
  /** Where to go on looking for a start code. */
  at: number
  /** Where the last start code's payload began; 0 before the first. */
  unit: number
  hasParameters: boolean
  hasRecoveryPoint: boolean
}

export function createAccessDetector(rule: AccessRule): AccessDetector {
  const scan: Scan = { bytes: new Uint8Array(SCAN_BYTES), length: 0, at: 0, unit: 0, hasParameters: false, hasRecoveryPoint: false }
  let indicated = false

  const giveUp = (): 'access' | 'other' => (indicated ? 'access' : 'other')

  const take = (bytes: Uint8Array, at: number): AccessVerdict => {
    const end = at + PACKET_BYTES
    for (let from = payloadStart(bytes, at); from < end; from += 1) {
      if (scan.length === SCAN_BYTES) return giveUp()
      scan.bytes[scan.length] = bytes[from] as number
      scan.length += 1
    }
    if (scan.length < PES_HEADER_BYTES) return 'undecided'
    if (!isStartCode(scan.bytes, 0)) return giveUp()
    if (scan.at === 0) scan.at = PES_HEADER_BYTES + (scan.bytes[PES_HEADER_BYTES - 1] as number)
    return look(rule, scan)
  }

  return {
    begin(bytes, at) {
      indicated = hasRandomAccess(bytes, at)
      if (rule === 'audio') return 'access'
      if (rule === 'indicator' || isScrambled(bytes, at)) return giveUp()
      scan.length = 0
      scan.at = 0
      scan.unit = 0
      scan.hasParameters = false
      scan.hasRecoveryPoint = false
      return take(bytes, at)
    },
    more: take,
    giveUp,
  }
}

const isStartCode = (bytes: Uint8Array, at: number): boolean => bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 1

function look(rule: AccessRule, scan: Scan): AccessVerdict {
  for (; scan.at + 3 + SLICE_START_BYTES <= scan.length; scan.at += 1) {
    if (!isStartCode(scan.bytes, scan.at)) continue
    const unit = scan.at + 3
    const verdict = rule === 'h264' ? lookH264(scan, unit) : rule === 'hevc' ? lookHevc(scan, unit) : lookMpeg2(scan, unit)
    if (verdict !== 'undecided') return verdict
    scan.unit = unit
    scan.at += 2
  }
  return 'undecided'
}

/** ITU-T H.264, table 7-1: slices 1 to 5, SEI 6, sequence parameter set 7. */
function lookH264(scan: Scan, unit: number): AccessVerdict {
  if (scan.unit > 0 && ((scan.bytes[scan.unit] as number) & 0x1f) === 6) {
    scan.hasRecoveryPoint ||= hasRecoveryPoint(scan.bytes, scan.unit + 1, scan.at)
  }
  const type = (scan.bytes[unit] as number) & 0x1f
  if (type === 7) scan.hasParameters = true
  if (type < 1 || type > 5) return 'undecided'
  if (!scan.hasParameters) return 'other'
  return type === 5 || scan.hasRecoveryPoint || isIntraSlice(scan.bytes, unit + 1) ? 'access' : 'other'
}

/** ITU-T H.265, table 7-1: slices below 32, of these 16 to 23 are IRAP; sequence parameter set 33. */
function lookHevc(scan: Scan, unit: number): AccessVerdict {
  const type = ((scan.bytes[unit] as number) >> 1) & 0x3f
  if (type === 33) scan.hasParameters = true
  if (type >= 32) return 'undecided'
  return scan.hasParameters && type >= 16 && type <= 23 ? 'access' : 'other'
}

/** ISO/IEC 13818-2, table 6-1: sequence header b3, picture 00 with picture_coding_type 1 for intra. */
function lookMpeg2(scan: Scan, unit: number): AccessVerdict {
  const code = scan.bytes[unit]
  if (code === 0xb3) scan.hasParameters = true
  if (code !== 0x00) return 'undecided'
  const codingType = ((scan.bytes[unit + 2] as number) >> 3) & 0x07
  return scan.hasParameters && codingType === 1 ? 'access' : 'other'
}

/** Whether an SEI unit has a message of payloadType 6 (ITU-T H.264, section D.1); emulation prevention bytes are left out. */
function hasRecoveryPoint(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from
  let zeros = 0
  const next = (): number => {
    if (zeros >= 2 && bytes[at] === 3) {
      at += 1
      zeros = 0
    }
    const byte = at < to ? (bytes[at] as number) : 0
    zeros = byte === 0 ? zeros + 1 : 0
    at += 1
    return byte
  }
  const number = (): number => {
    let sum = 0
    for (let byte = next(); at <= to; byte = next()) {
      sum += byte
      if (byte !== 0xff) break
    }
    return sum
  }
  while (at + 2 < to) {
    const type = number()
    const size = number()
    if (type === 6) return true
    for (let skipped = 0; skipped < size && at < to; skipped += 1) next()
  }
  return false
}

/** slice_type 2 or 4 (I, SI), alone or for the whole picture; after first_mb_in_slice (ITU-T H.264, section 7.3.3). */
function isIntraSlice(bytes: Uint8Array, at: number): boolean {
  let bit = at * 8
  const read = (): number => {
    const value = ((bytes[bit >> 3] as number) >> (7 - (bit & 7))) & 1
    bit += 1
    return value
  }
  const readUe = (): number => {
    let zeros = 0
    while (zeros < 24 && read() === 0) zeros += 1
    let value = 1
    for (let left = zeros; left > 0; left -= 1) value = value * 2 + read()
    return value - 1
  }
  readUe() // first_mb_in_slice
  const sliceType = readUe() % 5
  return sliceType === 2 || sliceType === 4
}
