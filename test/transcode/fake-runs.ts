import { PassThrough, Readable } from 'node:stream'
import type { FfmpegEnd, FfmpegJob, FfmpegProcess, StartFfmpeg } from '../../relay/transcode/ffmpeg.ts'

/** One start of ffmpeg that a test plays the part of. */
export interface FakeRun {
  readonly job: FfmpegJob
  /** Bytes that came to its standard input. */
  readonly received: () => number
  readonly inputEnded: () => boolean
  readonly stopped: () => boolean
  give(bytes: Uint8Array): void
  /** It ends: its output does, and then the process. */
  end(end?: Partial<FfmpegEnd>): void
}

/** A StartFfmpeg whose processes a test scripts; `onStart` is called for each. */
export function fakeRuns(onStart: (run: FakeRun, index: number) => void = () => {}): {
  readonly startFfmpeg: StartFfmpeg
  readonly runs: FakeRun[]
} {
  const runs: FakeRun[] = []
  const startFfmpeg: StartFfmpeg = async (job, signal) => {
    signal.throwIfAborted()
    const output = new PassThrough()
    const ended = Promise.withResolvers<FfmpegEnd>()
    let received = 0
    let inputEnded = false
    let over = false
    let stopped = false
    const source = job.inputs[0]?.source
    if (source instanceof Readable) {
      source.on('data', (bytes: Uint8Array) => (received += bytes.length))
      source.on('end', () => (inputEnded = true))
    }
    const end = (how: Partial<FfmpegEnd> = {}): void => {
      over = true
      output.end()
      ended.resolve({ code: 0, signal: null, stderr: '', ...how })
    }
    const stop = (): void => {
      if (over) return
      stopped = true
      end({ code: 255 })
    }
    signal.addEventListener('abort', stop, { once: true })
    const run: FakeRun = {
      job,
      received: () => received,
      inputEnded: () => inputEnded,
      stopped: () => stopped,
      give: (bytes) => output.write(bytes),
      end,
    }
    runs.push(run)
    onStart(run, runs.length - 1)
    const running: FfmpegProcess = {
      pid: runs.length,
      command: 'ffmpeg',
      output,
      ended: ended.promise,
      async [Symbol.asyncDispose]() {
        stop()
        await ended.promise
      },
    }
    return running
  }
  return { startFfmpeg, runs }
}

/** Lets promises and streams that are under way come to rest, so that what has not happened by then does not. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}
