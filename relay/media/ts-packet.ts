/**
 * The fields of an MPEG-TS packet (ISO/IEC 13818-1, section 2.4.3). Each function takes the bytes and the place of the packet's sync byte,
 * so that a run of packets is read without a view for each.
 */
export const PACKET_BYTES = 188
export const SYNC_BYTE = 0x47
export const NULL_PID = 0x1fff
/** PIDs have 13 bits: the length of a table by PID. */
export const PID_COUNT = 0x2000

const HEADER_BYTES = 4

export const pidOf = (bytes: Uint8Array, at: number): number => (((bytes[at + 1] as number) & 0x1f) << 8) | (bytes[at + 2] as number)
/** transport_error_indicator: a demodulator could not mend the packet. */
export const isBroken = (bytes: Uint8Array, at: number): boolean => ((bytes[at + 1] as number) & 0x80) !== 0
/** payload_unit_start_indicator: a PES packet begins here, or a section does. */
export const startsUnit = (bytes: Uint8Array, at: number): boolean => ((bytes[at + 1] as number) & 0x40) !== 0
export const isScrambled = (bytes: Uint8Array, at: number): boolean => ((bytes[at + 3] as number) & 0xc0) !== 0
export const hasPayload = (bytes: Uint8Array, at: number): boolean => ((bytes[at + 3] as number) & 0x10) !== 0
export const hasAdaptation = (bytes: Uint8Array, at: number): boolean => ((bytes[at + 3] as number) & 0x20) !== 0
export const counterOf = (bytes: Uint8Array, at: number): number => (bytes[at + 3] as number) & 0x0f

/** The flags of the adaptation field; 0 when there are none. */
const adaptationFlags = (bytes: Uint8Array, at: number): number =>
  hasAdaptation(bytes, at) && bytes[at + 4] !== 0 ? (bytes[at + 5] as number) : 0

export const hasDiscontinuity = (bytes: Uint8Array, at: number): boolean => (adaptationFlags(bytes, at) & 0x80) !== 0
export const hasRandomAccess = (bytes: Uint8Array, at: number): boolean => (adaptationFlags(bytes, at) & 0x40) !== 0
export const hasPcr = (bytes: Uint8Array, at: number): boolean =>
  (adaptationFlags(bytes, at) & 0x10) !== 0 && (bytes[at + 4] as number) >= 7

/** Where the payload begins; the packet's end when it has none. */
export function payloadStart(bytes: Uint8Array, at: number): number {
  if (!hasPayload(bytes, at)) return at + PACKET_BYTES
  const start = hasAdaptation(bytes, at) ? at + HEADER_BYTES + 1 + (bytes[at + 4] as number) : at + HEADER_BYTES
  return Math.min(start, at + PACKET_BYTES)
}

export function setCounter(bytes: Uint8Array, at: number, counter: number): void {
  bytes[at + 3] = ((bytes[at + 3] as number) & 0xf0) | (counter & 0x0f)
}
