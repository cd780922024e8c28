/**
 * The list of recordings: a row each, in memory and in the store, with the sidecars that repeat it on disk. The ledger owns the rows and
 * tells when one is another one; who records gets a journal to write into.
 */
import type { Clock } from '../clock.ts'
import { messageOf, RelayError } from '../errors.ts'
import { Events, type EventSource } from '../events.ts'
import type { Log } from '../log.ts'
import type { CaptureState, Mark, RecordingRow, Recordings } from '../store/recordings.ts'
import type { RecordingFiles } from './files.ts'
import { planGap } from './plan.ts'
import type { Journal } from './tape.ts'

export interface RecorderEvents {
  /** A recording came, went, or is another one; progress is told every few seconds. */
  readonly changed: { readonly id: string }
}

export interface Ledger {
  readonly events: EventSource<RecorderEvents>
  rows(): readonly RecordingRow[]
  get(id: string): RecordingRow | undefined
  /** Throws `recording-not-found`. */
  must(id: string): RecordingRow
  add(row: RecordingRow): void
  remove(id: string): void
  journal(id: string): Journal
  /** What the file holds, as found or as left. */
  mark(id: string, edge: Mark | undefined): void
  close(id: string, state: CaptureState, ended: number): void
  /** Writes the sidecars. They are a courtesy: a recording does not fail for their sake. */
  describe(id: string): Promise<void>
  /** Tells that a recording is another one. */
  tell(id: string): void
}

export interface LedgerDeps {
  readonly table: Recordings
  readonly files: Pick<RecordingFiles, 'describe'>
  readonly clock: Clock
  readonly log: Log
}

/** Between two events that only tell progress. */
const PROGRESS_EVENT_MS = 2_000

/** Methods that write throw what the store throws. */
export function openLedger({ table, files, clock, log }: LedgerDeps): Ledger {
  const rows = new Map(table.all().map((row) => [row.id, row]))
  const events = new Events<RecorderEvents>()

  const must = (id: string): RecordingRow => {
    const row = rows.get(id)
    if (row === undefined) throw new RelayError('recording-not-found', `there is no recording ${id}; the list of recordings names them`)
    return row
  }
  const change = (id: string, patch: Partial<RecordingRow>): void => {
    rows.set(id, { ...must(id), ...patch })
  }
  const tell = (id: string): void => events.emit('changed', { id })
  const describe = async (id: string): Promise<void> => {
    try {
      await files.describe(must(id))
    } catch (error) {
      log.warn('the sidecars of a recording cannot be written', { recording: id, error: messageOf(error) })
    }
  }

  return {
    events,
    rows: () => [...rows.values()],
    get: (id) => rows.get(id),
    must,
    add(row) {
      table.insert(row)
      rows.set(row.id, row)
    },
    remove(id) {
      table.remove(id)
      rows.delete(id)
    },
    journal(id) {
      let told = -Infinity
      let stale = false // a gap more than the sidecar knows
      return {
        begin(time) {
          table.begin(id, time, time)
          change(id, { capture: { kind: 'running' }, start: time, firstTime: time })
          tell(id)
        },
        progress(written, writing) {
          table.progress(id, written, writing)
          change(id, { written, writing })
        },
        async appended(mark) {
          change(id, { written: mark, writing: mark })
          if (stale) await describe(id)
          stale = false
          if (clock.monotonic() - told < PROGRESS_EVENT_MS) return
          told = clock.monotonic()
          tell(id)
        },
        gap(gap) {
          const { gaps } = must(id)
          const plan = planGap(gaps, gap)
          if (plan.kind === 'add') table.addGap(id, plan.gap)
          else table.extendGap(id, plan.gap)
          change(id, { gaps: [...(plan.kind === 'add' ? gaps : gaps.slice(0, -1)), plan.gap] })
          stale = true
          tell(id)
        },
      }
    },
    mark: (id, edge) => change(id, { written: edge, writing: edge }),
    close(id, state, ended) {
      change(id, { capture: state, ended })
      const { written } = must(id)
      if (written !== undefined) table.progress(id, written, written)
      table.close(id, state, ended)
    },
    describe,
    tell,
  }
}
