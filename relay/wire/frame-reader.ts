/**
 * Cuts a byte stream into frames. It owns at most one unfinished frame, whose size is judged before room is made for it. A chunk's bytes
 * are copied once, into a buffer of the frame's exact size; not at all when one piece holds the frame and little else.
 */
import { frameFault } from './decode.ts'
import { FRAME_HEADER_BYTES, LENGTH_BYTES } from './limits.ts'
import { TYPES, type WireViolation } from './wire.ts'

/** A chunk that stays in the ring for minutes may pin a buffer of at most this many times its size. */
const MAX_PINNED_RATIO = 1.25

export interface FrameReader {
  /** Takes the next piece; a violation when a frame cannot be one. After it, or after `stop()`, all else is ignored. */
  push(piece: Uint8Array): WireViolation | undefined
  /** Ignores what follows; may be called from within `onFrame`. */
  stop(): void
}

const isHarmlessToKeep = (frame: Uint8Array): boolean => frame.buffer.byteLength <= frame.length * MAX_PINNED_RATIO

/** A buffer without zeros written first, and without the pool that would pin its neighbours. */
function unfilled(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
}

const lengthAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) * 2 ** 24 + (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))

/**
 * @param onFrame a whole frame with its length and type. A chunk's frame is the receiver's to keep; any other is only valid during the
 *   call.
 */
export function createFrameReader(onFrame: (frame: Uint8Array) => void): FrameReader {
  const head = new Uint8Array(FRAME_HEADER_BYTES)
  let headFilled = 0
  let frame: Uint8Array | undefined
  let filled = 0
  let stopped = false

  const stop = (): void => {
    stopped = true
    frame = undefined
  }

  const emitView = (view: Uint8Array): void => {
    if (view[LENGTH_BYTES] !== TYPES.chunk || isHarmlessToKeep(view)) return onFrame(view)
    const own = unfilled(view.length)
    own.set(view)
    onFrame(own)
  }

  const push = (piece: Uint8Array): WireViolation | undefined => {
    let at = 0
    while (at < piece.length && !stopped) {
      if (frame === undefined) {
        const isWholeHead = headFilled === 0 && piece.length - at >= FRAME_HEADER_BYTES
        if (!isWholeHead) {
          while (headFilled < FRAME_HEADER_BYTES && at < piece.length) {
            head[headFilled] = piece[at] as number
            headFilled += 1
            at += 1
          }
          if (headFilled < FRAME_HEADER_BYTES) return undefined
        }
        const length = isWholeHead ? lengthAt(piece, at) : lengthAt(head, 0)
        const fault = frameFault((isWholeHead ? piece[at + LENGTH_BYTES] : head[LENGTH_BYTES]) as number, length)
        if (fault !== undefined) {
          stop()
          return fault
        }
        const size = LENGTH_BYTES + length
        if (isWholeHead && piece.length - at >= size) {
          at += size
          emitView(piece.subarray(at - size, at))
          continue
        }
        frame = unfilled(size)
        filled = 0
        if (!isWholeHead) {
          frame.set(head)
          filled = FRAME_HEADER_BYTES
          headFilled = 0
        }
      }
      const take = Math.min(frame.length - filled, piece.length - at)
      frame.set(piece.subarray(at, at + take), filled)
      filled += take
      at += take
      if (filled < frame.length) return undefined
      const done = frame
      frame = undefined
      onFrame(done)
    }
    return undefined
  }

  return { push, stop }
}
