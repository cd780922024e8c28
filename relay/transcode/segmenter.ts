/**
 * Cuts what a feed carries into HLS segments, without ffmpeg: a segment begins at a random access point, as its chunk does, and refers to
 * the feed's own payloads. It owns the segment that is open. What follows a hole is dropped up to the next random access point.
 */
import type { MediaChunk } from '../chunk/chunk.ts'
import type { FeedItem } from '../feed/source.ts'
import { firstPts, secondsBetween } from './first-pts.ts'

/** A segment that is complete. */
export interface CutSegment {
  readonly seconds: number
  readonly time: number
  readonly discontinuity: boolean
  readonly payloads: readonly Uint8Array[]
  readonly bytes: number
}

export interface Segmenter {
  /** @returns the segment that this item completes */
  push(item: FeedItem): CutSegment | undefined
  /** The feed is over: what is open, if it is anything. */
  end(): CutSegment | undefined
}

/** A segment ends with the first random access point after so long: 2 s, less what a GOP of 0.96 s falls short of it. */
const CUT_AFTER_SECONDS = 1.8
/** The first segments are shorter, so that a player has two of them soon. */
const FIRST_CUT_AFTER_SECONDS = 0.9
const FIRST_SEGMENTS = 3
/** Time stamps that are further apart are a jump. */
const MAX_SEGMENT_SECONDS = 30
/** A source that shows no random access point for so long is not cut at all: 16 s at 8 Mbit/s. */
const MAX_SEGMENT_BYTES = 16 * 2 ** 20
/** One frame: a segment of no length would stop a player. */
const MIN_SECONDS = 0.04

interface Open {
  readonly first: MediaChunk
  readonly pts: number | undefined
  readonly discontinuity: boolean
  readonly payloads: Uint8Array[]
  bytes: number
  last: MediaChunk
}

type State =
  /** For a random access point; `discontinuity` goes to the segment that begins there. */
  { readonly kind: 'waiting'; readonly discontinuity: boolean } | { readonly kind: 'open'; readonly open: Open }

const byClock = (open: Open, chunk: MediaChunk): number => (chunk.time - open.first.time) / 1000

/** PURE. By the time stamps, where they are sane; undefined for a jump. */
function secondsTo(open: Open, chunk: MediaChunk, pts: number | undefined): number | undefined {
  if (open.pts === undefined || pts === undefined) return byClock(open, chunk)
  const seconds = secondsBetween(open.pts, pts)
  return seconds < 0 || seconds > MAX_SEGMENT_SECONDS ? undefined : seconds
}

export function createSegmenter(): Segmenter {
  let state: State = { kind: 'waiting', discontinuity: false }
  let cut = 0

  const begin = (chunk: MediaChunk, pts: number | undefined, discontinuity: boolean): void => {
    const open: Open = { first: chunk, pts, discontinuity, payloads: [chunk.payload], bytes: chunk.payload.length, last: chunk }
    state = { kind: 'open', open }
  }

  const complete = (open: Open, seconds: number): CutSegment => {
    cut += 1
    const { first, discontinuity, payloads, bytes } = open
    return { seconds: Math.max(seconds, MIN_SECONDS), time: first.time, discontinuity, payloads, bytes }
  }

  /** No random access point says how long it was; what its last chunk says is a little short of it. */
  const breakOff = (): CutSegment | undefined => {
    if (state.kind === 'waiting') {
      state = { kind: 'waiting', discontinuity: cut > 0 }
      return undefined
    }
    const { open } = state
    state = { kind: 'waiting', discontinuity: true }
    return complete(open, secondsTo(open, open.last, firstPts(open.last.payload)) ?? byClock(open, open.last))
  }

  const access = (chunk: MediaChunk): CutSegment | undefined => {
    const pts = firstPts(chunk.payload)
    if (state.kind === 'waiting') {
      begin(chunk, pts, state.discontinuity)
      return undefined
    }
    const { open } = state
    const seconds = secondsTo(open, chunk, pts)
    if (seconds === undefined) {
      const broken = breakOff()
      begin(chunk, pts, true)
      return broken
    }
    if (seconds < (cut < FIRST_SEGMENTS ? FIRST_CUT_AFTER_SECONDS : CUT_AFTER_SECONDS)) {
      append(open, chunk)
      return undefined
    }
    begin(chunk, pts, false)
    return complete(open, seconds)
  }

  const append = (open: Open, chunk: MediaChunk): void => {
    open.payloads.push(chunk.payload)
    open.bytes += chunk.payload.length
    open.last = chunk
    if (open.bytes > MAX_SEGMENT_BYTES) state = { kind: 'waiting', discontinuity: cut > 0 }
  }

  return {
    push(item) {
      if (item.kind === 'gap') return breakOff()
      const { chunk } = item
      const broken = chunk.discontinuity ? breakOff() : undefined
      if (chunk.randomAccess) return access(chunk) ?? broken
      if (state.kind === 'open') append(state.open, chunk)
      return broken
    },
    end: breakOff,
  }
}
