/**
 * A stream that speaks the swarm protocol. Owns the frame reader, the byte counts and the one end: whatever goes wrong, `end` is called
 * once. Nothing the other side sends throws.
 */
import type { Clock } from '../clock.ts'
import type { OverlayStream, PeerId } from '../overlay/overlay.ts'
import { decode } from '../wire/decode.ts'
import { chunkFrameHeader, encode, frameAround } from '../wire/encode.ts'
import { createFrameReader, type FrameReader } from '../wire/frame-reader.ts'
import { FRAME_HEADER_BYTES } from '../wire/limits.ts'
import type { ControlMessage, GoodbyeReason, Message, WireViolation } from '../wire/wire.ts'
import { GOODBYE_LINGER_MS } from './limits.ts'
import { RateMeter } from './rate-meter.ts'
import type { UploadBudget } from './upload-budget.ts'

export type LinkEnd =
  | { readonly kind: 'lost' }
  | { readonly kind: 'closed-here' }
  | { readonly kind: 'violation'; readonly violation: WireViolation }

export interface LinkHandlers {
  message(message: Message): void
  end(end: LinkEnd): void
}

export interface LinkDeps {
  readonly stream: OverlayStream
  readonly clock: Clock
  readonly budget: UploadBudget
}

export class Link {
  readonly peer: PeerId
  readonly bytesIn: RateMeter
  readonly bytesOut: RateMeter
  /** Monotonic ms of the last byte that came. */
  heardAt: number
  readonly #stream: OverlayStream
  readonly #clock: Clock
  readonly #budget: UploadBudget
  readonly #reader: FrameReader
  #handlers: LinkHandlers
  #isOver = false

  constructor({ stream, clock, budget }: LinkDeps, handlers: LinkHandlers) {
    this.peer = stream.peer
    this.#budget = budget
    this.#stream = stream
    this.#clock = clock
    this.#handlers = handlers
    this.heardAt = clock.monotonic()
    this.bytesIn = new RateMeter(this.heardAt)
    this.bytesOut = new RateMeter(this.heardAt)
    this.#reader = createFrameReader((frame) => this.#onFrame(frame))
  }

  /** Begins to read; what has come already may be handled before this returns. */
  start(): void {
    this.#stream.read({
      bytes: (piece) => {
        if (this.#isOver) return
        this.heardAt = this.#clock.monotonic()
        this.bytesIn.add(piece.length, this.heardAt)
        const violation = this.#reader.push(piece)
        if (violation !== undefined) this.#violate(violation)
      },
      end: () => this.#end({ kind: 'lost' }),
    })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** The session behind the handshake takes over from the one that waited for it. */
  handOver(handlers: LinkHandlers): void {
    this.#handlers = handlers
  }

  #onFrame(frame: Uint8Array): void {
    if (this.#isOver) return
    const decoded = decode(frame)
    if (decoded.ok) this.#handlers.message(decoded.message)
    else this.#violate(decoded.violation)
  }

  #violate(violation: WireViolation): void {
    this.#end({ kind: 'violation', violation })
    this.#stream.abort('protocol violation')
  }

  #end(end: LinkEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#reader.stop()
    this.#handlers.end(end)
  }

  send(message: ControlMessage): void {
    this.sendFrame(encode(message))
  }

  /** A frame made once for several partners; it must not change afterwards. */
  sendFrame(frame: Uint8Array): void {
    if (this.#isOver) return
    this.#stream.send(frame)
    this.#budget.spend(frame.length)
    this.bytesOut.add(frame.length, this.#clock.monotonic())
  }

  /** False: wait for `drained` before the next chunk. The chunk is not copied; the budget was asked before. */
  sendChunk(encoded: Uint8Array): boolean {
    if (this.#isOver) return false
    this.bytesOut.add(FRAME_HEADER_BYTES + encoded.length, this.#clock.monotonic())
    const frame = frameAround(encoded)
    if (frame !== undefined) return this.#stream.send(frame)
    this.#stream.send(chunkFrameHeader(encoded.length))
    return this.#stream.send(encoded)
  }

  drained(signal: AbortSignal): Promise<void> {
    return this.#stream.drained(signal)
  }

  get queued(): number {
    return this.#stream.queued
  }

  /** Ends in order: what is queued is sent for a moment, then the stream is cut. Resolves when it is over. */
  async goodbye(reason: GoodbyeReason): Promise<void> {
    if (this.#isOver) return
    this.send({ kind: 'goodbye', reason })
    await this.close()
  }

  async close(): Promise<void> {
    this.#end({ kind: 'closed-here' })
    using _cut = this.#clock.after(GOODBYE_LINGER_MS, () => this.#stream.abort('goodbye took too long'))
    await this.#stream.close().catch(() => {}) // it is gone already
  }

  /** Ends at once. */
  abort(reason: string): void {
    this.#end({ kind: 'closed-here' })
    this.#stream.abort(reason)
  }
}
