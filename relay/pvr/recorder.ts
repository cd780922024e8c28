/**
 * The recorder: starts, stops and removes recordings. It owns those that are under way, with the two signals that end them; the ledger owns
 * the list. A recording that was under way when the relay stopped or was killed goes on at the next start, into the same entry and file.
 */
import { toChannelId } from '../chunk/channel-id.ts'
import type { Clock } from '../clock.ts'
import { messageOf, RelayError } from '../errors.ts'
import type { EventSource } from '../events.ts'
import type { Tuner } from '../feed/tuner.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import type { RecordingRow } from '../store/recordings.ts'
import type { Store } from '../store/store.ts'
import { capture, type CaptureEnd } from './capture.ts'
import { openRecordingFiles, type RecordingFiles } from './files.ts'
import { openLedger, type RecorderEvents } from './ledger.ts'
import { folderName } from './names.ts'
import { instant, isUnderWay, type Recording, shown } from './recording.ts'
import { openTape } from './tape.ts'

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

/** A recording's bytes on disk, as far as they have got. */
export interface RecordingContent {
  readonly path: string
  readonly mime: 'video/mp2t'
  /** Bytes now. */
  readonly size: number
  readonly growing: boolean
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

interface Running {
  readonly stop: AbortController
  /** Never rejects. */
  readonly done: Promise<void>
}

/** Resolves when the recordings that were under way go on. Throws `data-unwritable`, `store-failed`. */
export async function startRecorder(deps: RecorderDeps): Promise<Recorder> {
  const { clock, log, random } = deps
  const files: RecordingFiles = await openRecordingFiles(deps.dir)
  const ledger = openLedger({ table: deps.store.recordings, files, clock, log })
  const free = deps.free ?? (() => files.free())
  const running = new Map<string, Running>()
  const lifetime = new AbortController()
  let starting = 0

  /** The whole life of one recording under way. */
  const run = async (id: string, stop: AbortSignal): Promise<CaptureEnd> => {
    const row = ledger.must(id)
    try {
      await using file = await files.open(row.folder)
      const tape = openTape(row, file, ledger.journal(id))
      ledger.mark(id, tape.edge)
      await ledger.describe(id)
      const tune = (channel: string, signal: AbortSignal) => deps.tuner.tune(channel, undefined, signal)
      const end = await capture({ tune, tape, free, reserveBytes: deps.reserveBytes, clock, log }, row, { stop, suspend: lifetime.signal })
      ledger.mark(id, tape.edge)
      return end
    } catch (error) {
      return { kind: 'closed', state: { kind: 'failed', reason: messageOf(error) }, ended: clock.now() }
    }
  }

  const finish = async (id: string, end: CaptureEnd): Promise<void> => {
    if (end.kind === 'closed') {
      ledger.close(id, end.state, end.ended)
      log.info('recording ended', { recording: id, ...end.state })
    }
    await ledger.describe(id)
  }

  const start = (id: string): void => {
    const stop = new AbortController()
    const done = run(id, stop.signal)
      .then((end) => finish(id, end))
      .catch((error: unknown) => log.error('the end of a recording cannot be kept', { recording: id, error: messageOf(error) }))
      .finally(() => {
        running.delete(id)
        ledger.tell(id)
      })
    running.set(id, { stop, done })
  }

  const endOf = async (id: string): Promise<void> => {
    const under = running.get(id)
    under?.stop.abort(new DOMException('the recording was stopped', 'AbortError'))
    await under?.done
  }

  const newId = (): string => {
    const id = toChannelId(random.bytes(ID_BYTES))
    return ledger.get(id) === undefined ? id : newId()
  }

  const record = async (request: RecordRequest): Promise<Recording> => {
    const now = clock.now()
    if (request.until !== undefined && request.until <= now) {
      throw new RelayError('recording-invalid', `the planned end ${instant(request.until)} has passed; name one in the future`)
    }
    const left = await free()
    if (left < deps.reserveBytes) {
      const room = `the disk of recordings has ${left} bytes left, and ${deps.reserveBytes} stay free`
      throw new RelayError('disk-full', `${room}; delete something, or lower --recordings-reserve`)
    }
    const row = newRow(request, newId(), now)
    await files.create(row.folder)
    try {
      lifetime.signal.throwIfAborted() // the recorder was stopped meanwhile
      ledger.add(row)
    } catch (error) {
      await files.remove(row.folder)
      throw error
    }
    start(row.id)
    ledger.tell(row.id)
    log.info('recording started', { recording: row.id, channel: row.channel, folder: row.folder })
    return shown(row)
  }

  for (const row of ledger.rows()) if (isUnderWay(row)) start(row.id)

  return {
    events: ledger.events,
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
      ledger.must(id)
      await endOf(id)
      return shown(ledger.must(id))
    },
    async remove(id) {
      const { folder } = ledger.must(id)
      await endOf(id)
      await files.remove(folder)
      ledger.remove(id)
      ledger.tell(id)
    },
    list: () =>
      ledger
        .rows()
        .toSorted((a, b) => b.start - a.start)
        .map((row) => shown(row)),
    get(id) {
      const row = ledger.get(id)
      return row === undefined ? undefined : shown(row)
    },
    file(id) {
      const row = ledger.get(id)
      const content = row && files.content(row.folder)
      return content && { ...content, mime: 'video/mp2t', growing: running.has(id) }
    },
    async [Symbol.asyncDispose]() {
      lifetime.abort(new DOMException('the recorder stops', 'AbortError'))
      await Promise.all([...running.values()].map((under) => under.done))
    },
  }
}

/** PURE but for the time zone in the folder's name. */
function newRow(request: RecordRequest, id: string, now: number): RecordingRow {
  const title = request.title ?? request.channelName
  return {
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
}
