/**
 * One bounded consumer of a feed: an index into the feed's window, with no queue and no copies of its own. The feed calls `offered()` and
 * `end()`, the consumer takes. A reader that falls further behind than its capacity forgets all that waited for it and goes on at the
 * next random access point; one that the window has left behind goes on at the oldest random access point there is. Either way the
 * loss is counted and told as a gap. It never slows the feed and never grows.
 */
import type { Gap } from '../chunk/chunk.ts'
import type { FeedItem } from './source.ts'
import type { Window } from './window.ts'

/** Why a feed is over. `closed`: the relay let go of it; `failed`: its source broke. */
export type EndReason = 'off-air' | 'closed' | 'failed'

export interface Reader extends Disposable, AsyncIterable<FeedItem> {
  /** The next item; undefined when nothing is there now. */
  take(): FeedItem | undefined
  /** Has `listener` called whenever there may be more to take, and at the end. One listener; undefined removes it. */
  onReadable(listener: (() => void) | undefined): void
  /** Items that could be taken now. */
  readonly waiting: number
  /** Why nothing more will come; undefined while something may. What came before can be taken first. */
  readonly ended: EndReason | undefined
  /** Chunks that this reader was too slow for. */
  readonly lost: number
}

export interface ReaderOptions {
  /** Index of the first item to take; undefined: the next random access point that comes. */
  readonly start: number | undefined
  /** Payload bytes that may wait beyond those that wait at the start. */
  readonly capacityBytes: number
  /** Called once, by dispose. */
  readonly onDispose: (reader: FeedReader) => void
}

/** `waiting`: for a first random access point; `skipping`: for the next one after a loss. */
type Mode = 'reading' | 'waiting' | 'skipping' | 'disposed'

export class FeedReader implements Reader {
  readonly #window: Window
  readonly #capacity: number
  readonly #onDispose: (reader: FeedReader) => void
  #mode: Mode
  #next: number
  #bytes: number // payload bytes of the feed up to `#next`
  #chunks: number // chunks of the feed up to `#next`
  #lost = 0
  #last: { readonly sequence: number; readonly time: number } | undefined // what was taken last
  #gap: FeedItem | undefined // told before the item at `#next`
  #listener: (() => void) | undefined
  #ended: EndReason | undefined

  constructor(window: Window, options: ReaderOptions) {
    this.#window = window
    this.#onDispose = options.onDispose
    this.#mode = options.start === undefined ? 'waiting' : 'reading'
    this.#next = options.start ?? window.end
    this.#bytes = window.bytesBefore(this.#next)
    this.#chunks = window.chunksBefore(this.#next)
    this.#capacity = options.capacityBytes + (window.bytes - this.#bytes)
  }

  /** The feed has pushed one more item. */
  offered(item: FeedItem): void {
    if (this.#mode === 'reading' && this.#window.bytes - this.#bytes > this.#capacity) this.#mode = 'skipping'
    if (this.#mode !== 'reading') {
      if (this.#mode === 'disposed' || item.kind !== 'chunk' || !item.chunk.randomAccess) return
      this.#goOn(this.#window.end - 1)
    }
    this.#listener?.()
  }

  end(reason: EndReason): void {
    this.#ended ??= reason
    this.#listener?.()
  }

  take(): FeedItem | undefined {
    if (this.#mode === 'reading' && this.#next < this.#window.first) this.#leftBehind()
    if (this.#mode !== 'reading') return undefined
    if (this.#gap !== undefined) {
      const gap = this.#gap
      this.#gap = undefined
      return gap
    }
    const item = this.#window.at(this.#next)
    if (item === undefined) return undefined
    this.#next += 1
    if (item.kind === 'chunk') {
      this.#chunks += 1
      this.#bytes += item.chunk.payload.length
      this.#last = item.chunk
    } else {
      this.#last = { sequence: item.gap.to, time: item.gap.ended }
    }
    return item
  }

  onReadable(listener: (() => void) | undefined): void {
    this.#listener = listener
  }

  get waiting(): number {
    return this.#mode === 'reading' ? this.#window.end - Math.max(this.#next, this.#window.first) : 0
  }

  get ended(): EndReason | undefined {
    return this.#ended
  }

  get lost(): number {
    return this.#mode === 'skipping' ? this.#lost + this.#window.chunks - this.#chunks : this.#lost
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FeedItem, void, undefined> {
    try {
      while (this.#mode !== 'disposed') {
        const item = this.take()
        if (item !== undefined) yield item
        else if (this.#ended !== undefined) return
        else await new Promise<void>((resolve) => this.onReadable(resolve))
      }
    } finally {
      this[Symbol.dispose]()
    }
  }

  [Symbol.dispose](): void {
    if (this.#mode === 'disposed') return
    this.#mode = 'disposed'
    this.#onDispose(this)
    this.#listener?.()
    this.#listener = undefined
  }

  #leftBehind(): void {
    const access = this.#window.accessFrom(this.#window.first)
    if (access === undefined) this.#mode = 'skipping'
    else this.#goOn(access)
  }

  /** Goes on at a random access point and counts what was passed over, unless nothing was asked for before it. */
  #goOn(index: number): void {
    const skipped = this.#mode !== 'waiting'
    if (skipped) this.#lost += this.#window.chunksBefore(index) - this.#chunks
    const item = this.#window.at(index)
    if (skipped && this.#last !== undefined && item?.kind === 'chunk') {
      const gap: Gap = { from: this.#last.sequence + 1, to: item.chunk.sequence - 1, began: this.#last.time, ended: item.chunk.time }
      this.#gap = { kind: 'gap', gap, slow: true }
    }
    this.#mode = 'reading'
    this.#next = index
    this.#bytes = this.#window.bytesBefore(index)
    this.#chunks = this.#window.chunksBefore(index)
  }
}
