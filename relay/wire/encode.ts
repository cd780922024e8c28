/** Messages to frames. A frame is born in its final size; a chunk is never copied into one. */
import { HEADER_BYTES } from '../chunk/chunk.ts'
import { bitmapBytes } from './bitmap.ts'
import { ByteWriter } from './bytes.ts'
import { HANDSHAKE_BYTES } from './decode.ts'
import { FRAME_HEADER_BYTES, LENGTH_BYTES, MAX_UINT16, MAX_UINT32, SUB_STREAMS, WIRE_VERSION } from './limits.ts'
import {
  GOODBYE_REASONS,
  REJECT_REASONS,
  RELEASE_REASONS,
  ROLES,
  TYPES,
  type BufferMap,
  type ChunkBits,
  type ControlMessage,
  type Handshake,
  type PexPeer,
} from './wire.ts'

const begin = (kind: keyof typeof TYPES, fieldBytes: number): ByteWriter =>
  new ByteWriter(FRAME_HEADER_BYTES + fieldBytes).uint32(1 + fieldBytes).uint8(TYPES[kind])

const SEQUENCE_BYTES = 6

function encodeHandshake(message: Handshake): Uint8Array {
  const { header } = message
  const writer = begin('handshake', HANDSHAKE_BYTES + (header === undefined ? 0 : HEADER_BYTES))
    .uint8(WIRE_VERSION)
    .uint8(ROLES.indexOf(message.role))
    .put(message.channelKey)
    .uint32(Math.min(message.window, MAX_UINT32))
    .uint32(Math.min(message.uploadKbps, MAX_UINT32))
    .uint32(message.features)
  return (header === undefined ? writer : writer.put(header)).bytes
}

const bitsBytes = (bits: ChunkBits): number => SEQUENCE_BYTES + 2 + 2 * bitmapBytes(bits.count)
const putBits = (writer: ByteWriter, bits: ChunkBits): Uint8Array =>
  writer.uint48(bits.base).uint16(bits.count).put(bits.have).put(bits.access).bytes

function encodeBufferMap({ oldest, free, depths, bits }: BufferMap): Uint8Array {
  const writer = begin('buffer-map', SEQUENCE_BYTES + 1 + SUB_STREAMS + bitsBytes(bits))
  return putBits(writer.uint48(oldest).uint8(free).put(depths), bits)
}

const textBytes = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + 1 + text.length, 0)

function encodePex(peers: readonly PexPeer[]): Uint8Array {
  const writer = begin(
    'pex',
    peers.reduce((sum, { peer, addresses }) => sum + textBytes([peer]) + 1 + textBytes(addresses), 1),
  )
  writer.uint8(peers.length)
  for (const { peer, addresses } of peers) {
    writer.text(peer).uint8(addresses.length)
    for (const address of addresses) writer.text(address)
  }
  return writer.bytes
}

/** The whole frame of a message. The caller keeps to the limits of limits.ts. */
export function encode(message: ControlMessage): Uint8Array {
  switch (message.kind) {
    case 'handshake':
      return encodeHandshake(message)
    case 'header':
      return begin('header', HEADER_BYTES).put(message.encoded).bytes
    case 'have':
      return putBits(begin('have', bitsBytes(message.bits)), message.bits)
    case 'buffer-map':
      return encodeBufferMap(message)
    case 'subscribe':
      return begin('subscribe', 1 + SEQUENCE_BYTES)
        .uint8(message.subStream)
        .uint48(message.from).bytes
    case 'unsubscribe':
      return begin('unsubscribe', 1).uint8(message.subStream).bytes
    case 'release':
      return begin('release', 2).uint8(message.subStream).uint8(RELEASE_REASONS.indexOf(message.reason)).bytes
    case 'request': {
      const deadline = Math.min(Math.max(Math.round(message.deadline), 0), MAX_UINT16)
      return begin('request', SEQUENCE_BYTES + 2)
        .uint48(message.sequence)
        .uint16(deadline).bytes
    }
    case 'cancel':
      return begin('cancel', SEQUENCE_BYTES).uint48(message.sequence).bytes
    case 'reject': {
      const reason = REJECT_REASONS.indexOf(message.reason)
      return begin('reject', SEQUENCE_BYTES + 1)
        .uint48(message.sequence)
        .uint8(reason).bytes
    }
    case 'choke':
    case 'unchoke':
      return begin(message.kind, 0).bytes
    case 'pex':
      return encodePex(message.peers)
    case 'ping':
    case 'pong':
      return begin(message.kind, 4).uint32(message.nonce).bytes
    case 'goodbye':
      return begin('goodbye', 1).uint8(GOODBYE_REASONS.indexOf(message.reason)).bytes
  }
}

/** What goes before an encoded chunk of this length. */
export const chunkFrameHeader = (chunkBytes: number): Uint8Array =>
  new ByteWriter(FRAME_HEADER_BYTES).uint32(1 + chunkBytes).uint8(TYPES.chunk).bytes

/**
 * The whole frame around an encoded chunk, when the bytes before it in its buffer are that frame's header: so it is with every chunk
 * that came in a frame, and forwarding it is one send. Undefined: send chunkFrameHeader, then the chunk.
 */
export function frameAround(encoded: Uint8Array): Uint8Array | undefined {
  const start = encoded.byteOffset - FRAME_HEADER_BYTES
  if (start < 0) return undefined
  const frame = new Uint8Array(encoded.buffer, start, FRAME_HEADER_BYTES + encoded.length)
  const length = 1 + encoded.length
  const isHeader =
    frame[0] === length >>> 24 &&
    frame[1] === ((length >>> 16) & 0xff) &&
    frame[2] === ((length >>> 8) & 0xff) &&
    frame[3] === (length & 0xff) &&
    frame[LENGTH_BYTES] === TYPES.chunk
  return isHeader ? frame : undefined
}
