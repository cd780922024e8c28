/** A recording as others see it. */
import type { CaptureState, RecordedGap, RecordingRow } from '../store/recordings.ts'
import { durationOf } from './plan.ts'

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

export const instant = (time: number): string => new Date(time).toISOString()

/** PURE. */
export function shown(row: RecordingRow): Recording {
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

/** PURE. Booked or running: it has an end to come. */
export const isUnderWay = (row: RecordingRow): boolean => row.capture.kind === 'due' || row.capture.kind === 'running'
