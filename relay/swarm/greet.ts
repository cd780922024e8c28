/** The first message on a stream, on either side: a handshake in time, or nothing. */
import type { Clock } from '../clock.ts'
import type { Handshake, PexPeer, WireViolation } from '../wire/wire.ts'
import type { OverlayStream } from '../overlay/overlay.ts'
import { HANDSHAKE_TIMEOUT_MS } from './limits.ts'
import { Link } from './link.ts'
import type { UploadBudget } from './upload-budget.ts'

export type Greeting =
  | { readonly kind: 'greeted'; readonly link: Link; readonly handshake: Handshake }
  | { readonly kind: 'failed'; readonly violation: WireViolation | 'out-of-turn' | undefined; readonly reason: string }

export interface GreetDeps {
  readonly stream: OverlayStream
  readonly clock: Clock
  readonly budget: UploadBudget
}

export interface Greeter {
  readonly link: Link
  /** Begins to read. */
  start(): void
  /** Stops waiting. */
  cancel(reason: string): void
}

/**
 * Calls `done` exactly once, within the message's own turn, so that whoever takes the link over misses nothing that follows the
 * handshake in the same piece.
 *
 * @param hearPex alternatives that come before a goodbye
 */
export function greet(
  { stream, clock, budget }: GreetDeps,
  done: (greeting: Greeting) => void,
  hearPex: (peers: readonly PexPeer[]) => void = () => {},
): Greeter {
  let isDone = false
  const finish = (greeting: Greeting): void => {
    if (isDone) return
    isDone = true
    timer[Symbol.dispose]()
    done(greeting)
  }
  const fail = (reason: string, violation?: WireViolation | 'out-of-turn'): void => finish({ kind: 'failed', violation, reason })
  const timer = clock.after(HANDSHAKE_TIMEOUT_MS, () => {
    fail('no handshake in time')
    link.abort('no handshake in time')
  })
  const link = new Link(
    { stream, clock, budget },
    {
      message(message) {
        if (message.kind === 'handshake') return finish({ kind: 'greeted', link, handshake: message })
        if (message.kind === 'goodbye') {
          fail(message.reason)
          link.close().catch(() => {}) // it has left
          return undefined
        }
        if (message.kind === 'pex') return hearPex(message.peers)
        fail('out of turn', 'out-of-turn')
        return link.abort('out of turn')
      },
      end: (end) => fail('the stream ended', end.kind === 'violation' ? end.violation : undefined),
    },
  )
  return {
    link,
    start: () => link.start(),
    cancel(reason) {
      fail(reason)
      link.abort(reason)
    },
  }
}
