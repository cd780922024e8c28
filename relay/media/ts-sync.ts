/** Finds the packets in raw bytes: 188 bytes each, or 192 (a time stamp before) or 204 (check bytes after), and again after damage. */
import { PACKET_BYTES, SYNC_BYTE } from './ts-packet.ts'

/** How packets lie in raw bytes. */
export interface PacketLayout {
  /** Bytes from one sync byte to the next. */
  readonly stride: 188 | 192 | 204
  /** Where the first sync byte is. */
  readonly start: number
}

const STRIDES = [188, 192, 204] as const
/** Sync bytes in a row that prove a transport stream: by chance once in 2^40. */
const SNIFF_PACKETS = 5
/** What sniffing looks at, at most: captures may begin with the end of a packet, not with more. */
export const SNIFF_BYTES = 8 * 204
/** Sync bytes in a row that end a search after lost sync. */
const RESYNC_PACKETS = 3

const standsAt = (bytes: Uint8Array, at: number, stride: number, packets: number): boolean => {
  for (let packet = 0; packet < packets; packet += 1) if (bytes[at + packet * stride] !== SYNC_BYTE) return false
  return true
}

/**
 * The layout when `bytes` are a transport stream; undefined when they are not, or not yet.
 * @param isWhole nothing follows: then as many sync bytes prove it as there can be
 */
export function sniffTransportStream(bytes: Uint8Array, isWhole: boolean): PacketLayout | undefined {
  for (const stride of STRIDES) {
    for (let start = 0; start < stride && start + PACKET_BYTES <= bytes.length; start += 1) {
      const packets = Math.min(SNIFF_PACKETS, 1 + Math.floor((bytes.length - PACKET_BYTES - start) / stride))
      // A short file proves nothing unless it begins with a packet.
      if (packets < SNIFF_PACKETS && (start > 0 || !isWhole)) break
      if (standsAt(bytes, start, stride, packets)) return { stride, start }
    }
  }
  return undefined
}

const EMPTY = new Uint8Array(0)

export interface PacketSync {
  /** Whole packets, PACKET_BYTES each, that are complete with `piece`: a view of it where nothing had to be moved. */
  align(piece: Uint8Array): Uint8Array
  /** Forgets an incomplete packet: the bytes that follow come from elsewhere. */
  reset(): void
  /** Times that sync was lost, and bytes passed over to find it again. */
  readonly losses: number
  readonly skippedBytes: number
}

/** @param layout as sniffed at the start of the bytes, which is also where they start after each reset */
export function createPacketSync({ stride, start }: PacketLayout): PacketSync {
  let carry: Uint8Array = EMPTY
  let skip: number = start // bytes to come that belong to no packet
  let inSync = true
  let losses = 0
  let skippedBytes = 0

  /** The first place from `at` on with sync bytes in a row; the place to go on looking when there is none yet. */
  const search = (bytes: Uint8Array, at: number): { readonly found: boolean; readonly at: number } => {
    for (let place = at; place + (RESYNC_PACKETS - 1) * stride < bytes.length; place += 1) {
      if (standsAt(bytes, place, stride, RESYNC_PACKETS)) return { found: true, at: place }
    }
    return { found: false, at: Math.max(at, bytes.length - (RESYNC_PACKETS - 1) * stride) }
  }

  const isAligned = (bytes: Uint8Array): boolean => {
    if (stride !== PACKET_BYTES || bytes.length % PACKET_BYTES !== 0) return false
    for (let at = 0; at < bytes.length; at += PACKET_BYTES) if (bytes[at] !== SYNC_BYTE) return false
    return true
  }

  return {
    get losses() {
      return losses
    },
    get skippedBytes() {
      return skippedBytes
    },
    align(arrived) {
      const piece = skip === 0 ? arrived : arrived.subarray(skip)
      skip -= arrived.length - piece.length
      if (piece.length === 0) return piece
      if (carry.length === 0 && inSync && isAligned(piece)) return piece
      const bytes = carry.length === 0 ? piece : Buffer.concat([carry, piece])
      const packets = Buffer.allocUnsafe(Math.ceil(bytes.length / stride) * PACKET_BYTES)
      let filled = 0
      let at = 0
      while (at + PACKET_BYTES <= bytes.length) {
        if (inSync && bytes[at] === SYNC_BYTE) {
          packets.set(bytes.subarray(at, at + PACKET_BYTES), filled)
          filled += PACKET_BYTES
          at += stride
          continue
        }
        if (inSync) losses += 1
        inSync = false
        const next = search(bytes, at)
        skippedBytes += next.at - at
        at = next.at
        if (!next.found) break
        inSync = true
      }
      carry = at < bytes.length ? Uint8Array.from(bytes.subarray(at)) : EMPTY
      skip = Math.max(0, at - bytes.length)
      return packets.subarray(0, filled)
    },
    reset() {
      carry = EMPTY
      skip = start
      inSync = true
    },
  }
}
