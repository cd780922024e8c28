/**
 * The messages of `/tributary/swarm/1.0.0` as values. encode.ts and decode.ts turn them into frames and back; PROTOCOL.md gives the
 * bytes and who sends what when. Terms follow RFC 7574 (PPSPP) and BitTorrent.
 */
import type { ChunkViolation } from '../chunk/header.ts'

/** The type byte of each message. 0 is none, so that a run of zeros is refused. */
export const TYPES = {
  handshake: 1,
  header: 2,
  have: 3,
  'buffer-map': 4,
  subscribe: 5,
  unsubscribe: 6,
  release: 7,
  request: 8,
  cancel: 9,
  reject: 10,
  chunk: 11,
  choke: 12,
  unchoke: 13,
  pex: 14,
  ping: 15,
  pong: 16,
  goodbye: 17,
} as const

/** By their number on the wire, like the reasons below. */
export const ROLES = ['peer', 'source'] as const
export type Role = (typeof ROLES)[number]

/** Why a stream ends in order. */
export const GOODBYE_REASONS = ['leaving', 'not-carried', 'full', 'duplicate', 'violation', 'idle'] as const
export type GoodbyeReason = (typeof GOODBYE_REASONS)[number]

/** Why a chunk that was asked for does not come. */
export const REJECT_REASONS = ['absent', 'choked', 'quota'] as const
export type RejectReason = (typeof REJECT_REASONS)[number]

/** Why a parent stops pushing a sub-stream, or does not begin. */
export const RELEASE_REASONS = ['full', 'slow', 'displaced', 'leaving'] as const
export type ReleaseReason = (typeof RELEASE_REASONS)[number]

export interface Handshake {
  readonly kind: 'handshake'
  readonly role: Role
  /** The channel's Ed25519 key, 32 bytes: the swarm's identity. */
  readonly channelKey: Uint8Array
  /** How many chunks back from its newest the sender has: RFC 7574's live discard window. */
  readonly window: number
  /** What the sender can upload, kbit/s; MAX_UINT32 without a cap. */
  readonly uploadKbps: number
  /** Bit set; both sides must have a bit for its extension to be used. None is defined yet. */
  readonly features: number
  /** The newest signed chunk header (HEADER_BYTES) the sender has, for secure tune-in. */
  readonly header: Uint8Array | undefined
}

/** Which chunks of [base, base + count) there are; bit i of byte i >> 3, lowest first, stands for chunk base + i. */
export interface ChunkBits {
  readonly base: number
  readonly count: number
  readonly have: Uint8Array
  /** Those of them that begin with a random access point: where a joiner may begin. */
  readonly access: Uint8Array
}

export interface BufferMap {
  readonly kind: 'buffer-map'
  /** Chunks before it are gone. */
  readonly oldest: number
  /** Sub-streams that the sender could still push. */
  readonly free: number
  /** Hops from the source to the sender, for each of the SUB_STREAMS; NO_DEPTH: it does not arrive. */
  readonly depths: Uint8Array
  readonly bits: ChunkBits
}

export interface PexPeer {
  readonly peer: string
  readonly addresses: readonly string[]
}

export type Message =
  | Handshake
  /** The sender's newest signed header, HEADER_BYTES. */
  | { readonly kind: 'header'; readonly encoded: Uint8Array }
  /** Adds to what the receiver knows of the sender. */
  | { readonly kind: 'have'; readonly bits: ChunkBits }
  /** Replaces what the receiver knows of this range. */
  | BufferMap
  /** Push every chunk of this sub-stream from sequence `from` on, as soon as it is verified. */
  | { readonly kind: 'subscribe'; readonly subStream: number; readonly from: number }
  | { readonly kind: 'unsubscribe'; readonly subStream: number }
  | { readonly kind: 'release'; readonly subStream: number; readonly reason: ReleaseReason }
  /** `deadline`: ms from now until the chunk is of no use. */
  | { readonly kind: 'request'; readonly sequence: number; readonly deadline: number }
  | { readonly kind: 'cancel'; readonly sequence: number }
  | { readonly kind: 'reject'; readonly sequence: number; readonly reason: RejectReason }
  /** The encoded chunk, a view of its frame. */
  | { readonly kind: 'chunk'; readonly encoded: Uint8Array }
  | { readonly kind: 'choke' }
  | { readonly kind: 'unchoke' }
  | { readonly kind: 'pex'; readonly peers: readonly PexPeer[] }
  | { readonly kind: 'ping'; readonly nonce: number }
  | { readonly kind: 'pong'; readonly nonce: number }
  | { readonly kind: 'goodbye'; readonly reason: GoodbyeReason }

/** All but the media: what `encode` takes. */
export type ControlMessage = Exclude<Message, { readonly kind: 'chunk' }>

/** Why bytes are no message. */
export type WireViolation = 'truncated' | 'trailing' | 'unknown-type' | 'too-large' | 'bad-value' | 'version'

/** What a peer is charged with: its bytes, its chunks, or its manners. */
export type Violation = WireViolation | ChunkViolation | 'unsigned-header' | 'out-of-turn' | 'request-flood' | 'wrong-channel'

export type Decoded = { readonly ok: true; readonly message: Message } | { readonly ok: false; readonly violation: WireViolation }
