import type { Gap, MediaChunk } from '../../relay/chunk/chunk.ts'
import type { ChunkSource, FeedItem } from '../../relay/feed/source.ts'

/** Milliseconds between two made-up chunks. */
export const CHUNK_MS = 100

const TS_PACKET_BYTES = 188
/** One null packet, PID 0x1fff. */
const nullPacket = (): Uint8Array => {
  const packet = new Uint8Array(TS_PACKET_BYTES).fill(0xff)
  packet.set([0x47, 0x1f, 0xff, 0x10])
  return packet
}

export interface ChunkOptions {
  readonly randomAccess?: boolean
  /** ms since the Unix epoch. */
  readonly time?: number
  /** Payload length, in packets. */
  readonly packets?: number
}

/** A chunk of null packets; by default `sequence` x CHUNK_MS after the epoch. */
export function mediaChunk(sequence: number, options: ChunkOptions = {}): MediaChunk {
  const payload = new Uint8Array((options.packets ?? 1) * TS_PACKET_BYTES)
  for (let at = 0; at < payload.length; at += TS_PACKET_BYTES) payload.set(nullPacket(), at)
  return {
    sequence,
    time: options.time ?? sequence * CHUNK_MS,
    randomAccess: options.randomAccess ?? false,
    discontinuity: false,
    payload,
  }
}

export interface PushSource extends ChunkSource {
  push(...chunks: readonly MediaChunk[]): void
  gap(gap: Gap): void
  /** Off air. */
  end(): void
  fail(error: Error): void
}

/** A source that gives what a test pushes. */
export function pushSource(): PushSource {
  const queue: FeedItem[] = []
  let over: { readonly error: Error | undefined } | undefined
  let wake = (): void => {}
  const put = (item: FeedItem): void => {
    queue.push(item)
    wake()
  }
  return {
    push: (...chunks) => chunks.forEach((chunk) => put({ kind: 'chunk', chunk })),
    gap: (gap) => put({ kind: 'gap', gap }),
    end() {
      over = { error: undefined }
      wake()
    },
    fail(error) {
      over = { error }
      wake()
    },
    async *items(signal) {
      const onAbort = (): void => wake()
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        for (;;) {
          signal.throwIfAborted()
          const item = queue.shift()
          if (item !== undefined) yield item
          else if (over === undefined) await new Promise<void>((resolve) => (wake = resolve))
          else if (over.error === undefined) return
          else throw over.error
        }
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    },
  }
}

/** Lets promises, and input and output that is under way, go on until `holds`; fails after very many rounds. */
export async function eventually(holds: () => boolean, what = 'what was waited for'): Promise<void> {
  const MAX_ROUNDS = 20_000
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    if (holds()) return
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  throw new Error(`${what} has not come true`)
}
