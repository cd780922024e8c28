/** Recordings and their gaps, as rows. Times are ms since the Unix epoch. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'

export type GapCause = 'not-received' | 'relay-stopped' | 'reader-slow'
export interface RecordedGap {
  readonly began: number
  readonly ended: number
  readonly cause: GapCause
}

export type DoneReason = 'stopped' | 'reached-end' | 'off-air' | 'disk-full' | 'relay-stopped'
export type CaptureState =
  | { readonly kind: 'due' }
  | { readonly kind: 'running' }
  | { readonly kind: 'done'; readonly reason: DoneReason }
  /** @param reason a sentence */
  | { readonly kind: 'failed'; readonly reason: string }

/** How far a file has got: its length, and the newest chunk in it. */
export interface Mark {
  readonly bytes: number
  readonly time: number
  readonly sequence: number
}

export interface RecordingRow {
  readonly id: string
  readonly channel: string
  readonly channelName: string
  readonly title: string
  /** The folder's name inside the recordings path. */
  readonly folder: string
  readonly start: number
  readonly until: number | undefined
  readonly ended: number | undefined
  readonly capture: CaptureState
  /** Time of the first chunk; undefined before it. */
  readonly firstTime: number | undefined
  /** What the file holds for certain. */
  readonly written: Mark | undefined
  /** What the file holds once the append under way is done. */
  readonly writing: Mark | undefined
  readonly gaps: readonly RecordedGap[]
}

export interface Recordings {
  /** Survives a power cut once it returns. */
  insert(row: RecordingRow): void
  /** An append begins. */
  progress(id: string, written: Mark | undefined, writing: Mark | undefined): void
  /** The first chunk is there. */
  begin(id: string, start: number, firstTime: number): void
  addGap(id: string, gap: RecordedGap): void
  /** Moves the end of a gap, known by its beginning. */
  extendGap(id: string, gap: RecordedGap): void
  /** Survives a power cut once it returns. */
  close(id: string, capture: CaptureState, ended: number): void
  remove(id: string): void
  /** Oldest first. */
  all(): RecordingRow[]
}

type Row = Record<string, SQLOutputValue>

const optional = (value: SQLOutputValue | undefined): number | undefined => (typeof value === 'number' ? value : undefined)

function captureOf(row: Row): CaptureState {
  const kind = String(row['capture'])
  const reason = String(row['reason'] ?? '')
  switch (kind) {
    case 'due':
    case 'running':
      return { kind }
    case 'done':
      return { kind, reason: reason as DoneReason }
    default:
      return { kind: 'failed', reason }
  }
}

function markOf(row: Row, name: 'written' | 'writing'): Mark | undefined {
  const time = optional(row[`${name}_time`])
  const sequence = optional(row[`${name}_sequence`])
  return time === undefined || sequence === undefined ? undefined : { bytes: Number(row[`${name}_bytes`]), time, sequence }
}

const rowOf = (row: Row, gaps: readonly RecordedGap[]): RecordingRow => ({
  id: String(row['id']),
  channel: String(row['channel']),
  channelName: String(row['channel_name']),
  title: String(row['title']),
  folder: String(row['folder']),
  start: Number(row['start']),
  until: optional(row['until']),
  ended: optional(row['ended']),
  capture: captureOf(row),
  firstTime: optional(row['first_time']),
  written: markOf(row, 'written'),
  writing: markOf(row, 'writing'),
  gaps,
})

const reasonOf = (capture: CaptureState): string | null => ('reason' in capture ? capture.reason : null)

export interface RecordingsDeps {
  readonly database: DatabaseSync
  /** Runs a transaction that survives a power cut. */
  readonly durably: (run: () => void) => void
}

/** Throws SQLite's own errors; the store translates them. */
export function recordingsIn({ database, durably }: RecordingsDeps): Recordings {
  const insert = database.prepare(
    `INSERT INTO recordings (id, channel, channel_name, title, folder, start, until, ended, capture, reason)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const progress = database.prepare(
    `UPDATE recordings SET written_bytes = ?, written_time = ?, written_sequence = ?,
       writing_bytes = ?, writing_time = ?, writing_sequence = ? WHERE id = ?`,
  )
  const begin = database.prepare(`UPDATE recordings SET capture = 'running', start = ?, first_time = ? WHERE id = ?`)
  const addGap = database.prepare('INSERT INTO recording_gaps (recording, began, ended, cause) VALUES (?, ?, ?, ?)')
  const extendGap = database.prepare('UPDATE recording_gaps SET ended = ? WHERE recording = ? AND began = ?')
  const close = database.prepare('UPDATE recordings SET capture = ?, reason = ?, ended = ? WHERE id = ?')
  const remove = database.prepare('DELETE FROM recordings WHERE id = ?')
  const all = database.prepare('SELECT * FROM recordings ORDER BY start, id')
  const gapsOf = database.prepare('SELECT began, ended, cause FROM recording_gaps WHERE recording = ? ORDER BY began')

  return {
    insert(row) {
      durably(() => {
        insert.run(
          row.id,
          row.channel,
          row.channelName,
          row.title,
          row.folder,
          row.start,
          row.until ?? null,
          row.ended ?? null,
          row.capture.kind,
          reasonOf(row.capture),
        )
        for (const gap of row.gaps) addGap.run(row.id, gap.began, gap.ended, gap.cause)
      })
    },
    progress(id, written, writing) {
      progress.run(
        written?.bytes ?? 0,
        written?.time ?? null,
        written?.sequence ?? null,
        writing?.bytes ?? 0,
        writing?.time ?? null,
        writing?.sequence ?? null,
        id,
      )
    },
    begin: (id, start, firstTime) => void begin.run(start, firstTime, id),
    addGap: (id, gap) => void addGap.run(id, gap.began, gap.ended, gap.cause),
    extendGap: (id, gap) => void extendGap.run(gap.ended, id, gap.began),
    close(id, capture, ended) {
      durably(() => close.run(capture.kind, reasonOf(capture), ended, id))
    },
    remove: (id) => void remove.run(id),
    all: () =>
      all.all().map((row) =>
        rowOf(
          row,
          gapsOf
            .all(String(row['id']))
            .map((gap) => ({ began: Number(gap['began']), ended: Number(gap['ended']), cause: String(gap['cause']) as GapCause })),
        ),
      ),
  }
}
