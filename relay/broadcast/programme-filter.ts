/** Takes one programme out of a multiplex: its map table, its streams and its clock pass with their PIDs; the PAT names it alone. */
import { buildPat, PAT_PID, parsePat, parsePmt, type Pmt } from '../media/psi.ts'
import { createSectionReader, packSection } from '../media/sections.ts'
import { PID_COUNT, pidOf, setCounter, startsUnit } from '../media/ts-packet.ts'
import type { Choice } from './survey.ts'

export type Fate = 'pass' | 'drop' | 'replace'

export interface ProgrammeFilter {
  /** What becomes of the packet at `at`; `replace`: `replacement` goes instead. */
  take(bytes: Uint8Array, at: number): Fate
  /** One packet; it lasts until the next `take`. */
  readonly replacement: Uint8Array
}

export function createProgrammeFilter(choice: Choice): ProgrammeFilter {
  const isKept = new Uint8Array(PID_COUNT)
  let { pmtPid } = choice
  let version = 0
  let counter = 0
  let replacement: Uint8Array = new Uint8Array(0)

  const writePat = (): void => {
    const pat = { transportStreamId: choice.transportStreamId, version, current: true, section: 0, lastSection: 0, networkPid: undefined }
    replacement = packSection(buildPat({ ...pat, programs: [{ program: choice.program, pmtPid }] }), PAT_PID)
  }

  const keep = (pmt: Pmt): void => {
    isKept.fill(0)
    isKept[pmtPid] = 1
    isKept[pmt.pcrPid] = 1
    for (const stream of pmt.streams) isKept[stream.pid] = 1
  }

  const patReader = createSectionReader((section) => {
    const pat = parsePat(section)
    const entry = pat?.programs.find(({ program }) => program === choice.program)
    if (pat?.current !== true || entry === undefined || entry.pmtPid === pmtPid) return
    isKept[entry.pmtPid] = 1
    pmtPid = entry.pmtPid
    version = (version + 1) & 0x1f
    writePat()
  })
  const pmtReader = createSectionReader((section) => {
    const pmt = parsePmt(section)
    if (pmt?.current === true && pmt.program === choice.program) keep(pmt)
  })

  keep(choice.pmt)
  writePat()
  return {
    get replacement() {
      return replacement
    },
    take(bytes, at) {
      const pid = pidOf(bytes, at)
      if (pid === PAT_PID) {
        patReader.push(bytes, at)
        if (!startsUnit(bytes, at)) return 'drop'
        setCounter(replacement, 0, counter)
        counter = (counter + 1) & 0x0f
        return 'replace'
      }
      if (pid === pmtPid) pmtReader.push(bytes, at)
      return isKept[pid] === 1 ? 'pass' : 'drop'
    },
  }
}
