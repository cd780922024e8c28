/** One direction of a stream in memory, and the two of them as OverlayStreams. Time is the clock's, chance the network's. */
import type { Clock } from '../../relay/clock.ts'
import type { OverlayStream, PeerId, StreamHandlers } from '../../relay/overlay/overlay.ts'

/** When bytes that leave now have left, and when they arrive; both monotonic ms. `held`: not before the network changes. */
export type Passage = { readonly kind: 'passes'; readonly departs: number; readonly arrives: number } | { readonly kind: 'held' }
export type Route = (bytes: number) => Passage

/** `send` answers false from here on, as libp2p's streams do. */
const HIGH_WATER_BYTES = 256 * 1024
/** On the way or unread at the other side: a TCP window. */
const WINDOW_BYTES = 1024 * 1024

export interface StreamEnd {
  readonly stream: OverlayStream
  /** The network changed: held bytes may pass now. */
  stir(): void
  /** The connection is gone. */
  fail(error: Error): void
  readonly over: boolean
}

interface Side {
  readonly queue: Uint8Array[]
  queued: number
  closing: boolean
  finSent: boolean
  sending: boolean
  /** Sent and not yet handed to the other side's reader. */
  outstanding: number
  lastArrival: number
  readonly flying: (() => void)[]
  handlers: StreamHandlers | undefined
  paused: boolean
  readonly unread: Uint8Array[]
  finReceived: boolean
  end: { readonly error: Error | undefined } | undefined
  told: boolean
  readonly waiters: Set<{ resolve(): void; reject(error: Error): void }>
  closed: PromiseWithResolvers<void>
  route: Route
}

const newSide = (route: Route): Side => ({
  queue: [],
  queued: 0,
  closing: false,
  finSent: false,
  sending: false,
  outstanding: 0,
  lastArrival: 0,
  flying: [],
  handlers: undefined,
  paused: false,
  unread: [],
  finReceived: false,
  end: undefined,
  told: false,
  waiters: new Set(),
  closed: Promise.withResolvers(),
  route,
})

/** @param segmentBytes longer sends are cut into pieces of this size on the way */
export function streamPair(
  clock: Clock,
  segmentBytes: number,
  near: { peer: PeerId; route: Route },
  far: { peer: PeerId; route: Route },
): readonly [StreamEnd, StreamEnd] {
  const a = newSide(near.route)
  const b = newSide(far.route)
  const other = (side: Side): Side => (side === a ? b : a)

  const finish = (side: Side, error: Error | undefined): void => {
    if (side.end !== undefined) return
    side.end = { error }
    for (const waiter of side.waiters) waiter.reject(error ?? new Error('the stream has ended'))
    side.waiters.clear()
    side.closed.resolve()
    side.queue.length = 0
    side.queued = 0
    tell(side)
  }
  const tell = (side: Side): void => {
    if (side.end === undefined || side.told || side.handlers === undefined) return
    if (side.end.error === undefined && side.unread.length > 0) return
    side.told = true
    side.handlers.end(side.end.error)
  }
  /** Hands over what has arrived, while its reader wants it. */
  const flush = (side: Side): void => {
    while (side.unread.length > 0 && side.handlers !== undefined && !side.paused && !(side.end?.error instanceof Error)) {
      const piece = side.unread.shift() as Uint8Array
      other(side).outstanding -= piece.length
      side.handlers.bytes(piece)
      pump(other(side))
    }
    if (side.finReceived && side.unread.length === 0 && side.handlers !== undefined && !side.paused) {
      side.closing = true // the other side is done, so are we
      pump(side)
      finish(side, undefined)
    }
    tell(side)
  }
  const wake = (side: Side): void => {
    if (side.queued >= HIGH_WATER_BYTES / 2) return
    for (const waiter of side.waiters) waiter.resolve()
    side.waiters.clear()
  }
  const arrive = (side: Side, at: number, run: () => void): void => {
    side.lastArrival = Math.max(at, side.lastArrival) // in order, whatever the jitter
    side.flying.push(run)
    clock.after(side.lastArrival - clock.monotonic(), () => side.flying.shift()?.()) // real timers may fire out of order
  }
  const pump = (side: Side): void => {
    while (!side.sending && side.end?.error === undefined) {
      const piece = side.queue[0]
      if (piece === undefined) {
        if (!side.closing || side.finSent) return
        const passage = side.route(0)
        if (passage.kind === 'held') return
        side.finSent = true
        side.closed.resolve()
        arrive(side, passage.arrives, () => {
          other(side).finReceived = true
          flush(other(side))
        })
        return
      }
      if (side.outstanding >= WINDOW_BYTES) return
      const passage = side.route(piece.length)
      if (passage.kind === 'held') return
      side.queue.shift()
      side.outstanding += piece.length
      arrive(side, passage.arrives, () => {
        other(side).unread.push(piece)
        flush(other(side))
      })
      const departed = (): void => {
        side.queued = Math.max(0, side.queued - piece.length)
        wake(side)
      }
      if (passage.departs <= clock.monotonic()) departed()
      else {
        side.sending = true
        clock.after(passage.departs - clock.monotonic(), () => {
          side.sending = false
          departed()
          pump(side)
        })
      }
    }
  }
  const fail = (side: Side, error: Error): void => {
    side.unread.length = 0
    finish(side, error)
  }

  const endOf = (side: Side, peer: PeerId): StreamEnd => {
    const stream: OverlayStream = {
      peer,
      read(handlers) {
        side.handlers = handlers
        clock.after(0, () => flush(side))
      },
      pause() {
        side.paused = true
      },
      resume() {
        side.paused = false
        clock.after(0, () => flush(side))
      },
      send(bytes) {
        if (side.end !== undefined || side.closing) return false
        for (let at = 0; at < bytes.length; at += segmentBytes) side.queue.push(bytes.subarray(at, at + segmentBytes))
        side.queued += bytes.length
        pump(side)
        return side.queued < HIGH_WATER_BYTES
      },
      drained(signal) {
        if (signal.aborted) return Promise.reject(signal.reason as Error)
        if (side.end !== undefined) return Promise.reject(side.end.error ?? new Error('the stream has ended'))
        if (side.queued < HIGH_WATER_BYTES / 2) return Promise.resolve()
        return new Promise((resolve, reject) => {
          const leave = (): void => {
            side.waiters.delete(waiter)
            signal.removeEventListener('abort', onAbort)
          }
          const onAbort = (): void => {
            leave()
            reject(signal.reason as Error)
          }
          const waiter = {
            resolve: () => (leave(), resolve()),
            reject: (error: Error) => (leave(), reject(error)),
          }
          side.waiters.add(waiter)
          signal.addEventListener('abort', onAbort)
        })
      },
      get queued() {
        return side.queued
      },
      close() {
        side.closing = true
        pump(side)
        return side.closed.promise
      },
      abort(reason) {
        if (side.end !== undefined) return
        const passage = side.route(0)
        fail(side, new Error(reason))
        if (passage.kind === 'passes') arrive(side, passage.arrives, () => fail(other(side), new Error('the other side reset the stream')))
      },
    }
    return {
      stream,
      stir: () => pump(side),
      fail: (error) => fail(side, error),
      get over() {
        return side.end !== undefined
      },
    }
  }
  return [endOf(a, near.peer), endOf(b, far.peer)]
}
