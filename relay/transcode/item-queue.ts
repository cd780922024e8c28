import { abortable } from '../abortable.ts'
import type { ChunkSource, FeedItem } from '../feed/source.ts'

/** A bounded queue between one producer, which waits for room, and one consumer, which is a feed. */
export interface ItemQueue extends ChunkSource {
  push(item: FeedItem): void
  /** Resolves when there is room again, or nobody will take anything any more. */
  room(): Promise<void>
  /** What waits can still be taken. */
  end(): void
}

export function createItemQueue(options: { readonly maxBytes: number }): ItemQueue {
  const items: FeedItem[] = []
  let bytes = 0
  let over = false
  let changed = Promise.withResolvers<void>()

  const tell = (): void => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  const sizeOf = (item: FeedItem): number => (item.kind === 'chunk' ? item.chunk.payload.length : 0)

  return {
    push(item) {
      if (over) return
      items.push(item)
      bytes += sizeOf(item)
      tell()
    },
    async room() {
      while (bytes > options.maxBytes && !over) await changed.promise
    },
    end() {
      over = true
      tell()
    },
    async *items(signal) {
      for (;;) {
        signal.throwIfAborted()
        const item = items.shift()
        if (item !== undefined) {
          bytes -= sizeOf(item)
          tell()
          yield item
        } else if (over) return
        else await abortable(changed.promise, signal)
      }
    },
  }
}
