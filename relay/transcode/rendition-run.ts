/**
 * One ffmpeg of a rendition, from its first byte in to its last byte out. It owns the reader, the process and the watchdog, and lets go of
 * all three before it returns.
 */
import type { Clock } from '../clock.ts'
import type { Feed } from '../feed/feed.ts'
import type { Log } from '../log.ts'
import { createPacketSync } from '../media/ts-sync.ts'
import type { FfmpegProcess, StartFfmpeg } from './ffmpeg.ts'
import type { RenditionArguments } from './arguments.ts'
import { streamOf, takeAccess, type ReaderStream } from './reader-stream.ts'

/** Why it ended. Only the last is a failure. */
export type RunEnd =
  | { readonly kind: 'feed-ended' }
  | { readonly kind: 'stopped' }
  /** The feed gave nothing for INPUT_STALL_MS, or goes on with other tracks; the chunk that was given last. */
  | { readonly kind: 'starved' | 'changed'; readonly last: number }
  | { readonly kind: 'failed'; readonly why: string; readonly stderr: string; readonly gaveOutput: boolean }

export interface RunDeps {
  readonly feed: Pick<Feed, 'openReader'>
  readonly startFfmpeg: StartFfmpeg
  readonly clock: Clock
  readonly log: Log
}

export interface Run {
  readonly arguments: RenditionArguments
  /** Begins at the newest random access point in memory that comes after this chunk of the feed, or waits for the next one. */
  readonly after: number
  /** Takes whole packets; ffmpeg is held back until it resolves. */
  take(packets: Uint8Array): Promise<void>
}

/** A swarm repairs or gives up a hole sooner; after this long the viewers of the rendition are out of picture. */
export const INPUT_STALL_MS = 3000
/** ffmpeg has input and gives nothing. */
export const OUTPUT_STALL_MS = 5000
/** The same before its first byte, probing included. */
export const START_STALL_MS = 10_000
const WATCH_MS = 500

/** ffmpeg's output begins with a packet. */
const FROM_FFMPEG = { stride: 188, start: 0 } as const

export async function runRendition(deps: RunDeps, run: Run, signal: AbortSignal): Promise<RunEnd> {
  const reader = deps.feed.openReader({ from: 'live' })
  try {
    // No ffmpeg runs for a feed that is silent.
    const first = await takeAccess(reader, run.after, signal)
    if (first === undefined) return { kind: 'feed-ended' }
    return await transcode(deps, run, streamOf(first, reader, deps.clock), signal)
  } catch (error) {
    if (signal.aborted) return { kind: 'stopped' }
    throw error
  } finally {
    reader[Symbol.dispose]()
  }
}

async function transcode({ startFfmpeg, clock, log }: RunDeps, run: Run, input: ReaderStream, signal: AbortSignal): Promise<RunEnd> {
  const job = { inputs: [{ source: input.stream, options: run.arguments.input }], options: run.arguments.output, format: 'mpegts' }
  await using ffmpeg = await startFfmpeg(job, signal)
  using watchdog = watch(ffmpeg, input, { clock, log })
  const sync = createPacketSync(FROM_FFMPEG)
  for await (const piece of ffmpeg.output as AsyncIterable<Uint8Array>) {
    watchdog.sawOutput()
    await run.take(sync.align(piece))
  }
  const { code, signal: sent, stderr } = await ffmpeg.ended
  if (signal.aborted) return { kind: 'stopped' }
  const { verdict, gaveOutput } = watchdog
  if (verdict === 'starved') return { kind: 'starved', last: input.last }
  if (verdict === undefined && input.changed) return { kind: 'changed', last: input.last }
  if (verdict === undefined && input.feedEnded) return { kind: 'feed-ended' }
  const why = verdict ?? (sent === null ? `it ended with exit code ${code}` : `it was killed by ${sent}`)
  return { kind: 'failed', why, stderr, gaveOutput }
}

interface Watchdog extends Disposable {
  sawOutput(): void
  readonly gaveOutput: boolean
  /** Why the watchdog has ended it. */
  readonly verdict: 'starved' | 'it gave no output' | undefined
}

function watch(ffmpeg: FfmpegProcess, input: ReaderStream, { clock, log }: Pick<RunDeps, 'clock' | 'log'>): Watchdog {
  let verdict: Watchdog['verdict']
  let gaveOutput = false
  let lastOutput = clock.monotonic()

  let lost = 0

  const look = (): void => {
    if (input.lost > lost) log.warn('this machine is too slow for the profile; parts of the picture are left out', { chunks: input.lost })
    lost = input.lost
    if (verdict === undefined && !input.feedEnded && input.starvedMs() >= INPUT_STALL_MS) {
      verdict = 'starved'
      lastOutput = clock.monotonic()
      input.end() // what ffmpeg still holds comes out
    }
    if (clock.monotonic() - lastOutput < (gaveOutput ? OUTPUT_STALL_MS : START_STALL_MS)) return
    verdict ??= 'it gave no output'
    timer[Symbol.dispose]()
    ffmpeg[Symbol.asyncDispose]().then(undefined, () => {}) // never rejects; who runs it waits for its end
  }
  const timer = clock.every(WATCH_MS, look)
  return {
    sawOutput() {
      gaveOutput = true
      lastOutput = clock.monotonic()
    },
    get gaveOutput() {
      return gaveOutput
    },
    get verdict() {
      return verdict
    },
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  }
}
