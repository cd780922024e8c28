import type { MediaChunk } from '../../relay/chunk/chunk.ts'
import type { FeedItem } from '../../relay/feed/source.ts'

const PACKET_BYTES = 188
const PTS_WRAP = 2 ** 33

/** One packet that begins a PES packet with a presentation time stamp, 90 kHz. */
export function pesPacket(pts: number, streamId = 0xe0): Uint8Array {
  const ticks = ((pts % PTS_WRAP) + PTS_WRAP) % PTS_WRAP
  const high = Math.floor(ticks / 2 ** 30)
  const middle = Math.floor(ticks / 2 ** 15) % 2 ** 15
  const low = ticks % 2 ** 15
  const packet = new Uint8Array(PACKET_BYTES).fill(0xff)
  packet.set([0x47, 0x41, 0x00, 0x10, 0, 0, 1, streamId, 0, 0, 0x80, 0x80, 5])
  packet.set([0x21 | (high << 1), middle >> 7, ((middle & 0x7f) << 1) | 1, low >> 7, ((low & 0x7f) << 1) | 1], 13)
  return packet
}

export interface ChunkPlan {
  readonly sequence: number
  /** Seconds since the start of the plan, for `time` and for the time stamp. */
  readonly at: number
  /** Seconds of the time stamp, where it differs. */
  readonly stamp?: number
  readonly access?: boolean
  readonly discontinuity?: boolean
  readonly bytes?: number
}

export const START_MS = Date.UTC(2026, 0, 1, 20)

export function chunkOf({ sequence, at, stamp = at, access = false, discontinuity = false, bytes = PACKET_BYTES }: ChunkPlan): MediaChunk {
  const payload = new Uint8Array(bytes)
  payload.set(pesPacket(Math.round(stamp * 90_000)))
  return { sequence, time: START_MS + at * 1000, randomAccess: access, discontinuity, payload }
}

/** Chunks of half a second with a random access point every `gop` seconds. */
export function chunksOf(options: {
  readonly seconds: number
  readonly gop: number
  readonly from?: number
  readonly stampFrom?: number
}): MediaChunk[] {
  const { seconds, gop, from = 0, stampFrom = from } = options
  return Array.from({ length: seconds * 2 }, (_, index) =>
    chunkOf({ sequence: from * 2 + index, at: from + index / 2, stamp: stampFrom + index / 2, access: (index / 2) % gop === 0 }),
  )
}

export const itemsOf = (chunks: readonly MediaChunk[]): FeedItem[] => chunks.map((chunk) => ({ kind: 'chunk', chunk }))
