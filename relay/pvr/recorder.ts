/**
 * The recorder: what is being recorded, what was, and where it is. It owns the list of recordings (a row each, kept in the store), and for
 * those under way the two signals that end them. A recording that was under way when the relay stopped or was killed goes on at the
 * next start, into the same entry and file.
 */
import { toChannelId } from '../chunk/channel-id.ts'
import type { Clock } from '../clock.ts'
import { messageOf, RelayError } from '../errors.ts'
import { Events, type EventSource } from '../events.ts'
import type { Tuner } from '../feed/tuner.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import type { CaptureState, RecordedGap, RecordingRow } from '../store/recordings.ts'
import type { Store } from '../store/store.ts'
import { capture, type CaptureEnd } from './capture.ts'
import { openRecordingFiles, type RecordingFiles } from './files.ts'
import { folderName } from './names.ts'
import { durationOf, planGap } from './plan.ts'
import { type Journal, openTape } from './tape.ts'

export interface RecorderDeps {
  readonly tuner: Pick<Tuner, 'tune'>
  readonly store: Pick<Store, 'recordings'>
  /** Made when it is not there. */
  readonly dir: string
  /** Disk space that stays free, bytes. */
  readonly reserveBytes: number
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Bytes that are free on the disk of `dir`. @default asks the file system */
  readonly free?: () => Promise<number>
}

export interface RecordRequest {
  /** The channel's id. */
  readonly channel: string
  readonly channelName: string
  /** @default the channel's name */
  readonly title?: string | undefined
  /** Planned end, ms since the Unix epoch; absent: until stopped. */
  readonly until?: number | undefined
}

/** As the API shows it; times RFC 3339 in UTC. */
export interface Recording {
  readonly id: string
  readonly channel: string
  readonly channelName: string
  readonly title: string
  readonly start: string
  readonly until?: string
  readonly ended?: string
  readonly capture: CaptureState
  readonly bytes: number
  /** Seconds. */
  readonly duration: number
  readonly gaps: { readonly began: string; readonly ended: string; readonly cause: RecordedGap['cause'] }[]
}

/** A recording's bytes on disk, as far as they have got. */
export interface RecordingContent {
  readonly path: string
  readonly mime: 'video/mp2t'
  /** Bytes now. */
  readonly size: number
  readonly growing: boolean
}

export interface RecorderEvents {
  /** A recording came, went, or is another one; progress is told every few seconds. */
  readonly changed: { readonly id: string }
}

export interface Recorder extends AsyncDisposable {
  /** Throws `recording-invalid`, `too-many-requests`, `disk-full`, `data-unwritable`. A channel that cannot be tuned shows in the entry. */
  record(request: RecordRequest): Promise<Recording>
  /** Resolves when the file is complete; a recording that is over stays as it is. Throws `recording-not-found`. */
  stop(id: string): Promise<Recording>
  /** Stops it where needed, and deletes its folder. Throws `recording-not-found`, `data-unwritable`. */
  remove(id: string): Promise<void>
  /** Newest first. */
  list(): Recording[]
  get(id: string): Recording | undefined
  /** Undefined when there is no such recording, or nothing in it yet. */
  file(id: string): RecordingContent | undefined
  readonly events: EventSource<RecorderEvents>
}

/** 8 x 8 Mbit/s is 8 MB/s: what a slow USB disk takes beside its readers. */
const MAX_RUNNING = 8
/** 40 bits: 8 letters. */
const ID_BYTES = 5
/** Between two events that only tell progress. */
const PROGRESS_EVENT_MS = 2_000

interface Running {
  readonly stop: AbortController
  /** Never rejects. */
  readonly done: Promise<void>
}

const instant = (time: number): string => new Date(time).toISOString()

function shown(row: RecordingRow): Recording {
  return {
    id: row.id,
    channel: row.channel,
    channelName: row.channelName,
    title: row.title,
    start: instant(row.start),
    ...(row.until === undefined ? {} : { until: instant(row.until) }),
    ...(row.ended === undefined ? {} : { ended: instant(row.ended) }),
    capture: row.capture,
    bytes: row.written?.bytes ?? 0,
    duration: durationOf(row, row.written),
    gaps: row.gaps.map((gap) => ({ began: instant(gap.began), ended: instant(gap.ended), cause: gap.cause })),
  }
}

const isUnderWay = (row: RecordingRow): boolean => row.capture.kind === 'due' || row.capture.kind === 'running'

/** Resolves when the recordings that were under way go on. Throws `data-unwritable`, `store-failed`. */
export async function startRecorder(deps: RecorderDeps): Promise<Recorder> {
  const { clock, log, random } = deps
  const table = deps.store.recordings
  const files: RecordingFiles = await openRecordingFiles(deps.dir)
  const free = deps.free ?? (() => files.free())
  const rows = new Map(table.all().map((row) => [row.id, row]))
  const running = new Map<string, Running>()
  const events = new Events<RecorderEvents>()
  const lifetime = new AbortController()
  let starting = 0

  const change = (id: string, patch: Partial<RecordingRow>): RecordingRow => {
    const row = { ...(rows.get(id) as RecordingRow), ...patch }
    rows.set(id, row)
    return row
  }
  const changed = (id: string): void => events.emit('changed', { id })

  /** Sidecars are a courtesy: a recording does not fail for their sake. */
  const describe = async (id: string): Promise<void> => {
    const row = rows.get(id)
    if (row === undefined) return
    try {
      await files.describe(row)
    } catch (error) {
      log.warn('the sidecars of a recording cannot be written', { recording: id, error: messageOf(error) })
    }
  }

  const journalOf = (id: string): Journal => {
    let told = -Infinity
    return {
      begin(time) {
        table.begin(id, time, time)
        change(id, { capture: { kind: 'running' }, start: time, firstTime: time })
        changed(id)
      },
      progress(written, writing) {
        table.progress(id, written, writing)
        change(id, { written, writing })
      },
      appended(mark) {
        change(id, { written: mark, writing: mark })
        if (clock.monotonic() - told < PROGRESS_EVENT_MS) return
        told = clock.monotonic()
        changed(id)
      },
      gap(gap) {
        const { gaps } = rows.get(id) as RecordingRow
        const plan = planGap(gaps, gap)
        if (plan.kind === 'add') table.addGap(id, plan.gap)
        else table.extendGap(id, plan.gap)
        change(id, { gaps: [...(plan.kind === 'add' ? gaps : gaps.slice(0, -1)), plan.gap] })
        changed(id)
      },
    }
  }

  /** The whole life of one recording under way. */
  const run = async (id: string, stop: AbortSignal): Promise<CaptureEnd> => {
    const row = rows.get(id) as RecordingRow
    try {
      await using file = await files.open(row.folder)
      const tape = openTape(row, file, journalOf(id))
      change(id, { written: tape.edge, writing: tape.edge })
      await describe(id)
      const tune = (channel: string, signal: AbortSignal) => deps.tuner.tune(channel, undefined, signal)
      const end = await capture({ tune, tape, free, reserveBytes: deps.reserveBytes, clock, log }, row, { stop, suspend: lifetime.signal })
      change(id, { written: tape.edge, writing: tape.edge })
      return end
    } catch (error) {
      return { kind: 'closed', state: { kind: 'failed', reason: messageOf(error) }, ended: clock.now() }
    }
  }

  const finish = async (id: string, end: CaptureEnd): Promise<void> => {
    const { written } = rows.get(id) as RecordingRow
    if (written !== undefined) table.progress(id, written, written)
    if (end.kind === 'closed') {
      table.close(id, end.state, end.ended)
      change(id, { capture: end.state, ended: end.ended })
      log.info('recording ended', { recording: id, ...end.state })
    }
    await describe(id)
  }

  const start = (id: string): void => {
    const stop = new AbortController()
    const done = run(id, stop.signal)
      .then((end) => finish(id, end))
      .catch((error: unknown) => log.error('the end of a recording cannot be kept', { recording: id, error: messageOf(error) }))
      .finally(() => {
        running.delete(id)
        changed(id)
      })
    running.set(id, { stop, done })
  }

  const rowOf = (id: string): RecordingRow => {
    const row = rows.get(id)
    if (row === undefined) throw new RelayError('recording-not-found', `there is no recording ${id}; the list of recordings names them`)
    return row
  }

  const endOf = async (id: string): Promise<void> => {
    const under = running.get(id)
    under?.stop.abort(new DOMException('the recording was stopped', 'AbortError'))
    await under?.done
  }

  const newId = (): string => {
    const id = toChannelId(random.bytes(ID_BYTES))
    return rows.has(id) ? newId() : id
  }

  const record = async (request: RecordRequest): Promise<Recording> => {
    const now = clock.now()
    if (request.until !== undefined && request.until <= now) {
      throw new RelayError('recording-invalid', `the planned end ${instant(request.until)} has passed; name one in the future`)
    }
    const left = await free()
    if (left < deps.reserveBytes) {
      throw new RelayError(
        'disk-full',
        `the disk of recordings has ${left} bytes left, and ${deps.reserveBytes} stay free; delete something, or lower --recordings-reserve`,
      )
    }
    const id = newId()
    const title = request.title ?? request.channelName
    const row: RecordingRow = {
      id,
      channel: request.channel,
      channelName: request.channelName,
      title,
      folder: folderName({ title, start: now, id }),
      start: now,
      until: request.until,
      ended: undefined,
      capture: { kind: 'due' },
      firstTime: undefined,
      written: undefined,
      writing: undefined,
      gaps: [],
    }
    await files.create(row.folder)
    try {
      lifetime.signal.throwIfAborted() // the recorder was stopped meanwhile
      table.insert(row)
    } catch (error) {
      await files.remove(row.folder)
      throw error
    }
    rows.set(id, row)
    start(id)
    changed(id)
    log.info('recording started', { recording: id, channel: row.channel, folder: row.folder })
    return shown(row)
  }

  for (const row of rows.values()) if (isUnderWay(row)) start(row.id)

  return {
    events,
    async record(request) {
      lifetime.signal.throwIfAborted()
      if (running.size + starting >= MAX_RUNNING) {
        throw new RelayError('too-many-requests', `${MAX_RUNNING} recordings are under way, the most at once; stop one of them first`)
      }
      starting += 1
      try {
        return await record(request)
      } finally {
        starting -= 1
      }
    },
    async stop(id) {
      rowOf(id)
      await endOf(id)
      return shown(rowOf(id))
    },
    async remove(id) {
      const { folder } = rowOf(id)
      await endOf(id)
      await files.remove(folder)
      table.remove(id)
      rows.delete(id)
      changed(id)
    },
    list: () => [...rows.values()].toSorted((a, b) => b.start - a.start).map((row) => shown(row)),
    get(id) {
      const row = rows.get(id)
      return row === undefined ? undefined : shown(row)
    },
    file(id) {
      const row = rows.get(id)
      if (row === undefined) return undefined
      const content = files.content(row.folder)
      return content && { ...content, mime: 'video/mp2t', growing: running.has(id) }
    },
    async [Symbol.asyncDispose]() {
      lifetime.abort(new DOMException('the recorder stops', 'AbortError'))
      await Promise.all([...running.values()].map((under) => under.done))
    },
  }
}
