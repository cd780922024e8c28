/**
 * Holds a looped broadcast against the file that it was made of: every packet of the programme, in order, over any number of loops. Tables
 * are excepted, since the broadcaster puts copies of them before random access points; their counters are checked instead.
 */
import { createContinuityCheck } from '../../relay/media/continuity.ts'
import { PAT_PID, parsePat, parsePmt, type Pat, type Pmt } from '../../relay/media/psi.ts'
import { createSectionReader } from '../../relay/media/sections.ts'
import { NULL_PID, PACKET_BYTES, pidOf, SYNC_BYTE } from '../../relay/media/ts-packet.ts'

/** So many packets in a row say where in the file the output began. */
const ALIGN_PACKETS = 60

export interface LoopComparison {
  push(piece: Uint8Array): void
  /** Packets held against the file. */
  readonly compared: number
  /** How often the file began anew. */
  readonly loops: number
  /** The first difference, in words. */
  readonly difference: string | undefined
  /** Continuity errors in the tables. */
  readonly tableErrors: number
  /** What the output began with. */
  readonly beginning: { readonly pat: boolean; readonly pmt: boolean }
}

/** The tables of some packets. */
export function tablesIn(packets: Uint8Array): { readonly pat: Pat; readonly pmts: ReadonlyMap<number, Pmt> } {
  let pat: Pat | undefined
  const pmts = new Map<number, Pmt>()
  const patReader = createSectionReader((section) => (pat ??= parsePat(section)))
  const pmtReaders = new Map<number, ReturnType<typeof createSectionReader>>()
  for (let at = 0; at + PACKET_BYTES <= packets.length; at += PACKET_BYTES) {
    const pid = pidOf(packets, at)
    if (pid === PAT_PID) patReader.push(packets, at)
    for (const { pmtPid } of pat?.programs ?? []) {
      if (pid !== pmtPid) continue
      const reader =
        pmtReaders.get(pid) ??
        createSectionReader((section) => {
          const pmt = parsePmt(section)
          if (pmt !== undefined) pmts.set(pmt.program, pmt)
        })
      pmtReaders.set(pid, reader)
      reader.push(packets, at)
    }
  }
  if (pat === undefined) throw new Error('the packets hold no PAT')
  return { pat, pmts }
}

/** @param file the whole source; @param program its service that is broadcast */
export function compareWithLoop(file: Uint8Array, program: number): LoopComparison {
  const { pat, pmts } = tablesIn(file)
  const pmtPid = pat.programs.find((entry) => entry.program === program)?.pmtPid ?? -1
  const pmt = pmts.get(program)
  const alone = pat.programs.length === 1
  const isCompared = (pid: number): boolean => {
    if (pid === PAT_PID || pid === pmtPid) return false
    return alone || (pmt !== undefined && (pid === pmt.pcrPid || pmt.streams.some((stream) => stream.pid === pid)))
  }
  const packetAt = (at: number): Buffer => Buffer.from(file.buffer, file.byteOffset + at, PACKET_BYTES)
  const offsets: number[] = []
  for (let at = 0; at + PACKET_BYTES <= file.length; at += PACKET_BYTES) if (isCompared(pidOf(file, at))) offsets.push(at)

  const tables = createContinuityCheck()
  let rest: Uint8Array = new Uint8Array(0)
  let waiting: Buffer[] | undefined = []
  let next = 0
  let compared = 0
  let loops = 0
  let difference: string | undefined
  const beginning = { pat: false, pmt: false }
  let packets = 0

  const hold = (packet: Buffer): void => {
    const expected = packetAt(offsets[next] as number)
    compared += 1
    if (!packet.equals(expected)) {
      difference ??= `packet ${compared} (PID ${pidOf(packet, 0)}) is not packet ${next} of ${offsets.length} of the file (PID ${pidOf(expected, 0)}), after ${loops} loops`
    }
    next += 1
    if (next === offsets.length) {
      next = 0
      loops += 1
    }
  }
  const align = (): void => {
    if (waiting === undefined || waiting.length < ALIGN_PACKETS) return
    const found = offsets.findIndex(
      (_, start) =>
        waiting?.every((packet, index) => packet.equals(packetAt(offsets[(start + index) % offsets.length] as number))) === true,
    )
    if (found === -1) {
      difference ??= 'the output begins with packets that do not stand in the file in this order'
      return
    }
    const held = waiting
    waiting = undefined
    next = found
    for (const packet of held) hold(packet)
  }
  const take = (packet: Buffer): void => {
    const pid = pidOf(packet, 0)
    if (packet[0] !== SYNC_BYTE) difference ??= `packet ${packets} has no sync byte`
    if (packets === 0) beginning.pat = pid === PAT_PID
    if (packets === 1) beginning.pmt = pid === pmtPid
    packets += 1
    if (pid === PAT_PID || pid === pmtPid) return tables.push(packet)
    if (!isCompared(pid)) {
      if (pid !== NULL_PID) difference ??= `PID ${pid} does not belong to programme ${program}`
      return undefined
    }
    if (difference !== undefined) return undefined
    if (waiting === undefined) return hold(packet)
    waiting.push(Buffer.from(packet))
    return align()
  }

  return {
    push(piece) {
      const bytes = rest.length === 0 ? Buffer.from(piece) : Buffer.concat([rest, piece])
      let at = 0
      for (; at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) take(bytes.subarray(at, at + PACKET_BYTES))
      rest = bytes.subarray(at)
    },
    get compared() {
      return compared
    },
    get loops() {
      return loops
    },
    get difference() {
      return difference
    },
    get tableErrors() {
      return tables.errors
    },
    get beginning() {
      return beginning
    },
  }
}
