/**
 * What a feed remembers: its items in the order in which they came, and where the random access points are. It owns the order and the
 * counts; the chunks are shared with the swarm's ring. An item keeps its index for ever, so a reader is no more than an index. Full: the
 * oldest item goes.
 */
import type { FeedItem } from './source.ts'

interface Entry {
  readonly item: FeedItem
  /** Payload bytes and chunks that came before this item, since the window began. */
  readonly bytes: number
  readonly chunks: number
}

export interface Window {
  /** Index of the oldest item that is still there. */
  readonly first: number
  /** Index that the next item gets. */
  readonly end: number
  /** Payload bytes and chunks that ever came. */
  readonly bytes: number
  readonly chunks: number
  push(item: FeedItem): void
  at(index: number): FeedItem | undefined
  /** Payload bytes that came before the item; all of them for `end`. */
  bytesBefore(index: number): number
  chunksBefore(index: number): number
  newestAccess(): number | undefined
  /** The oldest random access point at or after an index. */
  accessFrom(index: number): number | undefined
  /** The newest random access point that the source cut at or before `time` (ms); else the oldest there is. */
  accessAt(time: number): number | undefined
}

/** What an item costs beside its payload; keeps a flood of tiny chunks and of gaps bounded. */
const ITEM_OVERHEAD_BYTES = 1024
/** Empty places at the front of a list before it is moved together. */
const COMPACT_AT = 256

/** A list that loses its oldest items and keeps their indices. */
class Sliding<Item> {
  #items: (Item | undefined)[] = []
  #head = 0
  first = 0

  get end(): number {
    return this.first + this.#items.length - this.#head
  }
  at(index: number): Item | undefined {
    return index < this.first ? undefined : this.#items[this.#head + index - this.first]
  }
  push(item: Item): void {
    this.#items.push(item)
  }
  shift(): Item | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    this.#items[this.#head] = undefined
    this.#head += 1
    this.first += 1
    if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }
}

const sizeOf = (item: FeedItem): number => (item.kind === 'chunk' ? item.chunk.payload.length : 0)

export function createWindow(options: { readonly maxBytes: number }): Window {
  const entries = new Sliding<Entry>()
  const accesses = new Sliding<number>() // indices of the random access points
  let bytes = 0
  let chunks = 0
  let held = 0

  const timeOf = (index: number): number => {
    const item = entries.at(index)?.item
    return item?.kind === 'chunk' ? item.chunk.time : 0
  }
  /** The first place in `accesses` for which `holds`; it holds for all that follow. */
  const accessPlace = (holds: (index: number) => boolean): number => {
    let low = accesses.first
    let high = accesses.end
    while (low < high) {
      const middle = (low + high) >>> 1
      if (holds(accesses.at(middle) as number)) high = middle
      else low = middle + 1
    }
    return low
  }

  return {
    get first() {
      return entries.first
    },
    get end() {
      return entries.end
    },
    get bytes() {
      return bytes
    },
    get chunks() {
      return chunks
    },
    push(item) {
      if (item.kind === 'chunk' && item.chunk.randomAccess) accesses.push(entries.end)
      entries.push({ item, bytes, chunks })
      bytes += sizeOf(item)
      if (item.kind === 'chunk') chunks += 1
      held += sizeOf(item) + ITEM_OVERHEAD_BYTES
      while (held > options.maxBytes && entries.end - entries.first > 1) {
        held -= sizeOf((entries.shift() as Entry).item) + ITEM_OVERHEAD_BYTES
        if ((accesses.at(accesses.first) ?? Infinity) < entries.first) accesses.shift()
      }
    },
    at: (index) => entries.at(index)?.item,
    bytesBefore: (index) => entries.at(index)?.bytes ?? bytes,
    chunksBefore: (index) => entries.at(index)?.chunks ?? chunks,
    newestAccess: () => accesses.at(accesses.end - 1),
    accessFrom: (index) => accesses.at(accessPlace((access) => access >= index)),
    accessAt: (time) => accesses.at(Math.max(accessPlace((access) => timeOf(access) > time) - 1, accesses.first)),
  }
}
