import { PTS_HZ, PTS_WRAP, readPesTimes, ticksBetween } from '../media/timestamp.ts'
import { PACKET_BYTES, payloadStart } from '../media/ts-packet.ts'

/** The tables and the first frame's header stand in the first packets of a random access point. */
const MAX_PACKETS = 64

/** PURE. The first presentation time stamp of a picture in whole packets, else of sound; 90 kHz, 33 bits. */
export function firstPts(payload: Uint8Array): number | undefined {
  let sound: number | undefined
  const end = Math.min(payload.length, MAX_PACKETS * PACKET_BYTES) - PACKET_BYTES
  for (let at = 0; at <= end; at += PACKET_BYTES) {
    const times = readPesTimes(payload, at)
    if (times === undefined) continue
    const streamId = payload[payloadStart(payload, at) + 3] as number
    if ((streamId & 0xf0) === 0xe0) return times.pts
    sound ??= times.pts
  }
  return sound
}

/** PURE. Seconds from one time stamp to a later one, across a wrap; negative for a step back. */
export const secondsBetween = (from: number, to: number): number => ticksBetween(from, to, PTS_WRAP) / PTS_HZ
