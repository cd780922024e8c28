/** Follows the tables of a stream that carries one programme, and reads them from the start of a chunk. */
import { PAT_PID, parsePat, parsePmt, type Pmt } from './psi.ts'
import { createSectionReader, packSection } from './sections.ts'
import { PACKET_BYTES, pidOf } from './ts-packet.ts'

export interface ProgrammeTables {
  /** PAT and PMT as packets, ready to be put before a random access point. Their counters begin at 0. */
  readonly packets: Uint8Array
  readonly pmt: Pmt
  readonly pmtPid: number
}

export interface ProgrammeReader {
  /** Takes any packet; true when the tables have changed with it. */
  push(bytes: Uint8Array, at: number): boolean
  /** The newest complete tables of the stream's first programme. */
  readonly tables: ProgrammeTables | undefined
  /** True for the PIDs of PAT and PMT. */
  isTable(pid: number): boolean
  /** What follows does not go on from before. The tables stand until others come. */
  discontinue(): void
}

export function createProgrammeReader(): ProgrammeReader {
  let program = -1
  let pmtPid = -1
  let patSection: Uint8Array | undefined
  let pmtSection: Uint8Array | undefined
  let pmt: Pmt | undefined
  let tables: ProgrammeTables | undefined
  let changed = false

  const renew = (): void => {
    if (patSection === undefined || pmtSection === undefined || pmt === undefined) return
    tables = { packets: Buffer.concat([packSection(patSection, PAT_PID), packSection(pmtSection, pmtPid)]), pmt, pmtPid }
    changed = true
  }

  const patReader = createSectionReader((section) => {
    if (patSection !== undefined && Buffer.compare(section, patSection) === 0) return
    const pat = parsePat(section)
    const first = pat?.programs[0]
    if (first === undefined || !pat?.current) return
    patSection = Uint8Array.from(section)
    if (first.program !== program || first.pmtPid !== pmtPid) {
      program = first.program
      pmtPid = first.pmtPid
      pmtSection = undefined
      pmtReader.reset()
    }
    renew()
  })

  const pmtReader = createSectionReader((section) => {
    if (pmtSection !== undefined && Buffer.compare(section, pmtSection) === 0) return
    const parsed = parsePmt(section)
    if (parsed === undefined || !parsed.current || parsed.program !== program) return
    pmtSection = Uint8Array.from(section)
    pmt = parsed
    renew()
  })

  return {
    get tables() {
      return tables
    },
    isTable: (pid) => pid === PAT_PID || pid === pmtPid,
    push(bytes, at) {
      const pid = pidOf(bytes, at)
      if (pid !== PAT_PID && pid !== pmtPid) return false
      changed = false
      if (pid === PAT_PID) patReader.push(bytes, at)
      else pmtReader.push(bytes, at)
      return changed
    },
    discontinue() {
      patReader.reset()
      pmtReader.reset()
    },
  }
}

/** The map table at the start of a chunk that begins with a random access point; undefined when there is none. */
export function pmtOf(payload: Uint8Array): Pmt | undefined {
  const reader = createProgrammeReader()
  for (let at = 0; at + PACKET_BYTES <= payload.length; at += PACKET_BYTES) {
    if (reader.push(payload, at)) return reader.tables?.pmt
    if (!reader.isTable(pidOf(payload, at))) return undefined
  }
  return undefined
}
