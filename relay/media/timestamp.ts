/** Clocks of MPEG-TS: PCR at 27 MHz, PTS and DTS at 90 kHz; both wrap with the 33 bits of the 90 kHz part, after 26.5 hours. */
import { hasPcr, payloadStart, PACKET_BYTES, startsUnit } from './ts-packet.ts'

export const PTS_HZ = 90_000
export const PCR_HZ = 27_000_000
export const PTS_WRAP = 2 ** 33
export const PCR_WRAP = PTS_WRAP * 300

/** The PCR at 27 MHz, below PCR_WRAP; undefined when the packet has none. */
export function readPcr(bytes: Uint8Array, at: number): number | undefined {
  if (!hasPcr(bytes, at)) return undefined
  const field = at + 6
  const high = (bytes[field] as number) * 2 ** 25 + ((bytes[field + 1] as number) << 17) + ((bytes[field + 2] as number) << 9)
  const base = high + ((bytes[field + 3] as number) << 1) + ((bytes[field + 4] as number) >> 7)
  const extension = (((bytes[field + 4] as number) & 1) << 8) | (bytes[field + 5] as number)
  return base * 300 + extension
}

/** How far `to` is after `from` on a clock that wraps: between -wrap/2 and wrap/2. */
export function ticksBetween(from: number, to: number, wrap: number): number {
  const ahead = (((to - from) % wrap) + wrap) % wrap
  return ahead < wrap / 2 ? ahead : ahead - wrap
}

export interface PesTimes {
  /** 90 kHz, 33 bits. */
  readonly pts: number
  /** Equals `pts` when the stream does not say. */
  readonly dts: number
}

const read33 = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] as number) >> 1) & 0x07) * 2 ** 30 +
  (((bytes[at + 1] as number) << 22) |
    (((bytes[at + 2] as number) >> 1) << 15) |
    ((bytes[at + 3] as number) << 7) |
    ((bytes[at + 4] as number) >> 1))

/** The times of the PES packet that begins in this packet; undefined when none begins, it has none, or its header goes on in the next. */
export function readPesTimes(bytes: Uint8Array, at: number): PesTimes | undefined {
  if (!startsUnit(bytes, at)) return undefined
  const pes = payloadStart(bytes, at)
  const end = at + PACKET_BYTES
  if (pes + 14 > end || bytes[pes] !== 0 || bytes[pes + 1] !== 0 || bytes[pes + 2] !== 1) return undefined
  const flags = (bytes[pes + 7] as number) >> 6
  if (flags < 2) return undefined
  const pts = read33(bytes, pes + 9)
  return { pts, dts: flags === 3 && pes + 19 <= end ? read33(bytes, pes + 14) : pts }
}
