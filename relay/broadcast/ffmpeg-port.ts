/** What the broadcaster needs of ffmpeg; `transcode/` has it. */
import type { Readable } from 'node:stream'

export interface FfmpegInput {
  readonly source: string | Readable
  /** What stands before `-i`. */
  readonly options: readonly string[]
}

export interface FfmpegJob {
  readonly inputs: readonly FfmpegInput[]
  /** What stands before the output. */
  readonly options: readonly string[]
  /** Of the output, which goes to a pipe. */
  readonly format: string
}

export interface FfmpegProcess extends AsyncDisposable {
  readonly pid: number
  readonly output: Readable
  /** Never rejects. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly stderr: string }>
}

export type StartFfmpeg = (job: FfmpegJob, signal: AbortSignal) => Promise<FfmpegProcess>
