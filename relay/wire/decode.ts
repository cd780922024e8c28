/** Frames to messages. Total: any bytes give a message or a violation. */
import { HEADER_BYTES } from '../chunk/chunk.ts'
import { PUBLIC_KEY_BYTES } from '../chunk/channel-id.ts'
import { bitmapBytes } from './bitmap.ts'
import { ByteReader } from './bytes.ts'
import {
  FRAME_HEADER_BYTES,
  LENGTH_BYTES,
  MAX_ADDRESS_BYTES,
  MAX_CHUNK_BYTES,
  MAX_CONTROL_BYTES,
  MAX_MAP_CHUNKS,
  MAX_PEER_ID_BYTES,
  MAX_PEX_ADDRESSES,
  MAX_PEX_PEERS,
  SUB_STREAMS,
  WIRE_VERSION,
} from './limits.ts'
import {
  GOODBYE_REASONS,
  REJECT_REASONS,
  RELEASE_REASONS,
  ROLES,
  TYPES,
  type ChunkBits,
  type Decoded,
  type Handshake,
  type Message,
  type PexPeer,
  type WireViolation,
} from './wire.ts'

/** Fields of a handshake without the header: version, role, key, window, upload, features. */
export const HANDSHAKE_BYTES = 1 + 1 + PUBLIC_KEY_BYTES + 4 + 4 + 4

const refuse = (violation: WireViolation): Decoded => ({ ok: false, violation })

/** What is wrong with the length field of a frame of this type. */
export function frameFault(type: number, length: number): WireViolation | undefined {
  if (length < 1) return 'truncated'
  if (type !== TYPES.chunk) return length > 1 + MAX_CONTROL_BYTES ? 'too-large' : undefined
  if (length > 1 + MAX_CHUNK_BYTES) return 'too-large'
  return length < 1 + HEADER_BYTES ? 'truncated' : undefined
}

function readBits(reader: ByteReader): ChunkBits {
  const base = reader.uint48()
  const count = reader.atMost(MAX_MAP_CHUNKS, reader.uint16())
  const bytes = bitmapBytes(count)
  return { base, count, have: reader.bytes(bytes), access: reader.bytes(bytes) }
}

function readPex(reader: ByteReader): Message {
  const peers: PexPeer[] = []
  const count = reader.atMost(MAX_PEX_PEERS, reader.uint8())
  for (let index = 0; index < count && reader.fault === undefined; index += 1) {
    const peer = reader.text(MAX_PEER_ID_BYTES)
    const addresses: string[] = []
    const addressCount = reader.atMost(MAX_PEX_ADDRESSES, reader.uint8())
    for (let next = 0; next < addressCount && reader.fault === undefined; next += 1) addresses.push(reader.text(MAX_ADDRESS_BYTES))
    peers.push({ peer, addresses })
  }
  return { kind: 'pex', peers }
}

function readHandshake(reader: ByteReader, bytes: number): Handshake {
  if (reader.uint8() !== WIRE_VERSION) reader.fault ??= 'version'
  return {
    kind: 'handshake',
    role: reader.oneOf(ROLES),
    channelKey: reader.bytes(PUBLIC_KEY_BYTES),
    window: reader.uint32(),
    uploadKbps: reader.uint32(),
    features: reader.uint32(),
    header: bytes > HANDSHAKE_BYTES ? reader.bytes(HEADER_BYTES) : undefined,
  }
}

const readSubStream = (reader: ByteReader): number => reader.atMost(SUB_STREAMS - 1, reader.uint8())

/** @param frame a whole frame, its length and type included; a chunk stays a view of it, all else is copied */
export function decode(frame: Uint8Array): Decoded {
  const type = frame[LENGTH_BYTES]
  if (type === undefined) return refuse('truncated')
  const fault = frameFault(type, frame.length - LENGTH_BYTES)
  if (fault !== undefined) return refuse(fault)
  if (type === TYPES.chunk) return { ok: true, message: { kind: 'chunk', encoded: frame.subarray(FRAME_HEADER_BYTES) } }
  const reader = new ByteReader(frame, FRAME_HEADER_BYTES)
  const message = readFields(type, reader, frame.length - FRAME_HEADER_BYTES)
  if (message === undefined) return refuse('unknown-type')
  reader.end()
  return reader.fault === undefined ? { ok: true, message } : refuse(reader.fault)
}

function readFields(type: number, reader: ByteReader, bytes: number): Message | undefined {
  switch (type) {
    case TYPES.handshake:
      return readHandshake(reader, bytes)
    case TYPES.header:
      return { kind: 'header', encoded: reader.bytes(HEADER_BYTES) }
    case TYPES.have:
      return { kind: 'have', bits: readBits(reader) }
    case TYPES['buffer-map']:
      return {
        kind: 'buffer-map',
        oldest: reader.uint48(),
        free: reader.uint8(),
        depths: reader.bytes(SUB_STREAMS),
        bits: readBits(reader),
      }
    case TYPES.subscribe:
      return { kind: 'subscribe', subStream: readSubStream(reader), from: reader.uint48() }
    case TYPES.unsubscribe:
      return { kind: 'unsubscribe', subStream: readSubStream(reader) }
    case TYPES.release:
      return { kind: 'release', subStream: readSubStream(reader), reason: reader.oneOf(RELEASE_REASONS) }
    case TYPES.request:
      return { kind: 'request', sequence: reader.uint48(), deadline: reader.uint16() }
    case TYPES.cancel:
      return { kind: 'cancel', sequence: reader.uint48() }
    case TYPES.reject:
      return { kind: 'reject', sequence: reader.uint48(), reason: reader.oneOf(REJECT_REASONS) }
    case TYPES.choke:
      return { kind: 'choke' }
    case TYPES.unchoke:
      return { kind: 'unchoke' }
    case TYPES.pex:
      return readPex(reader)
    case TYPES.ping:
      return { kind: 'ping', nonce: reader.uint32() }
    case TYPES.pong:
      return { kind: 'pong', nonce: reader.uint32() }
    case TYPES.goodbye:
      return { kind: 'goodbye', reason: reader.oneOf(GOODBYE_REASONS) }
    default:
      return undefined
  }
}
