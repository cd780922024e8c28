import type { Readable } from 'node:stream'

/** One run of ffmpeg. Its output always goes to a pipe, which the caller reads. */
export interface FfmpegJob {
  /** At most one of the inputs is a stream: ffmpeg has one standard input. */
  readonly inputs: readonly { readonly source: string | Readable; readonly options: readonly string[] }[]
  /** Output options, one argument an entry. */
  readonly options: readonly string[]
  /** The muxer's name, as `mpegts`. */
  readonly format: string
}

export interface FfmpegEnd {
  /** Reported, never trusted: ffmpeg exits with 0 when a source times out, and with 255 when it is asked to stop. */
  readonly code: number | null
  readonly signal: string | null
  /** The last 25 KiB, secrets redacted. */
  readonly stderr: string
}

export interface FfmpegProcess extends AsyncDisposable {
  readonly pid: number
  /** The command line for a log or an error, secrets redacted. */
  readonly command: string
  /** What ffmpeg writes. It ends when ffmpeg ends, however that came about; destroying it stops ffmpeg. */
  readonly output: Readable
  /** Resolves when the process is gone and its pipes are closed; never rejects. */
  readonly ended: Promise<FfmpegEnd>
}

/**
 * Resolves when the process runs. Rejects with `ffmpeg-missing` or `ffmpeg-failed`. The signal covers the whole life of the process:
 * aborting stops it. Disposing stops it too, and resolves when it is gone.
 */
export type StartFfmpeg = (job: FfmpegJob, signal: AbortSignal) => Promise<FfmpegProcess>
