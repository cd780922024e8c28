/**
 * A chunk: the unit of exchange, verification and storage; at most 64 KiB of a channel behind a signed header of 120 bytes.
 *
 *     offset  size  field
 *          0     1  version, 1
 *          1     1  flags
 *          2     6  epoch      the sequence number of the first chunk of this run of the broadcaster; it starts at the wall clock in ms
 *          8     6  sequence   one more than the chunk before it in the same epoch; never used twice
 *         14     6  time       when the source cut the chunk, ms since the Unix epoch
 *         20     4  size       of the payload, bytes
 *         24    32  SHA-256 of the payload
 *         56    64  Ed25519 signature by the channel's key over SIGNING_DOMAIN, the channel's key and bytes 0 to 55
 *
 * Integers are big-endian. Because an epoch is a sequence number, one number orders all chunks of a channel for ever, and a joiner knows
 * from any header that nothing exists between the last chunk of the epoch before and `epoch`.
 */
export const CHUNK_VERSION = 1
export const HEADER_BYTES = 120
/** What the signature covers of the header. */
export const SIGNED_BYTES = 56
/** At 8 Mbit/s 65 ms of television, one step of the swarm. */
export const MAX_PAYLOAD_BYTES = 64 * 1024
export const SIGNING_DOMAIN = 'tributary chunk 1\0'

export const FLAG_RANDOM_ACCESS = 0b001
export const FLAG_DISCONTINUITY = 0b010
export const FLAG_ENDS = 0b100

/** What a feed carries: from a swarm with a signature, from ffmpeg without. */
export interface MediaChunk {
  readonly sequence: number
  /** ms since the Unix epoch, by the source's clock. */
  readonly time: number
  /** The payload begins with PAT, PMT and a random access point. */
  readonly randomAccess: boolean
  /** Time stamps or continuity counters do not go on from the chunk before: a loop point, a new source, a restart. */
  readonly discontinuity: boolean
  /** Whole MPEG-TS packets. */
  readonly payload: Uint8Array
}

export interface ChunkHeader {
  readonly epoch: number
  readonly sequence: number
  readonly time: number
  readonly randomAccess: boolean
  readonly discontinuity: boolean
  /** The last chunk of this epoch: the broadcaster went off air on purpose. It alone may have an empty payload, and ours always has. */
  readonly ends: boolean
  /** Payload bytes. */
  readonly size: number
  /** SHA-256 of the payload, 32 bytes. */
  readonly hash: Uint8Array
  /** The whole encoded header, HEADER_BYTES long: it can be shown to others and verifies by itself. */
  readonly encoded: Uint8Array
}

/** A chunk whose signature and hash hold. Only `verify` and `signChunk` make one. */
export interface Chunk extends MediaChunk {
  readonly header: ChunkHeader
  /** Header and payload in one piece, as they travel; `payload` is a view of it. */
  readonly encoded: Uint8Array
}

/** Chunks that did not come in time: nothing between two sequence numbers, both included. */
export interface Gap {
  readonly from: number
  readonly to: number
  /** Wall clock of the chunks on either side, ms since the Unix epoch. */
  readonly began: number
  readonly ended: number
}
