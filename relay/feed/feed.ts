/**
 * A feed: the ordered, verified chunks of one channel inside the relay. It owns the window and the set of readers, and takes each item
 * from its source once, for everybody: a new reader begins at the newest random access point in memory, gets all up to the live edge at
 * once, and goes on live. When the source ends the readers drain and end.
 */
import type { Chunk, MediaChunk } from '../chunk/chunk.ts'
import type { Clock } from '../clock.ts'
import { isAbort, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { pmtOf } from '../media/programme.ts'
import { type Track, tracksOf } from '../media/tracks.ts'
import { FeedReader, type EndReason, type Reader } from './reader.ts'
import type { ChunkSource, FeedItem } from './source.ts'
import { createWindow } from './window.ts'

export interface FeedDeps {
  readonly source: ChunkSource
  /** Chunks that the relay holds already, in order, such as the swarm's ring: the feed starts with them. */
  readonly ring?: Iterable<MediaChunk>
  readonly clock: Clock
  readonly log: Log
  /** The channel's id, for log lines. */
  readonly channel: string
  /** How much of the past is kept. The chunks are the ring's own, so ring and window of one size cost that size once. @default 64 MiB */
  readonly windowBytes?: number
}

export type FeedState = { readonly kind: 'live' } | { readonly kind: 'ended'; readonly reason: EndReason }

export interface OpenReader {
  /** The newest random access point; or the newest one that was cut at or before a wall-clock time (ms), else the oldest in memory. */
  readonly from: 'live' | number
  /** How far, in payload bytes, the reader may fall behind what it began with. @default 8 MiB from live, the whole window from the past */
  readonly capacityBytes?: number
}

export interface Feed extends AsyncDisposable {
  readonly channel: string
  readonly state: FeedState
  openReader(options: OpenReader): Reader
  /** Open readers. */
  readonly readers: number
  /** The elementary streams, from the program map table of the newest random access point; none before the first. */
  tracks(): readonly Track[]
  /** The live edge. */
  newest(): { readonly sequence: number; readonly time: number } | undefined
  /** Where the past begins: the time of the oldest random access point in memory, ms. */
  oldest(): number | undefined
  /** True once a reader would begin at once; false when the feed ended before. Never rejects. */
  readonly ready: Promise<boolean>
  /** Never rejects. */
  readonly ended: Promise<EndReason>
}

/** 64 s at 8 Mbit/s. */
const DEFAULT_WINDOW_BYTES = 64 * 2 ** 20
/** 8 s at 8 Mbit/s: longer than a hiccup of a home's radio, shorter than anyone wants to be behind. It costs no memory. */
const DEFAULT_CAPACITY_BYTES = 8 * 2 ** 20

const isSigned = (chunk: MediaChunk): chunk is Chunk => 'header' in chunk

/** PURE. What to start with: the chunks of a ring in order, its holes as gaps, up to the first hole after the newest random access point. */
export function planPreload(ring: Iterable<MediaChunk>): FeedItem[] {
  const items: FeedItem[] = []
  let last: MediaChunk | undefined
  let whole = 0 // items up to here may be used though the source repairs the holes that follow
  for (const chunk of ring) {
    // An epoch begins with its own number: there is nothing between it and the one before.
    const hole = last !== undefined && chunk.sequence !== last.sequence + 1 && !(isSigned(chunk) && chunk.header.epoch === chunk.sequence)
    if (last !== undefined && hole) {
      items.push({ kind: 'gap', gap: { from: last.sequence + 1, to: chunk.sequence - 1, began: last.time, ended: chunk.time } })
    }
    items.push({ kind: 'chunk', chunk })
    if (chunk.randomAccess || (whole === items.length - 1 && !hole)) whole = items.length
    last = chunk
  }
  return items.slice(0, whole)
}

export function openFeed(deps: FeedDeps): Feed {
  const { source, log, channel } = deps
  const window = createWindow({ maxBytes: deps.windowBytes ?? DEFAULT_WINDOW_BYTES })
  const readers = new Set<FeedReader>()
  const lifetime = new AbortController()
  const ready = Promise.withResolvers<boolean>()
  const ended = Promise.withResolvers<EndReason>()
  let state: FeedState = { kind: 'live' }
  let newest: { readonly sequence: number; readonly time: number } | undefined
  let tracks: { readonly of: MediaChunk; readonly list: readonly Track[] } | undefined

  const push = (item: FeedItem): void => {
    const sequence = item.kind === 'chunk' ? item.chunk.sequence : item.gap.to
    if (newest !== undefined && sequence <= newest.sequence) return // the source repeats what the ring already gave
    window.push(item)
    newest = item.kind === 'chunk' ? item.chunk : { sequence, time: item.gap.ended }
    if (item.kind === 'chunk' && item.chunk.randomAccess) ready.resolve(true)
    for (const reader of readers) reader.offered(item)
  }

  const end = (reason: EndReason): void => {
    if (state.kind === 'ended') return
    state = { kind: 'ended', reason }
    log.info('feed ended', { channel, reason })
    ready.resolve(false)
    ended.resolve(reason)
    for (const reader of readers) reader.end(reason)
  }

  const run = async (): Promise<void> => {
    try {
      for await (const item of source.items(lifetime.signal)) push(item)
      end(lifetime.signal.aborted ? 'closed' : 'off-air')
    } catch (error) {
      if (lifetime.signal.aborted || isAbort(error)) return end('closed')
      log.error('feed failed', { channel, error: messageOf(error) })
      end('failed')
    }
  }

  for (const item of planPreload(deps.ring ?? [])) push(item)
  const running = run() // it catches all that it throws

  return {
    channel,
    get state() {
      return state
    },
    get readers() {
      return readers.size
    },
    openReader(options) {
      const past = options.from !== 'live'
      const reader = new FeedReader(window, {
        start: options.from === 'live' ? window.newestAccess() : window.accessAt(options.from),
        capacityBytes: options.capacityBytes ?? (past ? Infinity : DEFAULT_CAPACITY_BYTES),
        onDispose: (gone) => readers.delete(gone),
      })
      if (state.kind === 'ended') reader.end(state.reason)
      readers.add(reader)
      return reader
    },
    tracks() {
      const item = window.at(window.newestAccess() ?? -1)
      if (item?.kind === 'chunk' && tracks?.of !== item.chunk) {
        const pmt = pmtOf(item.chunk.payload)
        tracks = { of: item.chunk, list: pmt === undefined ? (tracks?.list ?? []) : tracksOf(pmt) }
      }
      return tracks?.list ?? []
    },
    newest: () => newest,
    oldest() {
      const item = window.at(window.accessFrom(window.first) ?? -1)
      return item?.kind === 'chunk' ? item.chunk.time : undefined
    },
    ready: ready.promise,
    ended: ended.promise,
    async [Symbol.asyncDispose]() {
      lifetime.abort(new DOMException(`the feed of ${channel} is closed`, 'AbortError'))
      end('closed')
      await running
    },
  }
}
