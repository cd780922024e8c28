/**
 * The past window of one channel in memory: what a swarm can serve, and where a feed's readers begin. The ring owns the order and the
 * byte count; the chunks are shared and never change. Full: the oldest goes. Chunks may come out of order.
 */
import type { Chunk, MediaChunk } from './chunk.ts'

export interface ChunkRing<Item extends MediaChunk = Chunk> {
  /** Payload bytes held, with a fixed cost for each chunk. */
  readonly bytes: number
  /** Chunks held. */
  readonly size: number
  /** False: it is there already, or older than all that a full ring holds. */
  put(chunk: Item): boolean
  get(sequence: number): Item | undefined
  has(sequence: number): boolean
  oldest(): Item | undefined
  newest(): Item | undefined
  /** The newest chunk that begins with a random access point, up to and with sequence `atOrBefore`. */
  newestRandomAccess(atOrBefore?: number): Item | undefined
  /** The newest random access point that the source cut at or before `time`; else the oldest there is. */
  randomAccessAt(time: number): Item | undefined
  /** Chunks from `sequence` on, in order; chunks may come and go meanwhile. */
  from(sequence: number): IterableIterator<Item>
  [Symbol.iterator](): IterableIterator<Item>
  clear(): void
}

/** What a chunk costs beside its payload: header, objects, list. It keeps a flood of tiny chunks bounded. */
const CHUNK_OVERHEAD_BYTES = 1024
/** Empty places at the front of the list before it is moved together. */
const COMPACT_AT = 256

export function createRing<Item extends MediaChunk = Chunk>(options: { readonly maxBytes: number }): ChunkRing<Item> {
  let items: (Item | undefined)[] = [] // by sequence; the places before `head` are empty
  let head = 0
  let bytes = 0

  const costOf = (chunk: Item): number => chunk.payload.length + CHUNK_OVERHEAD_BYTES

  /** The first place whose sequence is at least `sequence`. */
  const placeOf = (sequence: number): number => {
    let low = head
    let high = items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((items[middle] as Item).sequence < sequence) low = middle + 1
      else high = middle
    }
    return low
  }

  const get = (sequence: number): Item | undefined => {
    const item = items[placeOf(sequence)]
    return item?.sequence === sequence ? item : undefined
  }

  const shrink = (): void => {
    while (bytes > options.maxBytes && head < items.length) {
      bytes -= costOf(items[head] as Item)
      items[head] = undefined
      head += 1
    }
    if (head < COMPACT_AT || head * 2 < items.length) return
    items = items.slice(head)
    head = 0
  }

  function* from(sequence: number): IterableIterator<Item> {
    let next = sequence
    for (;;) {
      const item = items[placeOf(next)]
      if (item === undefined) return
      next = item.sequence + 1
      yield item
    }
  }

  return {
    get bytes() {
      return bytes
    },
    get size() {
      return items.length - head
    },
    put(chunk) {
      const place = placeOf(chunk.sequence)
      if (items[place]?.sequence === chunk.sequence) return false
      if (place === head && items.length > head && bytes + costOf(chunk) > options.maxBytes) return false
      if (place === items.length) items.push(chunk)
      else items.splice(place, 0, chunk)
      bytes += costOf(chunk)
      shrink()
      return true
    },
    get,
    has: (sequence) => get(sequence) !== undefined,
    oldest: () => items[head],
    newest: () => (items.length > head ? items[items.length - 1] : undefined),
    newestRandomAccess(atOrBefore = Infinity) {
      for (let place = placeOf(atOrBefore + 1) - 1; place >= head; place -= 1) {
        if (items[place]?.randomAccess === true) return items[place]
      }
      return undefined
    },
    randomAccessAt(time) {
      let found: Item | undefined
      for (let place = items.length - 1; place >= head; place -= 1) {
        const item = items[place] as Item
        if (!item.randomAccess) continue
        found = item
        if (item.time <= time) break
      }
      return found
    },
    from,
    [Symbol.iterator]: () => from(0),
    clear() {
      items = []
      head = 0
      bytes = 0
    },
  }
}
