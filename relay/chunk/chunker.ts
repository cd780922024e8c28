/**
 * Cuts a transport stream of one programme into chunk payloads. It owns the chunk that is being filled, the counters of the table PIDs and
 * the flush timer.
 *
 * A chunk ends when it is full, FLUSH_MS after its first packet came (or that much of the programme's clock later, whichever is first),
 * and before a random access point, which begins the next one behind fresh copies of PAT and PMT. Whether a PES packet begins with a key
 * frame shows a few packets later: until then its first packet is the *candidate*, and no cut goes behind it. Packets are never changed,
 * except that the continuity counters of PAT and PMT are written anew when a chunk is cut, so that the copies cause no error.
 */
import type { Clock } from '../clock.ts'
import { PAT_PID } from '../media/psi.ts'
import { createProgrammeReader, type ProgrammeTables } from '../media/programme.ts'
import { createAccessDetector, type AccessDetector, type AccessRule } from '../media/random-access.ts'
import { PCR_HZ, PCR_WRAP, readPcr, ticksBetween } from '../media/timestamp.ts'
import { accessTrack } from '../media/tracks.ts'
import { counterOf, hasPayload, NULL_PID, PACKET_BYTES, PID_COUNT, pidOf, setCounter, startsUnit } from '../media/ts-packet.ts'

/** One cut; `sign` makes a chunk of it. */
export interface ChunkCut {
  readonly randomAccess: boolean
  readonly discontinuity: boolean
  /** Whole packets, never empty; the receiver's to keep. */
  readonly payload: Uint8Array
}

export interface Chunker extends Disposable {
  /** Takes whole packets. */
  push(packets: Uint8Array): void
  /** Takes the one packet at `at`. */
  pushPacket(bytes: Uint8Array, at: number): void
  /** Cuts here; the next chunk says that it does not go on from this one. */
  discontinue(): void
  /** Cuts what there is. */
  flush(): void
  /** The programme's newest tables. */
  readonly tables: ProgrammeTables | undefined
}

/** With 50 ms to spare, what may lie between a packet's coming and its chunk's going. */
export const FLUSH_MS = 200
/**
 * Whole packets in a payload: one less than MAX_PAYLOAD_BYTES has room for, so that a chunk with its header, its frame and Yamux's header
 * is one message of Noise (65,519 bytes) and not two.
 */
const CAPACITY = 347 * PACKET_BYTES
/** A candidate that is not decided after so many bytes of the whole stream is decided by its indicator; PAT and PMT fit in beside it. */
const MAX_CANDIDATE_BYTES = 128 * PACKET_BYTES
/** Radio can start anywhere; so often it does at least. */
const AUDIO_ACCESS_MS = 500
/** No counter seen on this PID yet. */
const UNSEEN = 0xff
const NO_CANDIDATE = -1

export function createChunker(deps: { readonly clock: Clock; readonly cut: (cut: ChunkCut) => void }): Chunker {
  const { clock, cut } = deps
  const buffer = Buffer.alloc(CAPACITY)
  const programme = createProgrammeReader()
  /** 1 for the PIDs that carry tables, or did. */
  const isTablePid = new Uint8Array(PID_COUNT)
  isTablePid[PAT_PID] = 1
  /** By PID, the counter of the last packet that was cut. */
  const lastCounter = new Uint8Array(PID_COUNT).fill(UNSEEN)
  /** By table PID, the counter of the last packet that came. */
  const lastTableCounter = new Uint8Array(PID_COUNT).fill(UNSEEN)
  let length = 0
  let candidate = NO_CANDIDATE
  let candidateSince = 0
  let randomAccess = false
  let discontinuity = false
  let timer: Disposable | undefined
  let firstPcr: number | undefined
  let accessPid = NULL_PID
  let accessRule: AccessRule = 'indicator'
  let detector: AccessDetector | undefined
  let lastAccess = -Infinity

  const stopTimer = (): void => {
    timer?.[Symbol.dispose]()
    timer = undefined
  }

  const writeCounters = (end: number): void => {
    for (let at = 0; at < end; at += PACKET_BYTES) {
      const pid = pidOf(buffer, at)
      const last = lastCounter[pid] as number
      // Without payload the counter stands where it was (ISO/IEC 13818-1, section 2.4.3.3).
      if (isTablePid[pid] === 1 && last !== UNSEEN) setCounter(buffer, at, hasPayload(buffer, at) ? last + 1 : last)
      lastCounter[pid] = counterOf(buffer, at)
    }
  }

  /** Cuts the first `end` bytes and moves the rest to the front. */
  const cutAt = (end: number): void => {
    if (end === 0) return
    stopTimer()
    firstPcr = undefined
    writeCounters(end)
    const piece: ChunkCut = { randomAccess, discontinuity, payload: Buffer.allocUnsafeSlow(end) }
    buffer.copy(piece.payload, 0, 0, end)
    buffer.copyWithin(0, end, length)
    length -= end
    if (candidate !== NO_CANDIDATE) candidate -= end
    randomAccess = false
    discontinuity = false
    if (length > 0) startTimer(candidateSince) // only a candidate is ever left over
    cut(piece)
  }

  const accept = (): void => {
    const tables = programme.tables?.packets
    const at = candidate
    candidate = NO_CANDIDATE
    if (tables === undefined || length - at + tables.length > CAPACITY) return
    cutAt(at)
    buffer.copyWithin(tables.length, 0, length)
    buffer.set(tables, 0)
    length += tables.length
    randomAccess = true
    lastAccess = clock.monotonic()
  }

  /** Decides the candidate with what is known. */
  const settle = (): void => {
    if (candidate === NO_CANDIDATE) return
    if (detector?.giveUp() === 'access') accept()
    else candidate = NO_CANDIDATE
  }

  /** Makes room, or an end: as much as can be cut without going behind the candidate. */
  const release = (): void => {
    if (candidate === 0) settle()
    cutAt(candidate === NO_CANDIDATE ? length : candidate)
  }

  /** @param since when the chunk's first packet came, monotonic ms */
  const startTimer = (since: number): void => {
    timer ??= clock.after(Math.max(0, since + FLUSH_MS - clock.monotonic()), () => {
      timer = undefined
      release()
    })
  }

  const follow = (): void => {
    const { tables } = programme
    if (tables === undefined) return
    isTablePid[tables.pmtPid] = 1
    const track = accessTrack(tables.pmt)
    const pid = track?.pid ?? NULL_PID
    const rule = track?.rule ?? 'indicator'
    if (detector !== undefined && pid === accessPid && rule === accessRule) return
    settle()
    accessPid = pid
    accessRule = rule
    detector = createAccessDetector(rule)
  }

  /** A table's packet that was sent twice would count as a new one once its counter is written anew. */
  const isRepeated = (bytes: Uint8Array, at: number, pid: number): boolean => {
    if (!hasPayload(bytes, at)) return false
    const counter = counterOf(bytes, at)
    if (lastTableCounter[pid] === counter) return true
    lastTableCounter[pid] = counter
    return false
  }

  const flushByStream = (bytes: Uint8Array, at: number): void => {
    const pid = pidOf(bytes, at)
    const pcrPid = programme.tables?.pmt.pcrPid
    if (pid !== pcrPid && (pcrPid !== NULL_PID || pid !== accessPid)) return // some tables do not name their clock
    const pcr = readPcr(bytes, at)
    if (pcr === undefined) return
    firstPcr ??= pcr
    if (Math.abs(ticksBetween(firstPcr, pcr, PCR_WRAP)) * 1000 >= FLUSH_MS * PCR_HZ && length > 0) {
      release()
      firstPcr = pcr
    }
  }

  const append = (bytes: Uint8Array, at: number): void => {
    buffer.set(bytes.subarray(at, at + PACKET_BYTES), length)
    length += PACKET_BYTES
    if (timer === undefined) startTimer(clock.monotonic())
  }

  const pushPacket = (bytes: Uint8Array, at: number): void => {
    const pid = pidOf(bytes, at)
    if (isTablePid[pid] === 1 && isRepeated(bytes, at, pid)) return
    if (programme.push(bytes, at)) follow()
    flushByStream(bytes, at)
    if (candidate !== NO_CANDIDATE && length - candidate >= MAX_CANDIDATE_BYTES) settle()
    if (length === CAPACITY) release()
    if (pid !== accessPid || detector === undefined) return append(bytes, at)
    let verdict: 'access' | 'other' | 'undecided' = 'undecided'
    if (startsUnit(bytes, at)) {
      settle()
      if (length === CAPACITY) release()
      const isOften = accessRule === 'audio' && clock.monotonic() - lastAccess < AUDIO_ACCESS_MS
      verdict = isOften ? 'other' : detector.begin(bytes, at)
      if (verdict !== 'other') {
        candidate = length
        candidateSince = clock.monotonic()
      }
    } else if (candidate !== NO_CANDIDATE) verdict = detector.more(bytes, at)
    append(bytes, at)
    if (candidate === NO_CANDIDATE) return
    if (verdict === 'access') accept()
    else if (verdict === 'other') candidate = NO_CANDIDATE
  }

  const flush = (): void => {
    settle()
    cutAt(length)
  }

  return {
    get tables() {
      return programme.tables
    },
    pushPacket,
    push(packets) {
      for (let at = 0; at + PACKET_BYTES <= packets.length; at += PACKET_BYTES) pushPacket(packets, at)
    },
    flush,
    discontinue() {
      flush()
      discontinuity = true
      programme.discontinue()
      lastTableCounter.fill(UNSEEN)
    },
    [Symbol.dispose]: stopTimer,
  }
}
