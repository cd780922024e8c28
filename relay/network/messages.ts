/**
 * What neighbours tell each other, one long-lived stream a pair, `/tributary/network/1.0.0`. A frame is 4 bytes of length, 1 byte of type,
 * and the fields; numbers are big-endian, keys 32 bytes, sequences 6.
 *
 *     1 HELLO      version 1 · u8 networks, each key + catalogue sequence (0: none yet) · u16 channels carried, each a key
 *     2 CATALOGUE  network key · sequence · u32 size of the whole · u32 offset · bytes, at most CATALOGUE_PIECE_BYTES
 *     3 CARRY      u16 channels added, each a key · u16 removed, each a key
 *     4 EDGE       channel key · the newest signed chunk header
 *
 * A HELLO may come again; it replaces the one before.
 */
import { PUBLIC_KEY_BYTES } from '../chunk/channel-id.ts'
import { HEADER_BYTES } from '../chunk/chunk.ts'
import { MAX_CATALOGUE_BYTES } from './catalogue.ts'

export const NETWORK_PROTOCOL = '/tributary/network/1.0.0'

const VERSION = 1
const SEQUENCE_BYTES = 6
const LENGTH_BYTES = 4
export const MAX_NETWORKS = 32
export const MAX_CARRIED = 256
export const CATALOGUE_PIECE_BYTES = 32 * 1024
/** A catalogue's piece with its fields is the largest frame. */
export const MAX_FRAME_BYTES = 1 + PUBLIC_KEY_BYTES + SEQUENCE_BYTES + 8 + CATALOGUE_PIECE_BYTES

const HELLO = 1
const CATALOGUE = 2
const CARRY = 3
const EDGE = 4

export interface KnownNetwork {
  readonly key: Uint8Array
  /** Of the catalogue; 0 before there is one. */
  readonly sequence: number
}
export type NetworkMessage =
  | { readonly kind: 'hello'; readonly networks: readonly KnownNetwork[]; readonly carried: readonly Uint8Array[] }
  | {
      readonly kind: 'catalogue'
      readonly network: Uint8Array
      readonly sequence: number
      readonly size: number
      readonly offset: number
      readonly piece: Uint8Array
    }
  | { readonly kind: 'carry'; readonly added: readonly Uint8Array[]; readonly removed: readonly Uint8Array[] }
  | { readonly kind: 'edge'; readonly channel: Uint8Array; readonly header: Uint8Array }

export type MessageViolation = 'frame-size' | 'truncated' | 'trailing-bytes' | 'unknown-type' | 'version' | 'too-many' | 'fields'
export type DecodedMessage =
  | { readonly ok: true; readonly message: NetworkMessage }
  | { readonly ok: false; readonly violation: MessageViolation }

/** A message with its length before it, ready to be sent. */
export function encodeMessage(message: NetworkMessage): Uint8Array {
  switch (message.kind) {
    case 'hello':
      return frame(HELLO, [
        Uint8Array.of(VERSION, message.networks.length),
        ...message.networks.flatMap(({ key, sequence }) => [key, sequenceBytes(sequence)]),
        keyList(message.carried),
      ])
    case 'catalogue': {
      const place = Buffer.alloc(8)
      place.writeUInt32BE(message.size)
      place.writeUInt32BE(message.offset, 4)
      return frame(CATALOGUE, [message.network, sequenceBytes(message.sequence), place, message.piece])
    }
    case 'carry':
      return frame(CARRY, [keyList(message.added), keyList(message.removed)])
    case 'edge':
      return frame(EDGE, [message.channel, message.header])
  }
}

const sequenceBytes = (sequence: number): Uint8Array => {
  const bytes = Buffer.alloc(SEQUENCE_BYTES)
  bytes.writeUIntBE(sequence, 0, SEQUENCE_BYTES)
  return bytes
}
const keyList = (keys: readonly Uint8Array[]): Uint8Array => Buffer.concat([Uint8Array.of(keys.length >> 8, keys.length & 0xff), ...keys])
const frame = (type: number, fields: readonly Uint8Array[]): Uint8Array => {
  const size = 1 + fields.reduce((sum, field) => sum + field.length, 0)
  const head = Buffer.alloc(LENGTH_BYTES + 1)
  head.writeUInt32BE(size)
  head[LENGTH_BYTES] = type
  return Buffer.concat([head, ...fields])
}

/** A message without its length. Total: any bytes may be given; parts are copies. */
export function decodeMessage(bytes: Uint8Array): DecodedMessage {
  if (bytes.length > MAX_FRAME_BYTES) return { ok: false, violation: 'frame-size' }
  const data = Buffer.from(bytes)
  let at = 1
  let short = false
  const take = (count: number): Buffer => {
    if (at + count > data.length) short = true
    at += count
    return short ? Buffer.alloc(count) : data.subarray(at - count, at)
  }
  const number = (count: number): number => take(count).readUIntBE(0, count)
  const keys = (count: number): Uint8Array[] => Array.from({ length: Math.min(count, MAX_CARRIED) }, () => take(PUBLIC_KEY_BYTES))
  const done = (message: NetworkMessage): DecodedMessage => {
    if (short) return { ok: false, violation: 'truncated' }
    return at === data.length ? { ok: true, message } : { ok: false, violation: 'trailing-bytes' }
  }

  switch (data[0]) {
    case undefined:
      return { ok: false, violation: 'truncated' }
    case HELLO: {
      if (number(1) !== VERSION) return { ok: false, violation: short ? 'truncated' : 'version' }
      const count = number(1)
      if (count > MAX_NETWORKS) return { ok: false, violation: 'too-many' }
      const networks = Array.from({ length: count }, () => ({ key: take(PUBLIC_KEY_BYTES), sequence: number(SEQUENCE_BYTES) }))
      const carried = number(2)
      if (carried > MAX_CARRIED) return { ok: false, violation: 'too-many' }
      return done({ kind: 'hello', networks, carried: keys(carried) })
    }
    case CATALOGUE: {
      const network = take(PUBLIC_KEY_BYTES)
      const sequence = number(SEQUENCE_BYTES)
      const size = number(4)
      const offset = number(4)
      if (short) return { ok: false, violation: 'truncated' }
      const piece = take(data.length - at)
      if (size > MAX_CATALOGUE_BYTES || piece.length === 0 || offset + piece.length > size) return { ok: false, violation: 'fields' }
      return done({ kind: 'catalogue', network, sequence, size, offset, piece })
    }
    case CARRY: {
      const added = number(2)
      if (added > MAX_CARRIED) return { ok: false, violation: 'too-many' }
      const addedKeys = keys(added)
      const removed = number(2)
      if (removed > MAX_CARRIED) return { ok: false, violation: 'too-many' }
      return done({ kind: 'carry', added: addedKeys, removed: keys(removed) })
    }
    case EDGE:
      return done({ kind: 'edge', channel: take(PUBLIC_KEY_BYTES), header: take(HEADER_BYTES) })
    default:
      return { ok: false, violation: 'unknown-type' }
  }
}

/** Cuts a byte stream into messages, however it was split. Total; after a violation it stays silent. */
export function createDeframer(onMessage: (decoded: DecodedMessage) => void): (piece: Uint8Array) => void {
  let held = Buffer.alloc(0)
  let broken = false
  return (piece) => {
    if (broken) return
    held = held.length === 0 ? Buffer.from(piece) : Buffer.concat([held, piece])
    while (!broken && held.length >= LENGTH_BYTES) {
      const size = held.readUInt32BE()
      if (size === 0 || size > MAX_FRAME_BYTES) {
        broken = true
        onMessage({ ok: false, violation: 'frame-size' })
        return
      }
      if (held.length < LENGTH_BYTES + size) return
      const decoded = decodeMessage(held.subarray(LENGTH_BYTES, LENGTH_BYTES + size))
      held = held.subarray(LENGTH_BYTES + size)
      broken = !decoded.ok
      onMessage(decoded)
    }
  }
}
