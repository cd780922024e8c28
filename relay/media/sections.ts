/** PSI sections out of packets, and into packets (ISO/IEC 13818-1, section 2.4.4). */
import { crc32 } from './crc32.ts'
import { counterOf, hasPayload, isBroken, isScrambled, PACKET_BYTES, payloadStart, startsUnit, SYNC_BYTE } from './ts-packet.ts'

/** A private section's limit; PAT and PMT end at 1,024. */
export const MAX_SECTION_BYTES = 4096
/** table_id and section_length: after these it is known how long a section is. */
const PREFIX_BYTES = 3
const STUFFING = 0xff

export interface SectionReader {
  /** Takes one packet of the table's PID. */
  push(bytes: Uint8Array, at: number): void
  /** Forgets what was begun. */
  reset(): void
}

/** @param onSection gets each whole section whose CRC holds, as a view that lasts until it returns; one without a CRC is no table */
export function createSectionReader(onSection: (section: Uint8Array) => void): SectionReader {
  const section = new Uint8Array(MAX_SECTION_BYTES)
  let filled = 0
  let isOpen = false
  let lastCounter = -1

  /** Takes bytes of the open section from `from`; returns where the section ended, or `to`. */
  const take = (bytes: Uint8Array, from: number, to: number): number => {
    let at = from
    while (at < to) {
      if (filled < PREFIX_BYTES) {
        section[filled++] = bytes[at++] as number
        continue
      }
      const wanted = PREFIX_BYTES + ((((section[1] as number) & 0x0f) << 8) | (section[2] as number))
      if (wanted > MAX_SECTION_BYTES) {
        isOpen = false
        return to
      }
      while (at < to && filled < wanted) section[filled++] = bytes[at++] as number
      if (filled < wanted) return at
      isOpen = false
      const whole = section.subarray(0, filled)
      const hasCrc = ((section[1] as number) & 0x80) !== 0
      if (hasCrc && crc32(whole) === 0) onSection(whole)
      return at
    }
    return at
  }

  return {
    push(bytes, at) {
      if (!hasPayload(bytes, at) || isScrambled(bytes, at) || isBroken(bytes, at)) return
      const counter = counterOf(bytes, at)
      if (counter === lastCounter) return // a packet may be sent twice (section 2.4.3.3)
      if (lastCounter !== -1 && counter !== ((lastCounter + 1) & 0x0f)) isOpen = false
      lastCounter = counter
      const end = at + PACKET_BYTES
      let from = payloadStart(bytes, at)
      if (from >= end) return
      if (startsUnit(bytes, at)) {
        const first = Math.min(from + 1 + (bytes[from] as number), end)
        if (isOpen) take(bytes, from + 1, first)
        from = first
        while (from < end && bytes[from] !== STUFFING) {
          isOpen = true
          filled = 0
          from = take(bytes, from, end)
        }
      } else if (isOpen) take(bytes, from, end)
    },
    reset() {
      isOpen = false
      lastCounter = -1
    },
  }
}

/** The packets of one section, stuffed to the end. Their counters begin at 0. */
export function packSection(section: Uint8Array, pid: number): Uint8Array {
  const room = PACKET_BYTES - 4
  const count = Math.ceil((section.length + 1) / room)
  const packets = new Uint8Array(count * PACKET_BYTES).fill(STUFFING)
  let from = 0
  for (let packet = 0; packet < count; packet += 1) {
    const at = packet * PACKET_BYTES
    packets[at] = SYNC_BYTE
    packets[at + 1] = (packet === 0 ? 0x40 : 0) | (pid >>> 8)
    packets[at + 2] = pid
    packets[at + 3] = 0x10 | (packet & 0x0f)
    const start = packet === 0 ? at + 5 : at + 4
    if (packet === 0) packets[at + 4] = 0 // pointer_field
    const part = section.subarray(from, from + at + PACKET_BYTES - start)
    packets.set(part, start)
    from += part.length
  }
  return packets
}
