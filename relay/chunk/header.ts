/** The codec of a chunk's header; the layout stands in chunk.ts. Signatures are the business of sign.ts. */
import {
  CHUNK_VERSION,
  FLAG_DISCONTINUITY,
  FLAG_ENDS,
  FLAG_RANDOM_ACCESS,
  HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  SIGNED_BYTES,
  type ChunkHeader,
} from './chunk.ts'

/** Why bytes are not a chunk: what a partner who sends them is charged with. */
export type ChunkViolation = 'truncated' | 'version' | 'size' | 'hash' | 'signature' | 'fields'

export type DecodedHeader =
  | { readonly ok: true; readonly header: ChunkHeader }
  | { readonly ok: false; readonly violation: 'truncated' | 'version' | 'size' | 'fields' }

/** What the broadcaster decides of a header; the rest follows from the payload and the key. */
export interface HeaderFields {
  readonly epoch: number
  readonly sequence: number
  readonly time: number
  readonly randomAccess: boolean
  readonly discontinuity: boolean
  readonly ends: boolean
}

const FLAGS_AT = 1
const EPOCH_AT = 2
const SEQUENCE_AT = 8
const TIME_AT = 14
const SIZE_AT = 20
export const HASH_AT = 24
const HASH_BYTES = 32
const KNOWN_FLAGS = FLAG_RANDOM_ACCESS | FLAG_DISCONTINUITY | FLAG_ENDS
const LOW_WORD = 2 ** 32
export const MAX_UINT48 = 2 ** 48 - 1
/** A payload is whole MPEG-TS packets. */
const TS_PACKET_BYTES = 188

const readUint16 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
const readUint32 = (bytes: Uint8Array, at: number): number => readUint16(bytes, at) * 0x1_0000 + readUint16(bytes, at + 2)
const readUint48 = (bytes: Uint8Array, at: number): number => readUint16(bytes, at) * LOW_WORD + readUint32(bytes, at + 2)

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

function writeUint48(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / LOW_WORD)
  bytes[at] = high >>> 8
  bytes[at + 1] = high
  writeUint32(bytes, at + 2, value % LOW_WORD)
}

/** True for a number that the header's 48-bit fields can hold. */
export const isUint48 = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= MAX_UINT48

/**
 * Reads the first HEADER_BYTES of `bytes`; total, and without a look at the signature. The header's `hash` and `encoded` are views.
 * Only a chunk that ends an epoch may be empty.
 */
export function decodeHeader(bytes: Uint8Array): DecodedHeader {
  if (bytes.length < HEADER_BYTES) return { ok: false, violation: 'truncated' }
  if (bytes[0] !== CHUNK_VERSION) return { ok: false, violation: 'version' }
  const flags = bytes[FLAGS_AT] as number
  const epoch = readUint48(bytes, EPOCH_AT)
  const sequence = readUint48(bytes, SEQUENCE_AT)
  const size = readUint32(bytes, SIZE_AT)
  if (size > MAX_PAYLOAD_BYTES || size % TS_PACKET_BYTES !== 0) return { ok: false, violation: 'size' }
  const ends = (flags & FLAG_ENDS) !== 0
  if ((flags & ~KNOWN_FLAGS) !== 0 || sequence < epoch || (size === 0 && !ends)) return { ok: false, violation: 'fields' }
  return {
    ok: true,
    header: {
      epoch,
      sequence,
      time: readUint48(bytes, TIME_AT),
      randomAccess: (flags & FLAG_RANDOM_ACCESS) !== 0,
      discontinuity: (flags & FLAG_DISCONTINUITY) !== 0,
      ends,
      size,
      hash: bytes.subarray(HASH_AT, HASH_AT + HASH_BYTES),
      encoded: bytes.subarray(0, HEADER_BYTES),
    },
  }
}

/** Writes the signed part of a header, SIGNED_BYTES long, to the start of `into`. */
export function encodeSignedPart(into: Uint8Array, fields: HeaderFields, size: number, hash: Uint8Array): void {
  into[0] = CHUNK_VERSION
  into[FLAGS_AT] =
    (fields.randomAccess ? FLAG_RANDOM_ACCESS : 0) | (fields.discontinuity ? FLAG_DISCONTINUITY : 0) | (fields.ends ? FLAG_ENDS : 0)
  writeUint48(into, EPOCH_AT, fields.epoch)
  writeUint48(into, SEQUENCE_AT, fields.sequence)
  writeUint48(into, TIME_AT, fields.time)
  writeUint32(into, SIZE_AT, size)
  into.set(hash, HASH_AT)
}

export const signatureOf = (encoded: Uint8Array): Uint8Array => encoded.subarray(SIGNED_BYTES, HEADER_BYTES)
