/** What a recording decides, without doing it: when it is over, what a failed tune means, what a file holds after a crash. All PURE. */
import type { DoneReason, GapCause, Mark, RecordedGap, RecordingRow } from '../store/recordings.ts'

/** A chunk arrives some seconds after it was cut; until then the planned end waits for what was cut before it. */
export const END_GRACE_MS = 10_000
/** A recording without a planned end that loses its channel, or finds it gone after a restart, looks for it this long. */
export const GIVE_UP_MS = 5 * 60_000
/** A file's gaps; further ones lengthen the last. */
export const MAX_GAPS = 1000
const PACKET_BYTES = 188
const MS_PER_SECOND = 1000

export const wholePackets = (bytes: number): number => bytes - (bytes % PACKET_BYTES)

/**
 * True when the planned end is reached: by our clock, and by the source's as well, which stamps the chunks, unless that takes too long.
 * @param edge the time of the newest chunk, ms
 */
export const isOver = (until: number | undefined, now: number, edge: number): boolean =>
  until !== undefined && now >= until && (edge >= until || now >= until + END_GRACE_MS)

export type Lost =
  | { readonly kind: 'retry' }
  | { readonly kind: 'done'; readonly reason: DoneReason }
  /** It never began. */
  | { readonly kind: 'failed' }

export interface LostView {
  readonly until: number | undefined
  readonly now: number
  /** Since when the channel cannot be had. */
  readonly since: number
  readonly hasBegun: boolean
  /** The relay was started meanwhile. */
  readonly resumed: boolean
}

/** What follows when the channel cannot be tuned. */
export function planLost({ until, now, since, hasBegun, resumed }: LostView): Lost {
  const given = until ?? (hasBegun ? since + GIVE_UP_MS : since)
  if (now < given) return { kind: 'retry' }
  if (!hasBegun) return { kind: 'failed' }
  if (resumed) return { kind: 'done', reason: 'relay-stopped' }
  return { kind: 'done', reason: until === undefined ? 'off-air' : 'reached-end' }
}

export interface FileEnd {
  readonly mark: Mark
  /** The file ends within what was being written: what comes next must begin with a random access point. */
  readonly torn: boolean
}

/**
 * What a file of `size` bytes (whole packets) holds, by the row that was written before each append. Undefined: nothing was begun.
 * Between two marks the time is interpolated, and all that was under way counts as seen, so that nothing comes twice.
 */
export function planResume(row: Pick<RecordingRow, 'firstTime' | 'written' | 'writing'>, size: number): FileEnd | undefined {
  const { written, writing, firstTime } = row
  if (writing === undefined || firstTime === undefined) return undefined
  if (size === writing.bytes) return { mark: writing, torn: false }
  if (written !== undefined && size === written.bytes) return { mark: written, torn: false }
  const from = written !== undefined && size > written.bytes ? written : { bytes: 0, time: firstTime }
  const to = written !== undefined && size < written.bytes ? written : writing
  const share = Math.min((size - from.bytes) / (to.bytes - from.bytes), 1)
  return { mark: { bytes: size, time: Math.round(from.time + (to.time - from.time) * share), sequence: to.sequence }, torn: true }
}

/** Recorded length in seconds: from the first chunk to the newest, without the gaps between. */
export function durationOf(row: Pick<RecordingRow, 'firstTime' | 'gaps'>, last: Mark | undefined): number {
  const { firstTime, gaps } = row
  if (firstTime === undefined || last === undefined) return 0
  const missing = gaps.map((gap) => Math.max(Math.min(gap.ended, last.time) - Math.max(gap.began, firstTime), 0))
  const length = missing.reduce((left, gap) => left - gap, last.time - firstTime)
  return Math.max(length, 0) / MS_PER_SECOND
}

export type GapPlan = { readonly kind: 'add'; readonly gap: RecordedGap } | { readonly kind: 'extend'; readonly gap: RecordedGap }

/**
 * A gap more. One that begins within the last is the same gap: the relay was killed before anything behind it was on disk. A list that is
 * full gets a longer last gap instead.
 */
export function planGap(gaps: readonly RecordedGap[], gap: RecordedGap): GapPlan {
  const last = gaps.at(-1)
  if (last === undefined || (gap.began >= last.ended && gaps.length < MAX_GAPS)) return { kind: 'add', gap }
  return { kind: 'extend', gap: { ...last, ended: Math.max(last.ended, gap.ended) } }
}

interface Numbered {
  readonly sequence: number
  readonly time: number
}
export interface Seam {
  readonly last: Numbered | undefined
  readonly torn: boolean
  /** Why there may be a gap before the next chunk; undefined: there is none. */
  readonly missing: GapCause | undefined
}

/** What to do with a chunk: it may be there already, or useless because its picture cannot be decoded without what is missing. */
export function planChunk(
  { last, torn, missing }: Seam,
  chunk: Numbered & { readonly randomAccess: boolean },
): { readonly kind: 'drop' | 'append' } | { readonly kind: 'append-after'; readonly gap: RecordedGap } {
  if (last !== undefined && chunk.sequence <= last.sequence) return { kind: 'drop' }
  if (missing === undefined || last === undefined) return { kind: 'append' }
  if (!torn && chunk.sequence === last.sequence + 1) return { kind: 'append' }
  if (!chunk.randomAccess) return { kind: 'drop' }
  return { kind: 'append-after', gap: { began: last.time, ended: Math.max(chunk.time, last.time), cause: missing } }
}
