/**
 * Where a recording's file ends, and what comes next. The tape owns the open file, the batch that waits for it, and the seam: whether
 * something is missing before the next chunk, and why. It says what the file will hold before each append, so that a relay that is
 * killed at any moment finds its place again.
 */
import type { MediaChunk } from '../chunk/chunk.ts'
import type { FeedItem } from '../feed/source.ts'
import type { GapCause, Mark, RecordedGap, RecordingRow } from '../store/recordings.ts'
import type { RecordingFile } from './files.ts'
import { planChunk, planResume } from './plan.ts'

/** What happens, told at once; the recorder keeps it. */
export interface Journal {
  /** The first chunk is there. @param time its own, ms */
  begin(time: number): void
  /** An append begins. */
  progress(written: Mark | undefined, writing: Mark): void
  /** It has ended. */
  appended(mark: Mark): Promise<void>
  gap(gap: RecordedGap): void
}

export interface Tape {
  /** The newest chunk, and the file's length with it; undefined before the first. */
  readonly edge: Mark | undefined
  /** Why something is missing after the edge; undefined: nothing is. */
  readonly missing: GapCause | undefined
  /** Bytes that wait for the next append. */
  readonly waiting: number
  take(item: FeedItem): void
  /** Throws what the file and the journal throw; what waited is lost then. */
  flush(): Promise<void>
  /** The reading broke off: unless the next chunk follows directly there is a gap. */
  interrupt(cause: GapCause): void
  /** Nothing came between the edge and `at` (ms), if something is missing. */
  endGap(at: number): void
}

export function openTape(row: RecordingRow, file: RecordingFile, journal: Journal): Tape {
  const found = planResume(row, file.bytes)
  let written = found?.mark
  let edge = written
  let torn = found?.torn ?? false
  let missing: GapCause | undefined = found === undefined ? undefined : 'relay-stopped'
  let batch: MediaChunk[] = []

  return {
    get edge() {
      return edge
    },
    get missing() {
      return missing
    },
    get waiting() {
      return (edge?.bytes ?? 0) - (written?.bytes ?? 0)
    },
    take(item) {
      if (item.kind === 'gap') {
        if (edge === undefined || missing !== undefined || item.gap.to <= edge.sequence) return // nothing yet, or told with the gap that is open
        journal.gap({ began: item.gap.began, ended: item.gap.ended, cause: item.slow === true ? 'reader-slow' : 'not-received' })
        return
      }
      const { chunk } = item
      const plan = planChunk({ last: edge, torn, missing }, chunk)
      if (plan.kind === 'drop') return
      if (plan.kind === 'append-after') journal.gap(plan.gap)
      if (edge === undefined) journal.begin(chunk.time)
      missing = undefined
      torn = false
      batch.push(chunk)
      edge = { bytes: (edge?.bytes ?? file.bytes) + chunk.payload.length, time: chunk.time, sequence: chunk.sequence }
    },
    async flush() {
      if (edge === undefined || batch.length === 0) return
      const pieces = batch.map((chunk) => chunk.payload)
      const writing = edge
      batch = []
      edge = written
      journal.progress(written, writing)
      await file.append(pieces)
      written = writing
      edge = writing
      await journal.appended(writing)
    },
    interrupt(cause) {
      if (edge !== undefined) missing ??= cause
    },
    endGap(at) {
      if (edge !== undefined && missing !== undefined && at > edge.time) journal.gap({ began: edge.time, ended: at, cause: missing })
      missing = undefined
    },
  }
}
