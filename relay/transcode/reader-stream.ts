/** A reader of a feed as a stream for ffmpeg's standard input. It owns the reader. ffmpeg takes what it can; the reader skips for it. */
import { Readable } from 'node:stream'
import { abortable } from '../abortable.ts'
import type { MediaChunk } from '../chunk/chunk.ts'
import type { Clock } from '../clock.ts'
import type { Reader } from '../feed/reader.ts'
import { pmtOf } from '../media/programme.ts'
import { tracksOf } from '../media/tracks.ts'

export interface ReaderStream {
  /** Ends with the feed. Destroying it disposes the reader. */
  readonly stream: Readable
  /** For how long there has been nothing to give, ms; 0 while something waits for ffmpeg. */
  starvedMs(): number
  /** Sequence of the chunk that was given last. */
  readonly last: number
  /** Chunks that ffmpeg was too slow for. */
  readonly lost: number
  /** The feed is over, and the stream with it. */
  readonly feedEnded: boolean
  /** The stream ended because the feed goes on with other tracks: an ffmpeg keeps to those that it began with. */
  readonly changed: boolean
  /** Ends the stream although the feed goes on: ffmpeg then gives what it still holds. */
  end(): void
}

/** What waits in the stream; the reader holds the rest without a copy. */
const BUFFER_BYTES = 256 * 1024

/**
 * Takes up to the next random access point after a chunk, waiting for it if it is still to come.
 *
 * @returns undefined when the feed ended before; throws the signal's reason
 */
export async function takeAccess(reader: Reader, after: number, signal: AbortSignal): Promise<MediaChunk | undefined> {
  for (;;) {
    signal.throwIfAborted()
    const item = reader.take()
    if (item?.kind === 'chunk' && item.chunk.randomAccess && item.chunk.sequence > after) return item.chunk
    if (item !== undefined) continue
    if (reader.ended !== undefined) return undefined
    await abortable(new Promise<void>((resolve) => reader.onReadable(resolve)), signal)
  }
}

/** PURE. What an ffmpeg that begins with this chunk takes: the first picture and the first sound. */
function takenTracks(chunk: MediaChunk): string | undefined {
  const pmt = chunk.randomAccess ? pmtOf(chunk.payload) : undefined
  if (pmt === undefined) return undefined
  const tracks = tracksOf(pmt)
  return ['video', 'audio'].map((kind) => JSON.stringify(tracks.find((track) => track.kind === kind))).join()
}

/** @param first what the stream begins with; the reader goes on behind it */
export function streamOf(first: MediaChunk, reader: Reader, clock: Clock): ReaderStream {
  const tracks = takenTracks(first)
  let changed = false
  let last = first.sequence
  let lastAt = clock.monotonic()
  let wanted = false
  let over = false

  const end = (): void => {
    if (over) return
    over = true
    reader.onReadable(undefined)
    stream.push(null)
  }
  const pump = (): void => {
    while (wanted && !over) {
      const item = reader.take()
      if (item === undefined) break
      if (item.kind === 'gap') continue // ffmpeg sees the hole in the continuity counters
      changed = tracks !== undefined && (takenTracks(item.chunk) ?? tracks) !== tracks
      if (changed) return end()
      last = item.chunk.sequence
      lastAt = clock.monotonic()
      wanted = stream.push(item.chunk.payload)
    }
    if (reader.ended !== undefined && reader.waiting === 0) end()
  }
  const stream = new Readable({
    highWaterMark: BUFFER_BYTES,
    read() {
      wanted = true
      pump()
    },
    destroy(error, done) {
      over = true
      reader[Symbol.dispose]()
      done(error)
    },
  })
  stream.push(first.payload)
  reader.onReadable(pump)
  return {
    stream,
    starvedMs: () => (reader.waiting > 0 ? 0 : clock.monotonic() - lastAt),
    get last() {
      return last
    },
    get lost() {
      return reader.lost
    },
    get changed() {
      return changed
    },
    get feedEnded() {
      return reader.ended !== undefined
    },
    end,
  }
}
