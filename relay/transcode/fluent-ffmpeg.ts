/**
 * The only file that knows fluent-ffmpeg 2.1.3, which is no longer maintained. It speaks our nouns and mends what is known to be broken
 * (each has its test in test/transcode/fluent-ffmpeg.test.ts):
 *
 * - it asks ffmpeg for `-formats` and `-encoders` before the first command, and cannot read what ffmpeg 7 answers: the hooks are cut;
 * - it remembers one path of ffmpeg for the whole process: the path is handed in with each command;
 * - an ffmpeg that cannot be spawned makes it throw where nobody can catch: the ends it gives are completed;
 * - it stops ffmpeg with one signal, and reports on `exit`: here SIGTERM, SIGKILL 2 s later, and reaping on `close`;
 * - it reports a reader that left as an error, and an exit code as a verdict: here both are an end, and the caller judges;
 * - it splits an option that holds one space: options are always handed over one by one;
 * - a `progress` listener would start ffprobe on the input: none is added.
 */
import { PassThrough, Readable } from 'node:stream'
import ffmpeg, { type FfmpegChild, type FfmpegCommand, type LinesRing } from 'fluent-ffmpeg'
import { systemClock, type Clock } from '../clock.ts'
import { messageOf, RelayError } from '../errors.ts'
import type { FfmpegEnd, FfmpegJob, FfmpegProcess, StartFfmpeg } from './ffmpeg.ts'
import { ffmpegMissing } from './find-ffmpeg.ts'
import { redact, redactCommand } from './redact.ts'
import { createStderrTail, type StderrTail } from './stderr-tail.ts'

/** ffmpeg ends 13 to 23 ms after SIGTERM; one that has not after this long hangs. */
export const KILL_AFTER_MS = 2000
/** What waits between ffmpeg and its reader before ffmpeg is held back: half a second at 8 Mbit/s. */
const OUTPUT_BUFFER_BYTES = 512 * 1024
/** The package keeps lines for itself; ours are in the tail. */
const PACKAGE_LINES = 1
/** No banner, nothing read from a terminal; each line says how bad it is. */
const QUIET = ['-hide_banner', '-nostdin', '-loglevel', 'level+warning'] as const
const NO_LINES: LinesRing = { get: () => '' }

/** @param path of a working ffmpeg, as `findFfmpeg` gives it */
export function startFfmpeg(path: string, clock: Clock = systemClock): StartFfmpeg {
  return async (job, signal) => {
    signal.throwIfAborted()
    const output = new PassThrough({ highWaterMark: OUTPUT_BUFFER_BYTES })
    const tail = createStderrTail()
    const child = await spawned(commandOf(path, job, output), path, tail)
    const running = runningOf(child, job, output, tail, clock, signal)
    if (!signal.aborted) return running
    await running[Symbol.asyncDispose]()
    throw signal.reason as Error
  }
}

function commandOf(path: string, job: FfmpegJob, output: PassThrough): FfmpegCommand {
  const command = ffmpeg({ stdoutLines: PACKAGE_LINES })
  command._checkCapabilities = (done) => done()
  command.availableEncoders = (done) => done(null, {})
  command._getFfmpegPath = (done) => done(null, path)
  const spawn = command._spawnFfmpeg
  command._spawnFfmpeg = (args, options, started, ended) => {
    const complete: typeof ended = (error, stdout = NO_LINES, stderr = NO_LINES) => ended(error, stdout, stderr)
    try {
      spawn.call(command, args, options, started, complete)
    } catch (error) {
      complete(error instanceof Error ? error : new Error(String(error))) // no descriptors left: the child has no pipes
    }
  }
  try {
    job.inputs.forEach((input, index) => {
      command.input(input.source)
      const options = index === 0 ? [...QUIET, ...input.options] : input.options
      if (options.length > 0) command.inputOptions(...options)
    })
    if (job.options.length > 0) command.outputOptions(...job.options)
    return command.format(job.format).output(output)
  } catch (error) {
    throw new RelayError('ffmpeg-failed', `ffmpeg was not started: ${messageOf(error)}; give URLs, paths and at most one readable stream`, {
      cause: error,
    })
  }
}

/** Resolves with the child when the system has really started it. */
function spawned(command: FfmpegCommand, path: string, tail: StderrTail): Promise<FfmpegChild> {
  return new Promise((resolve, reject) => {
    // Stays for the whole life: after the start it hears of exit codes and of readers that left, and neither is a verdict.
    command.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES') reject(ffmpegMissing(`${path} cannot be run (${error.code})`))
      else reject(new RelayError('ffmpeg-failed', `ffmpeg did not start: ${redact(error.message)}`, { cause: error }))
    })
    command.on('start', () => {
      const child = command.ffmpegProc
      if (child === undefined) return
      child.stderr.on('data', (text: Buffer | string) => tail.push(String(text)))
      child.once('spawn', () => resolve(child))
    })
    command.run()
  })
}

function runningOf(
  child: FfmpegChild,
  job: FfmpegJob,
  output: PassThrough,
  tail: StderrTail,
  clock: Clock,
  signal: AbortSignal,
): FfmpegProcess {
  let killing: Disposable | undefined
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    killing ??= clock.after(KILL_AFTER_MS, () => child.kill('SIGKILL'))
    child.kill('SIGTERM')
    // ffmpeg writes its last packets before it goes, and `close` comes only when they have been taken.
    child.stdout.unpipe(output)
    child.stdout.resume()
    output.end()
  }
  const closed = new Promise<FfmpegEnd>((resolve) => {
    child.once('close', (code, sent) => {
      stopping = true // from here on its pid may be somebody else's
      output.off('close', onOutputClosed)
      killing?.[Symbol.dispose]()
      signal.removeEventListener('abort', stop)
      output.end()
      for (const { source } of job.inputs) if (source instanceof Readable) source.destroy()
      resolve({ code, signal: sent, stderr: tail.text() })
    })
  })
  signal.addEventListener('abort', stop, { once: true })
  const onOutputClosed = (): void => {
    // After its last byte ffmpeg ends by itself; before that its reader has left.
    if (!child.stdout.readableEnded) stop()
    else killing ??= clock.after(KILL_AFTER_MS, () => child.kill('SIGKILL'))
  }
  output.once('close', onOutputClosed)
  return {
    pid: child.pid ?? 0,
    command: redactCommand(child.spawnargs),
    output,
    ended: closed,
    async [Symbol.asyncDispose]() {
      stop()
      await closed
    },
  }
}
