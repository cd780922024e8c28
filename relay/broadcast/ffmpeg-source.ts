/** Sources that an ffmpeg reads for us, and what an ffmpeg says about a source. */
import type { Readable } from 'node:stream'
import type { Clock } from '../clock.ts'
import type { RelayError } from '../errors.ts'
import { createByteReader, type ByteReader, type StallLimit } from './byte-reader.ts'
import { sourceFailure, sourceStalled } from './failure.ts'
import { ANALYSE_MS, probeJob } from './ffmpeg-jobs.ts'
import type { FfmpegJob, StartFfmpeg } from './ffmpeg-port.ts'
import { parseInputInfo, type InputInfo } from './stream-info.ts'

export interface FfmpegSourceDeps {
  readonly startFfmpeg: StartFfmpeg
  readonly clock: Clock
}

export interface SourceName {
  /** As it is named to people. */
  readonly where: string
  /** A source that gives nothing for so long has failed, ms. */
  readonly stallMs: number
}

export interface FfmpegBytes extends AsyncDisposable {
  readonly reader: ByteReader
  /** As the reader's, but an end that is none is thrown. */
  read(): Promise<Uint8Array | undefined>
  /** Why it ended; waits for the end. */
  failure(): Promise<RelayError>
}

export const stallLimit = ({ clock }: { readonly clock: Clock }, { where, stallMs }: SourceName): StallLimit => ({
  clock,
  stallMs,
  stalled: () => sourceStalled(where, stallMs),
})

/** Starts a job and reads its output. */
export async function startJob(deps: FfmpegSourceDeps, name: SourceName, job: FfmpegJob, signal: AbortSignal): Promise<FfmpegBytes> {
  const process = await deps.startFfmpeg(job, signal)
  const reader = createByteReader(process.output, stallLimit(deps, name), signal)
  let isEmpty = true
  const failure = async (): Promise<RelayError> => sourceFailure(name.where, (await process.ended).stderr)
  return {
    reader,
    failure,
    async read() {
      const piece = await reader.read()
      if (piece !== undefined) {
        isEmpty = false
        return piece
      }
      const { code, signal: killedBy } = await process.ended
      signal.throwIfAborted()
      if (isEmpty || code !== 0 || killedBy !== null) throw await failure()
      return undefined
    },
    async [Symbol.asyncDispose]() {
      reader[Symbol.dispose]()
      await process[Symbol.asyncDispose]()
    },
  }
}

/** What the source consists of. Throws `source-not-found`, `source-unreadable` or `source-stalled`. */
export async function probe(deps: FfmpegSourceDeps, name: SourceName, source: string | Readable, signal: AbortSignal): Promise<InputInfo> {
  const deadline = new AbortController()
  using _timer = deps.clock.after(name.stallMs + ANALYSE_MS, () => deadline.abort(sourceStalled(name.where, name.stallMs)))
  const either = AbortSignal.any([signal, deadline.signal])
  await using process = await deps.startFfmpeg(probeJob(source), either)
  process.output.resume() // a null muxer writes nothing
  const { stderr } = await process.ended
  either.throwIfAborted()
  const info = parseInputInfo(stderr)
  if (info.streams.some(({ kind }) => kind === 'video' || kind === 'audio')) return info
  throw sourceFailure(name.where, stderr)
}
