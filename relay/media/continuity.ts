/** Checks the continuity counters of a transport stream (ISO/IEC 13818-1, section 2.4.3.3), as tests and `doctor` do. */
import { counterOf, hasDiscontinuity, hasPayload, isBroken, NULL_PID, PACKET_BYTES, PID_COUNT, pidOf } from './ts-packet.ts'

export interface ContinuityCheck {
  /** Takes whole packets. */
  push(packets: Uint8Array): void
  /** What follows does not go on from before: the next packet of each PID counts as the first. */
  discontinue(): void
  readonly errors: number
  /** Errors by PID, of those that have any. */
  readonly byPid: ReadonlyMap<number, number>
}

const UNSEEN = 0xff
/** Remembered beside the counter: the packet before was itself a repetition, and there may only be one. */
const REPEATED = 0x40

export function createContinuityCheck(): ContinuityCheck {
  const last = new Uint8Array(PID_COUNT).fill(UNSEEN)
  const byPid = new Map<number, number>()
  let errors = 0

  const isError = (packets: Uint8Array, at: number, pid: number): boolean => {
    const counter = counterOf(packets, at)
    const before = last[pid] as number
    const payload = hasPayload(packets, at)
    if (before === UNSEEN || hasDiscontinuity(packets, at)) {
      last[pid] = counter
      return false
    }
    const isSame = counter === (before & 0x0f)
    if (!payload) {
      if (!isSame) last[pid] = counter
      return !isSame // without payload the counter stands
    }
    if (isSame && (before & REPEATED) === 0) {
      last[pid] = counter | REPEATED
      return false
    }
    last[pid] = counter
    return counter !== ((before + 1) & 0x0f)
  }

  return {
    get errors() {
      return errors
    },
    byPid,
    push(packets) {
      for (let at = 0; at + PACKET_BYTES <= packets.length; at += PACKET_BYTES) {
        const pid = pidOf(packets, at)
        if (pid === NULL_PID || isBroken(packets, at) || !isError(packets, at, pid)) continue
        errors += 1
        byPid.set(pid, (byPid.get(pid) ?? 0) + 1)
      }
    },
    discontinue() {
      last.fill(UNSEEN)
    },
  }
}
