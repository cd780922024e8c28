/**
 * A reader's bytes into a socket: PAT, PMT and a random access point first, then whatever comes, as fast as the other side takes it. All
 * that waits goes out in one write; nothing is copied, and nothing is done per packet. While the other side does not read, the reader
 * falls behind and skips; the stream only holds what it has written last.
 */
import type { Writable } from 'node:stream'
import type { Clock } from '../clock.ts'
import type { EndReason, Reader } from './reader.ts'

/** Why a stream is over: the feed's end, the other side has left, or our own signal. */
export type StreamEnd = EndReason | 'left' | 'aborted'

export interface TsStream {
  /** Payload bytes handed to the socket. */
  readonly bytes: number
  /** Chunks that the other side was too slow for. */
  readonly lost: number
  /** Resolves when all is out and the socket is ended, or destroyed. Never rejects. */
  readonly done: Promise<StreamEnd>
}

export interface TsStreamDeps {
  /** Disposed at the end. */
  readonly reader: Reader
  /** Ended with the feed or by the signal; destroyed when it does not drain. */
  readonly to: Writable
  readonly clock: Clock
  /** Streams that the relay serves now, this one included. @default 1 */
  readonly streams?: () => number
}

/** Handed to the socket at most before it must drain: a second at 8 Mbit/s. They are the feed's own chunks, no copies. */
const MAX_BURST_BYTES = 1024 * 1024
const MIN_GATHER_MS = 200
const MAX_GATHER_MS = 500
/** Above so many streams each lets more come together. */
const FEW_STREAMS = 4
const GATHER_MS_PER_STREAM = 10
/** After the feed's end the other side has this long to take the rest; a TV that hangs must not hold a dead feed's memory. */
const DRAIN_MS = 10_000

/**
 * PURE. Chunks that come within so many ms go out in one write, as a write of a whole second costs little more than one of a chunk. For
 * the family that is four chunks of 8 Mbit/s, for a hotel half a second; players buffer more than that. What is held goes with the next
 * chunk, and a channel has one every 200 ms.
 */
export const planGather = (streams: number): number =>
  Math.min(MAX_GATHER_MS, MIN_GATHER_MS + Math.max(0, streams - FEW_STREAMS) * GATHER_MS_PER_STREAM)

/** @param signal ends the stream at once: in order where the other side keeps up, without the rest where it does not */
export function streamTs({ reader, to, clock, streams = () => 1 }: TsStreamDeps, signal: AbortSignal): TsStream {
  const done = Promise.withResolvers<StreamEnd>()
  let bytes = 0
  let full = false // the socket has said: no more until `drain`
  let over: StreamEnd | undefined
  let patience: Disposable | undefined
  let wrote = -Infinity // when

  /** Idempotent; the first reason counts. */
  const finish = (reason: StreamEnd): void => {
    patience?.[Symbol.dispose]()
    reader.onReadable(undefined)
    reader[Symbol.dispose]()
    signal.removeEventListener('abort', onAbort)
    to.off('drain', onDrain)
    done.resolve(reason)
  }

  /** One write of what waits, as far as a burst goes. */
  const burst = (): void => {
    const corked = reader.waiting > 1
    if (corked) to.cork()
    let sent = 0
    while (sent < MAX_BURST_BYTES) {
      const item = reader.take()
      if (item === undefined) break
      if (item.kind !== 'chunk') continue
      sent += item.chunk.payload.length
      full = !to.write(item.chunk.payload) || full
    }
    bytes += sent
    if (corked) to.uncork()
    wrote = clock.monotonic()
  }

  const pump = (): void => {
    while (!full && over === undefined && reader.waiting > 0) burst()
    if (over !== undefined || reader.ended === undefined) return
    if (reader.waiting === 0) {
      over = reader.ended
      to.end()
    }
    patience ??= clock.after(DRAIN_MS, () => to.destroy())
  }
  const onReadable = (): void => {
    if (reader.ended !== undefined || clock.monotonic() - wrote >= planGather(streams())) pump()
  }
  const onDrain = (): void => {
    full = false
    pump()
  }
  const onAbort = (): void => {
    over ??= 'aborted'
    if (full) to.destroy()
    else to.end()
  }

  to.on('drain', onDrain)
  to.on('error', () => {}) // the other side has left; `close` follows
  to.once('close', () => finish(over ?? 'left'))
  to.once('finish', () => finish(over ?? 'left'))
  if (signal.aborted) onAbort()
  else if (to.destroyed) finish('left')
  else {
    signal.addEventListener('abort', onAbort, { once: true })
    reader.onReadable(onReadable)
    pump()
  }
  return {
    get bytes() {
      return bytes
    },
    get lost() {
      return reader.lost
    },
    done: done.promise,
  }
}
