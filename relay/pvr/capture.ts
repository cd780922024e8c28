/**
 * One recording under way: tunes its channel, and puts what a reader gives onto the tape. It ends itself at the planned end, when the
 * channel goes off air or cannot be had, and when the disk is full.
 */
import type { Clock } from '../clock.ts'
import { isRelayError, messageOf } from '../errors.ts'
import type { Feed } from '../feed/feed.ts'
import type { Reader } from '../feed/reader.ts'
import type { Lease } from '../feed/tuner.ts'
import type { Log } from '../log.ts'
import type { CaptureState, DoneReason, RecordingRow } from '../store/recordings.ts'
import { isOver, planLost } from './plan.ts'
import type { Tape } from './tape.ts'

export interface CaptureDeps {
  readonly tune: (channel: string, signal: AbortSignal) => Promise<Lease>
  readonly tape: Tape
  /** Bytes that are free on the disk. */
  readonly free: () => Promise<number>
  /** Disk space that stays free, bytes. */
  readonly reserveBytes: number
  readonly clock: Clock
  readonly log: Log
}

export interface CaptureSignals {
  /** The user's stop. */
  readonly stop: AbortSignal
  /** The relay's stop: the recording goes on at its next start. */
  readonly suspend: AbortSignal
}

/** @param ended ms */
export type CaptureEnd = { readonly kind: 'closed'; readonly state: CaptureState; readonly ended: number } | { readonly kind: 'suspended' }

/** So much is lost when the relay is killed. */
export const FLUSH_MS = 500
/** One append; 4 s at 8 Mbit/s. */
const MAX_BATCH_BYTES = 4 * 2 ** 20
/** Before a feed that broke, or a channel that is not there, is asked for again; doubles up to MAX_RETRY_MS while it is not. */
const RETRY_MS = 1_000
const MAX_RETRY_MS = 10_000
/** 8 recordings at 8 Mbit/s write 80 MB meanwhile; the reserve is far larger. */
export const DISK_CHECK_MS = 10_000

/** Why the reading of one feed is over; `lost`: the feed broke, the channel may still be there. */
type ReadEnd = 'over' | 'stopped' | 'suspended' | 'off-air' | 'disk-full' | 'lost'

/** Resolves after `ms`, at the reader's end, at its first item when `eager`, or when the signal aborts. Never rejects. */
const pause = (reader: Reader, clock: Clock, ms: number, eager: boolean, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      timer[Symbol.dispose]()
      reader.onReadable(undefined)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.after(ms, done)
    signal.addEventListener('abort', done, { once: true })
    reader.onReadable(() => {
      if (eager || reader.ended !== undefined) done()
    })
    if (signal.aborted || reader.ended !== undefined) done()
  })

/** Never rejects: what goes wrong is how the recording ends. */
export async function capture(deps: CaptureDeps, row: RecordingRow, { stop, suspend }: CaptureSignals): Promise<CaptureEnd> {
  const { clock, log, tape } = deps
  const { until } = row
  const either = AbortSignal.any([stop, suspend])
  let checked = clock.monotonic() // when the disk's space was last asked for; it was before the recording began

  const isDiskLow = async (): Promise<boolean> => {
    if (clock.monotonic() - checked < DISK_CHECK_MS) return false
    checked = clock.monotonic()
    try {
      return (await deps.free()) < deps.reserveBytes
    } catch (error) {
      log.warn('the disk does not tell its free space', { error: messageOf(error) })
      return false
    }
  }

  /** Writes all that waits. True: the planned end is reached. */
  const drain = async (reader: Reader): Promise<boolean> => {
    let over = false
    while (!over) {
      const item = reader.take()
      if (item === undefined) break
      tape.take(item)
      over = tape.edge !== undefined && isOver(until, clock.now(), tape.edge.time)
      if (tape.waiting >= MAX_BATCH_BYTES) await tape.flush()
    }
    await tape.flush()
    return over
  }

  const read = async (feed: Feed): Promise<ReadEnd> => {
    using reader = feed.openReader({ from: 'live', capacityBytes: Infinity })
    for (;;) {
      const over = await drain(reader)
      if (suspend.aborted) return 'suspended'
      if (over || isOver(until, clock.now(), tape.edge?.time ?? -Infinity)) return 'over'
      if (stop.aborted) return 'stopped'
      if (reader.ended !== undefined && reader.waiting === 0) return reader.ended === 'off-air' ? 'off-air' : 'lost'
      if (await isDiskLow()) return 'disk-full'
      const untilMs = until === undefined || clock.now() >= until ? FLUSH_MS : Math.min(FLUSH_MS, until - clock.now())
      await pause(reader, clock, untilMs, tape.edge === undefined, either)
    }
  }

  const closed = (state: CaptureState): CaptureEnd => {
    const ended = Math.min(until ?? Infinity, clock.now())
    tape.endGap(ended)
    return { kind: 'closed', state, ended }
  }
  const done = (reason: DoneReason): CaptureEnd => closed({ kind: 'done', reason })
  const failed = (reason: string): CaptureEnd => closed({ kind: 'failed', reason })

  const run = async (): Promise<CaptureEnd> => {
    if (until !== undefined && clock.now() >= until) {
      return tape.edge === undefined ? failed('the relay was not running at its time') : done('relay-stopped')
    }
    let since: number | undefined // when the channel was lost
    let retryMs = RETRY_MS
    for (;;) {
      if (suspend.aborted) return { kind: 'suspended' }
      if (stop.aborted) return done('stopped')
      const before = tape.edge
      let problem = 'the channel broke off'
      try {
        using lease = await deps.tune(row.channel, either)
        const end = await read(lease.feed)
        if (end === 'over') return tape.edge === undefined ? failed('nothing came before its end') : done('reached-end')
        if (end === 'disk-full' || (end === 'off-air' && tape.edge !== undefined)) return done(end)
        if (end === 'off-air') problem = 'the channel is off air'
      } catch (error) {
        if (isRelayError(error) && error.code === 'disk-full') return done('disk-full')
        if (isRelayError(error) && isFatal(error.code)) return failed(error.message)
        problem = messageOf(error)
      }
      if (either.aborted) continue
      tape.interrupt('not-received')
      if (tape.edge === before) since ??= clock.now()
      else {
        since = undefined
        retryMs = RETRY_MS
      }
      const lost = {
        until,
        now: clock.now(),
        since: since ?? clock.now(),
        hasBegun: tape.edge !== undefined,
        resumed: tape.missing === 'relay-stopped',
      }
      const plan = planLost(lost)
      if (plan.kind === 'failed') return failed(problem)
      if (plan.kind === 'done') return done(plan.reason)
      log.info('a recording waits for its channel', { recording: row.id, problem })
      const pauseMs = Math.min(retryMs, (until ?? Infinity) - clock.now())
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS)
      await clock.sleep(pauseMs, either).catch(() => {}) // the signals are looked at next
    }
  }

  try {
    return await run()
  } catch (error) {
    return failed(messageOf(error))
  }
}

/** The file, the folder or the database is broken: trying again would lose the same. */
const isFatal = (code: string): boolean => code === 'recording-invalid' || code === 'data-unwritable' || code === 'store-failed'
