/** From packets of the source to cuts: one programme, at its own pace. */
import { createChunker, type ChunkCut } from '../chunk/chunker.ts'
import type { Clock } from '../clock.ts'
import { readPcr } from '../media/timestamp.ts'
import { NULL_PID, PACKET_BYTES, pidOf } from '../media/ts-packet.ts'
import { createPacer } from './pacer.ts'
import { createProgrammeFilter } from './programme-filter.ts'
import type { Choice } from './survey.ts'

export interface Transmission extends Disposable {
  /** Takes whole packets; resolves when all of them have gone on. Rejects with the signal's reason. */
  send(packets: Uint8Array, signal: AbortSignal): Promise<void>
  /** What follows does not go on from before: a loop point. */
  discontinue(): void
  /** Cuts what there is. */
  flush(): void
}

export interface TransmissionDeps {
  readonly clock: Clock
  readonly cut: (cut: ChunkCut) => void
}

/** A clock within the standard is 30 ppm off at most: a source that comes at its own pace is read faster than that. */
const LIVE_HASTE = 1e-4

/** @param isStored the source waits for us */
export function createTransmission({ clock, cut }: TransmissionDeps, choice: Choice, isStored: boolean): Transmission {
  const chunker = createChunker({ clock, cut })
  const pacer = createPacer(isStored ? 0 : LIVE_HASTE)
  const filter = choice.kind === 'one-of-many' ? createProgrammeFilter(choice) : undefined

  let { clockPid, pmt } = choice

  const clockOf = (bytes: Uint8Array, at: number): number | undefined => {
    const newest = chunker.tables?.pmt ?? pmt
    if (newest !== pmt) {
      if (newest.pcrPid !== pmt.pcrPid && newest.pcrPid !== NULL_PID) clockPid = newest.pcrPid
      pmt = newest
    }
    return pidOf(bytes, at) === clockPid ? readPcr(bytes, at) : undefined
  }

  return {
    async send(packets, signal) {
      for (let at = 0; at < packets.length; at += PACKET_BYTES) {
        const fate = filter?.take(packets, at) ?? 'pass'
        if (fate === 'drop') continue
        if (fate === 'replace' && filter !== undefined) {
          chunker.pushPacket(filter.replacement, 0)
          continue
        }
        const pcr = clockOf(packets, at)
        if (pcr !== undefined) {
          const pace = pacer.next(pcr, clock.monotonic())
          if (pace.jumped) chunker.discontinue()
          if (pace.wait > 0) await clock.sleep(pace.wait, signal)
        }
        chunker.pushPacket(packets, at)
      }
    },
    discontinue() {
      pacer.discontinue()
      chunker.discontinue()
    },
    flush: () => chunker.flush(),
    [Symbol.dispose]: () => chunker[Symbol.dispose](),
  }
}
