/**
 * HLS out of a feed, without ffmpeg and without a file. The packager owns a window of segments that refer to the feed's payloads: those
 * in the playlist, and a few older ones for players that are slow. Who watches is counted elsewhere; this one runs until it is disposed.
 */
import { abortable } from '../abortable.ts'
import type { Clock } from '../clock.ts'
import { RelayError } from '../errors.ts'
import type { Feed } from '../feed/feed.ts'
import type { FeedItem } from '../feed/source.ts'
import type { Log } from '../log.ts'
import { hlsPlaylist, type SegmentInfo } from './hls-playlist.ts'
import { createSegmenter, type CutSegment } from './segmenter.ts'

export interface HlsDeps {
  readonly feed: Pick<Feed, 'openReader' | 'newest'>
  readonly clock: Clock
  readonly log: Log
  /** Goes behind each segment's name, as `?profile=h264`. @default nothing */
  readonly query?: string
}

export interface Hls extends AsyncDisposable {
  /**
   * Waits for the first segments when there are none yet. Throws `channel-off-air` when the feed ended without any, and the signal's
   * reason.
   */
  playlist(signal: AbortSignal): Promise<string>
  /** A segment's bytes, in order and whole packets; undefined when it is gone or still to come. */
  segment(sequence: number): readonly Uint8Array[] | undefined
  /** Resolves when the feed is over and all of it is cut; never rejects. */
  readonly ended: Promise<void>
}

/** Segments in the playlist: players begin three from the end, and keep the rest for a hiccup. */
const LISTED_SEGMENTS = 6
/** Segments that have left the playlist; a player may ask for one as long as its playlist was (RFC 8216, 6.2.2). */
const EXPIRED_SEGMENTS = 6
/** More than 12 segments of 2 s at 20 Mbit/s; most of it is in the feed's window anyway. */
const MAX_WINDOW_BYTES = 64 * 2 ** 20
/** Players do not begin with fewer; fewer than that make them stop at once. */
const FIRST_SEGMENTS = 2
/** The past that is cut when a packager starts, so that its first playlist is full. */
const INITIAL_PAST_MS = 12_000
/** What is aimed at, and the least that is announced. */
const TARGET_SECONDS = 2
/** Chunks of an encoder come in bursts; a segment's time follows from the one before unless it is off by this much. */
const MAX_DRIFT_MS = 3000
/**
 * Numbers start with the time, in half seconds of this epoch: those of a packager that follows another one of the same channel are
 * higher, and a player that stayed goes on. They fit 31 bits until 2058.
 */
const NUMBERS_EPOCH_MS = Date.UTC(2025, 0, 1)
const NUMBER_MS = 500

interface Segment extends SegmentInfo {
  readonly payloads: readonly Uint8Array[]
  readonly bytes: number
}

export function createHls(deps: HlsDeps): Hls {
  const { feed, clock, log, query = '' } = deps
  const newest = feed.newest()
  const reader = feed.openReader({ from: newest === undefined ? 'live' : newest.time - INITIAL_PAST_MS })
  const ready = Promise.withResolvers<void>()
  let segments: Segment[] = []
  let next = Math.max(Math.floor((clock.now() - NUMBERS_EPOCH_MS) / NUMBER_MS), 0)
  let targetSeconds = TARGET_SECONDS
  let discontinuitiesGone = 0 // with the segments that are no longer held
  let state: 'live' | 'ended' | 'closed' = 'live'

  const add = ({ seconds, time: cutAt, discontinuity, payloads, bytes }: CutSegment): void => {
    const last = segments.at(-1)
    const expected = last === undefined || discontinuity ? cutAt : last.time + last.seconds * 1000
    const time = Math.abs(expected - cutAt) > MAX_DRIFT_MS ? cutAt : expected
    segments.push({ sequence: next, seconds, time, discontinuity, payloads, bytes })
    next += 1
    const whole = Math.round(seconds)
    if (whole > targetSeconds) {
      log.debug('a GOP is longer than the target of the playlist', { targetSeconds, seconds })
      targetSeconds = whole
    }
    drop()
    if (segments.length >= FIRST_SEGMENTS) ready.resolve()
  }

  const drop = (): void => {
    let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
    while (segments.length > LISTED_SEGMENTS + EXPIRED_SEGMENTS || (bytes > MAX_WINDOW_BYTES && segments.length > FIRST_SEGMENTS)) {
      const gone = segments.shift() as Segment
      bytes -= gone.bytes
      if (gone.discontinuity) discontinuitiesGone += 1
    }
  }

  const segmenter = createSegmenter()
  const push = (item: FeedItem): void => {
    const segment = segmenter.push(item)
    if (segment !== undefined) add(segment)
  }

  const cut = async (): Promise<void> => {
    try {
      for await (const item of reader) push(item)
      const last = state === 'closed' ? undefined : segmenter.end()
      if (last !== undefined) add(last)
    } finally {
      if (state === 'live') state = 'ended'
      ready.resolve()
    }
  }
  // The past is cut at once, so that the first playlist shows all of it.
  for (let item = reader.take(); item !== undefined; item = reader.take()) push(item)
  const cutting = cut().catch((error: unknown) => log.error('cutting segments failed', { error }))

  return {
    async playlist(signal) {
      await abortable(ready.promise, signal)
      const listed = segments.slice(-LISTED_SEGMENTS)
      if (listed.length === 0)
        throw new RelayError('channel-off-air', 'the channel went off air before its picture came; try again when it broadcasts')
      const before = segments.slice(0, -LISTED_SEGMENTS).filter((segment) => segment.discontinuity).length
      const discontinuitySequence = discontinuitiesGone + before
      return hlsPlaylist({ segments: listed, targetSeconds, discontinuitySequence, ended: state === 'ended', query })
    },
    segment: (sequence) => segments.find((segment) => segment.sequence === sequence)?.payloads,
    ended: cutting,
    async [Symbol.asyncDispose]() {
      state = 'closed'
      reader[Symbol.dispose]()
      await cutting
      segments = []
      ready.resolve()
    },
  }
}
