/**
 * A libp2p stream as an OverlayStream. Owns whether its reader is paused, the pieces that came while the reader was pausing, and
 * what is known about its end. libp2p's own `onDrain()` resolves too early from its second call on, so it is not used.
 */
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import type { Clock } from '../clock.ts'
import { MAX_STREAM_WINDOW_BYTES, STREAM_CLOSE_MS, STREAM_IDLE_MS } from './limits.ts'
import type { OverlayStream, PeerId, StreamHandlers } from './overlay.ts'

type End = { readonly kind: 'open' } | { readonly kind: 'over'; readonly error: Error | undefined }
interface Waiter {
  resolve(): void
  reject(error: Error): void
}

export function adaptStream(stream: Stream, peer: PeerId, clock: Clock): OverlayStream {
  let handlers: StreamHandlers | undefined
  let end: End = { kind: 'open' }
  let told = false
  let paused = true
  let resuming = false
  let finSeen = false
  let held: Uint8Array[] = []
  let lingering: Disposable | undefined
  const waiters = new Set<Waiter>()

  stream.inactivityTimeout = STREAM_IDLE_MS
  stream.maxReadBufferLength = MAX_STREAM_WINDOW_BYTES

  const isReadable = (): boolean => stream.readStatus === 'readable' || stream.readStatus === 'paused'

  const tellEnd = (): void => {
    if (told || handlers === undefined || end.kind === 'open') return
    if (held.length > 0 && end.error === undefined) return // what came before an orderly end is read first
    told = true
    held = []
    handlers.end(end.error)
  }
  const finish = (error: Error | undefined): void => {
    if (end.kind === 'over') return
    end = { kind: 'over', error }
    for (const waiter of waiters) waiter.reject(error ?? new Error('the stream has ended'))
    waiters.clear()
    if (error === undefined) leave().catch(() => {}) // the other side is done, so are we
    tellEnd()
  }

  const onMessage = ({ data }: StreamMessageEvent): void => {
    if (data instanceof Uint8Array) deliver(data)
    else for (const piece of data) deliver(piece)
  }
  const deliver = (piece: Uint8Array): void => {
    if (paused || handlers === undefined) held.push(piece)
    else handlers.bytes(piece)
  }
  const onDrain = (): void => {
    // libp2p clears its flag, then sends what is queued in a microtask, which may set the flag again.
    queueMicrotask(() => {
      queueMicrotask(() => {
        if (stream.writableNeedsDrain) return
        for (const waiter of waiters) waiter.resolve()
        waiters.clear()
      })
    })
  }
  const onFin = (): void => {
    if (stream.writeStatus !== 'writable') return noteFin()
    // An aborted WebRTC channel says "closed for writing" and "closed" in one go; an orderly end leaves us time to answer.
    queueMicrotask(() => {
      if (end.kind === 'open') noteFin()
    })
  }
  const noteFin = (): void => {
    finSeen = true
    if (stream.readBufferLength === 0) finish(undefined)
  }
  const onEnd = (): void => {
    if (finSeen) finish(undefined)
  }
  const onClose = (event: StreamCloseEvent): void => {
    lingering?.[Symbol.dispose]()
    if (event.error !== undefined) finish(event.error)
    else if (!finSeen) finish(new Error('the connection was lost'))
    else if (stream.readBufferLength === 0) finish(undefined)
    // else the rest is still to be read; `end` follows
  }
  stream.addEventListener('drain', onDrain)
  stream.addEventListener('remoteCloseWrite', onFin)
  stream.addEventListener('end', onEnd)
  stream.addEventListener('close', onClose)
  if (isReadable()) stream.pause()
  stream.addEventListener('message', onMessage)
  if (stream.remoteWriteStatus === 'closed') noteFin()
  else if (stream.status !== 'open') finish(new Error('the stream is closed'))

  const resume = (): void => {
    if (!paused || handlers === undefined) return
    paused = false
    const backlog = held
    held = []
    for (const [index, piece] of backlog.entries()) {
      handlers.bytes(piece)
      if (paused) {
        held = [...backlog.slice(index + 1), ...held]
        return
      }
    }
    if (isReadable()) {
      // `resume` hands out what libp2p holds; the reader may pause in the middle of it.
      resuming = true
      stream.resume()
      resuming = false
      if (paused && isReadable()) stream.pause()
    }
    tellEnd()
  }

  const leave = async (): Promise<void> => {
    if (stream.writeStatus !== 'writable') return
    const deadline = new AbortController()
    using _giveUp = clock.after(STREAM_CLOSE_MS, () => deadline.abort(new Error('the stream did not drain in time')))
    try {
      await stream.close({ signal: deadline.signal })
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error('the stream could not be closed'))
    }
  }

  return {
    peer,
    read(given) {
      handlers = given
      resume()
      tellEnd()
    },
    pause() {
      if (paused) return
      paused = true
      if (!resuming && isReadable()) stream.pause()
    },
    resume,
    send(bytes) {
      if (stream.writeStatus !== 'writable') return false
      try {
        return stream.send(bytes)
      } catch {
        return false // the stream has ended; `drained` and the end handler say so
      }
    },
    drained(signal) {
      if (end.kind === 'over' || stream.writeStatus !== 'writable') {
        return Promise.reject((end.kind === 'over' ? end.error : undefined) ?? new Error('the stream has ended'))
      }
      if (signal.aborted) return Promise.reject(signal.reason as Error)
      if (!stream.writableNeedsDrain) return Promise.resolve()
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          waiters.delete(waiter)
          reject(signal.reason as Error)
        }
        const settled = (): void => signal.removeEventListener('abort', onAbort)
        const waiter: Waiter = {
          resolve() {
            settled()
            resolve()
          },
          reject(error) {
            settled()
            reject(error)
          },
        }
        waiters.add(waiter)
        signal.addEventListener('abort', onAbort, { once: true })
      })
    },
    get queued() {
      return stream.writeBufferLength
    },
    async close() {
      await leave()
      if (end.kind === 'over') return
      lingering ??= clock.after(STREAM_CLOSE_MS, () => {
        if (stream.status === 'open' || stream.status === 'closing') stream.abort(new Error('the other side did not close the stream'))
      })
    },
    abort(reason) {
      stream.abort(new Error(reason))
    },
  }
}
