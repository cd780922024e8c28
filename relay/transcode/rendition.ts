/**
 * A rendition: what ffmpeg makes of a feed under a profile, as a source for another feed, which all who ask for it share. It owns one
 * ffmpeg at a time and starts the next when one ends that should not have; its chunks are numbered by itself, and the first after a
 * restart says that it does not go on from the one before, though its time stamps do.
 */
import { abortable } from '../abortable.ts'
import { createChunker } from '../chunk/chunker.ts'
import type { MediaChunk } from '../chunk/chunk.ts'
import type { Clock } from '../clock.ts'
import { isRelayError, messageOf, RelayError } from '../errors.ts'
import type { Feed } from '../feed/feed.ts'
import type { ChunkSource } from '../feed/source.ts'
import type { Log } from '../log.ts'
import { PCR_HZ, readPcr } from '../media/timestamp.ts'
import { PACKET_BYTES } from '../media/ts-packet.ts'
import { PATIENT_PROBE, QUICK_PROBE, renditionArguments } from './arguments.ts'
import type { StartFfmpeg } from './ffmpeg.ts'
import { createItemQueue } from './item-queue.ts'
import type { TranscodeProfile } from './profile.ts'
import { runRendition, type RunEnd } from './rendition-run.ts'
import { planRestart } from './restarts.ts'
import { lastWords } from './stderr-tail.ts'

export interface RenditionDeps {
  readonly feed: Pick<Feed, 'openReader'>
  readonly profile: TranscodeProfile
  readonly startFfmpeg: StartFfmpeg
  readonly clock: Clock
  readonly log: Log
}

export type RenditionEnd =
  /** The feed that it is made from ended. */
  | { readonly kind: 'feed-ended' }
  | { readonly kind: 'closed' }
  /** `ffmpeg-failed` or `ffmpeg-missing`, with the reason. */
  | { readonly kind: 'failed'; readonly error: RelayError }

export interface Rendition extends AsyncDisposable {
  /** For one feed. */
  readonly source: ChunkSource
  /** Never rejects. */
  readonly ended: Promise<RenditionEnd>
  /** How often ffmpeg was started again. */
  readonly restarts: number
  /** The running ffmpeg, for those who watch processes. */
  readonly pid: number | undefined
}

/** A feed takes at once; this much waits for one that does not, 2 s at 8 Mbit/s, and then ffmpeg does. */
const QUEUE_BYTES = 2 * 2 ** 20
/** Sound may be so far ahead of the last clock reference that was seen. */
const OFFSET_MARGIN_SECONDS = 0.2

/**
 * Resolves with the first chunk, so that a rendition is usable from its start. Rejects with `ffmpeg-failed` or `ffmpeg-missing` when no
 * attempt gave one, with `channel-off-air` when the feed ended first, and with the signal's reason.
 */
export async function openRendition(deps: RenditionDeps, signal: AbortSignal): Promise<Rendition> {
  signal.throwIfAborted()
  const rendition = startRendition(deps)
  try {
    await abortable(rendition.first, signal)
    return rendition
  } catch (error) {
    await rendition[Symbol.asyncDispose]()
    throw error
  }
}

function startRendition(deps: RenditionDeps): Rendition & { readonly first: Promise<void> } {
  const { profile, clock } = deps
  const log = deps.log.child(profile.id)
  const lifetime = new AbortController()
  const first = Promise.withResolvers<void>()
  const queue = createItemQueue({ maxBytes: QUEUE_BYTES })
  const failures: number[] = []
  let sequence = 0
  let begun = false // this ffmpeg has given a random access point
  let endsAt = 0 // seconds on the output's own clock
  let restarts = 0
  let pid: number | undefined
  let probe = QUICK_PROBE

  const chunker = createChunker({
    clock,
    cut({ payload, randomAccess }) {
      if (!begun && !randomAccess) return // tables, and sound before the first picture
      const discontinuity = !begun && sequence > 0
      begun = true
      sequence += 1
      const chunk: MediaChunk = { sequence, time: clock.now(), randomAccess, discontinuity, payload }
      endsAt = lastClock(payload) ?? endsAt
      queue.push({ kind: 'chunk', chunk })
      first.resolve()
    },
  })

  const startFfmpeg: StartFfmpeg = async (job, ended) => {
    const ffmpeg = await deps.startFfmpeg(job, ended)
    pid = ffmpeg.pid
    log.info('ffmpeg runs', { pid, restarts })
    return ffmpeg
  }

  const runOnce = async (after: number): Promise<RunEnd> => {
    const offsetSeconds = sequence === 0 ? 0 : endsAt + OFFSET_MARGIN_SECONDS
    const take = async (packets: Uint8Array): Promise<void> => {
      chunker.push(packets)
      await queue.room()
    }
    try {
      const run = { arguments: renditionArguments(profile, { probe, offsetSeconds }), after, take }
      return await runRendition({ feed: deps.feed, startFfmpeg, clock, log }, run, lifetime.signal)
    } catch (error) {
      if (isRelayError(error) && error.code === 'ffmpeg-missing') throw error
      return { kind: 'failed', why: messageOf(error), stderr: '', gaveOutput: false }
    } finally {
      pid = undefined
      chunker.discontinue()
      begun = false
    }
  }

  /** Counts a failure and waits; gives the reason when it was one too many. */
  const afterFailure = async (end: RunEnd & { kind: 'failed' }): Promise<RelayError | undefined> => {
    failures.push(clock.monotonic())
    if (failures.length > MAX_REMEMBERED) failures.shift()
    if (!end.gaveOutput) probe = PATIENT_PROBE
    const said = lastWords(end.stderr)
    log.warn('ffmpeg of a rendition ended', { why: end.why, said })
    const plan = planRestart(failures)
    if (plan.kind === 'give-up') {
      const words = said === '' ? '' : `; it said: ${said}`
      return new RelayError(
        'ffmpeg-failed',
        `the profile ${profile.id} cannot be made: ffmpeg failed again and again, lastly because ${end.why}${words}`,
      )
    }
    await clock.sleep(plan.pauseMs, lifetime.signal).catch(() => {}) // stopping; the next run sees it
    return undefined
  }

  const runAll = async (): Promise<RenditionEnd> => {
    let after = -1
    for (;;) {
      const end = await runOnce(after)
      switch (end.kind) {
        case 'feed-ended':
          return end
        case 'stopped':
          return { kind: 'closed' }
        case 'starved':
        case 'changed':
          log.info(end.kind === 'starved' ? 'the channel gives nothing; its rendition waits' : 'the channel goes on with other tracks')
          after = end.last
          break
        case 'failed': {
          const error = await afterFailure(end)
          if (error !== undefined) return { kind: 'failed', error }
        }
      }
      restarts += 1
    }
  }

  const finish = (end: RenditionEnd): RenditionEnd => {
    chunker.flush()
    chunker[Symbol.dispose]()
    queue.end()
    first.reject(reasonOf(end))
    if (end.kind === 'failed') log.error('a rendition ended', { error: end.error })
    return end
  }
  const ended = runAll()
    .catch((error: unknown): RenditionEnd => ({ kind: 'failed', error: asRelayError(error) }))
    .then(finish)
  first.promise.catch(() => {}) // a caller that has left does not hear of it

  return {
    source: queue,
    ended,
    first: first.promise,
    get restarts() {
      return restarts
    },
    get pid() {
      return pid
    },
    async [Symbol.asyncDispose]() {
      lifetime.abort(new DOMException('the rendition is closed', 'AbortError'))
      queue.end()
      await ended
    },
  }
}

/** Failures that are remembered: more than a plan looks at. */
const MAX_REMEMBERED = 16

/** Seconds of the last clock reference in a payload. */
function lastClock(payload: Uint8Array): number | undefined {
  for (let at = payload.length - PACKET_BYTES; at >= 0; at -= PACKET_BYTES) {
    const pcr = readPcr(payload, at)
    if (pcr !== undefined) return pcr / PCR_HZ
  }
  return undefined
}

const asRelayError = (error: unknown): RelayError =>
  isRelayError(error) ? error : new RelayError('ffmpeg-failed', `a rendition broke: ${messageOf(error)}; this is a bug`, { cause: error })

function reasonOf(end: RenditionEnd): Error {
  switch (end.kind) {
    case 'failed':
      return end.error
    case 'feed-ended':
      return new RelayError('channel-off-air', 'the channel went off air before its rendition began; try again when it broadcasts')
    case 'closed':
      return new DOMException('the rendition is closed', 'AbortError')
  }
}
