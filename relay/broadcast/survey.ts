/** Looks at the tables of a transport stream until it is clear which programme is to be sent, and whether it has a clock. */
import { RelayError } from '../errors.ts'
import { PAT_PID, parsePat, parsePmt, type PatEntry, type Pmt } from '../media/psi.ts'
import { createSectionReader, type SectionReader } from '../media/sections.ts'
import { readPcr } from '../media/timestamp.ts'
import { tracksOf } from '../media/tracks.ts'
import { PACKET_BYTES, PID_COUNT, pidOf } from '../media/ts-packet.ts'

export interface Choice {
  /** `whole`: the stream has but this programme, and passes untouched. */
  readonly kind: 'whole' | 'one-of-many'
  readonly program: number
  readonly pmtPid: number
  readonly pmt: Pmt
  readonly transportStreamId: number
  /** Where the programme's PCR comes; undefined when none was seen. Some tables do not name it. */
  readonly clockPid: number | undefined
}

export interface Survey {
  /** Takes whole packets. */
  push(packets: Uint8Array): void
  /**
   * Undefined: not clear yet, or with `isFinal`: there is no programme. Throws `programme-not-found`.
   * @param isFinal decide with what there is
   */
  choose(isFinal: boolean): Choice | undefined
}

/** @param wanted programme number; undefined: the first with video, or else the first */
export function createSurvey(wanted: number | undefined): Survey {
  const sections = new Map<number, readonly PatEntry[]>()
  let sectionCount = Infinity
  let transportStreamId = 0
  const pmts = new Map<number, Pmt>()
  const pmtReaders = new Map<number, SectionReader>()
  const hasPcr = new Uint8Array(PID_COUNT)

  const onPmt = (section: Uint8Array): void => {
    const pmt = parsePmt(section)
    if (pmt?.current === true) pmts.set(pmt.program, pmt)
  }

  const patReader = createSectionReader((section) => {
    const pat = parsePat(section)
    if (pat?.current !== true) return
    transportStreamId = pat.transportStreamId
    sectionCount = pat.lastSection + 1
    sections.set(pat.section, pat.programs)
    for (const { pmtPid } of pat.programs) if (!pmtReaders.has(pmtPid)) pmtReaders.set(pmtPid, createSectionReader(onPmt))
  })

  const programmes = (): PatEntry[] => [...sections].toSorted(([a], [b]) => a - b).flatMap(([, entries]) => entries)
  const hasVideo = (pmt: Pmt): boolean => tracksOf(pmt).some((track) => track.kind === 'video')

  const pick = (entries: readonly PatEntry[], isFinal: boolean): PatEntry | undefined => {
    if (wanted !== undefined) {
      const entry = entries.find(({ program }) => program === wanted)
      if (entry === undefined) {
        const there = entries.map(({ program }) => program).join(', ')
        throw new RelayError('programme-not-found', `The source has no programme ${wanted}; choose one of ${there} with --program.`)
      }
      return entry
    }
    for (const entry of entries) {
      const pmt = pmts.get(entry.program)
      if (pmt === undefined && !isFinal) return undefined
      if (pmt !== undefined && hasVideo(pmt)) return entry
    }
    return entries.find(({ program }) => pmts.has(program))
  }

  return {
    push(packets) {
      for (let at = 0; at < packets.length; at += PACKET_BYTES) {
        const pid = pidOf(packets, at)
        if (pid === PAT_PID) patReader.push(packets, at)
        else pmtReaders.get(pid)?.push(packets, at)
        if (readPcr(packets, at) !== undefined) hasPcr[pid] = 1
      }
    },
    choose(isFinal) {
      if (sections.size < sectionCount && !(isFinal && sections.size > 0)) return undefined
      const entries = programmes()
      const entry = pick(entries, isFinal)
      const pmt = entry && pmts.get(entry.program)
      if (entry === undefined || pmt === undefined) return undefined
      const clockPid = [pmt.pcrPid, ...pmt.streams.map(({ pid }) => pid)].find((pid) => hasPcr[pid] === 1)
      if (clockPid === undefined && !isFinal) return undefined
      return { ...entry, kind: entries.length === 1 ? 'whole' : 'one-of-many', pmt, transportStreamId, clockPid }
    },
  }
}
