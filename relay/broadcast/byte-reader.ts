/** Pulls bytes out of a stream, and raises when none come for too long. It owns the stream: disposing destroys it. */
import type { Readable } from 'node:stream'
import type { Clock } from '../clock.ts'
import type { RelayError } from '../errors.ts'

export interface ByteReader extends Disposable {
  /** The next bytes; undefined at the end. Only the time in here counts as waiting. */
  read(): Promise<Uint8Array | undefined>
  /** Gives bytes back, to be read again. */
  unread(bytes: Uint8Array): void
}

export interface StallLimit {
  readonly clock: Clock
  readonly stallMs: number
  readonly stalled: () => RelayError
}

/** @param limit what ends the wait for bytes; undefined: a file is never late */
export function createByteReader(stream: Readable, limit: StallLimit | undefined, signal: AbortSignal): ByteReader {
  const pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>
  const onAbort = (): void => void stream.destroy(signal.reason as Error)
  let returned: Uint8Array | undefined
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  stream.on('error', () => {}) // the reader hears of it from the iterator; between reads nobody listens

  return {
    async read() {
      if (returned !== undefined) {
        const bytes = returned
        returned = undefined
        return bytes
      }
      signal.throwIfAborted()
      const timer = limit?.clock.after(limit.stallMs, () => void stream.destroy(limit.stalled()))
      try {
        const next = await pieces.next()
        return next.done === true ? undefined : next.value
      } finally {
        timer?.[Symbol.dispose]()
      }
    },
    unread(bytes) {
      returned = returned === undefined ? bytes : Buffer.concat([bytes, returned])
    },
    [Symbol.dispose]() {
      signal.removeEventListener('abort', onAbort)
      stream.destroy()
    },
  }
}
