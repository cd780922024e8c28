/**
 * What waits to be sent to one partner: sequence numbers, never bytes. The chunks stay in the ring, so a slow partner costs a few numbers
 * and one stream's queue. Owns the order: urgent requests, pushes, other requests.
 */
import type { Chunk } from '../chunk/chunk.ts'
import type { Clock } from '../clock.ts'
import type { ChunkRing } from '../chunk/ring.ts'
import type { RejectReason } from '../wire/wire.ts'
import { MAX_PUSHES_QUEUED, MAX_REQUESTS_QUEUED, PUSH_STALE_MS, URGENT_MS } from './limits.ts'
import type { Link } from './link.ts'
import type { UploadBudget } from './upload-budget.ts'

export interface OutboxDeps {
  readonly clock: Clock
  readonly link: Link
  readonly ring: ChunkRing
  readonly budget: UploadBudget
  /** Ends with the session. */
  readonly signal: AbortSignal
  /** The partner need not be sent this one any more. */
  isHeld(sequence: number): boolean
  reject(sequence: number, reason: RejectReason): void
  sent(chunk: Chunk): void
}

/** Longer than the deepest send queue takes; a partner that lost it since may ask again. */
const ON_ITS_WAY_MS = 5000
const MAX_SENT = 256

interface Push {
  readonly sequence: number
  readonly at: number
}

export interface Outbox {
  push(sequence: number): void
  /** @param deadline ms from now. False: too many wait already. What was sent a moment ago is on its way, and not sent twice. */
  request(sequence: number, deadline: number): boolean
  cancel(sequence: number): void
  /** Forgets the pushes of a sub-stream. */
  drop(isOf: (sequence: number) => boolean): void
  /** Rejects all requests that wait. */
  rejectAll(reason: RejectReason): void
  /** True when pushes wait for too long: the partner, or our upload, cannot keep up. */
  isBehind(): boolean
  readonly waiting: number
  stop(): void
}

export function createOutbox(deps: OutboxDeps): Outbox {
  const { clock, link, ring, budget } = deps
  const pushes: Push[] = []
  const requests = new Map<number, number>() // sequence to monotonic deadline, in the order of the deadlines' arrival
  const sentAt = new Map<number, number>() // what may still be on its way
  let isBlocked = false
  let isStopped = false

  const earliest = (): { sequence: number; deadline: number } | undefined => {
    let found: { sequence: number; deadline: number } | undefined
    for (const [sequence, deadline] of requests) if (found === undefined || deadline < found.deadline) found = { sequence, deadline }
    return found
  }
  const next = (): { sequence: number; isPush: boolean } | undefined => {
    const request = requests.size > 0 ? earliest() : undefined
    const push = pushes[0]
    if (request !== undefined && (push === undefined || request.deadline - clock.monotonic() < URGENT_MS))
      return { sequence: request.sequence, isPush: false }
    return push === undefined ? undefined : { sequence: push.sequence, isPush: true }
  }
  const forget = (item: { sequence: number; isPush: boolean }): void => {
    if (item.isPush) pushes.shift()
    else requests.delete(item.sequence)
  }
  const remember = (sequence: number): void => {
    if (sentAt.size >= MAX_SENT) sentAt.delete(sentAt.keys().next().value as number)
    sentAt.delete(sequence)
    sentAt.set(sequence, clock.monotonic())
  }
  const waitForRoom = (): void => {
    isBlocked = true
    link.drained(deps.signal).then(
      () => {
        isBlocked = false
        pump()
      },
      () => {}, // the stream is over, and the session with it
    )
  }
  const pump = (): void => {
    while (!isBlocked && !isStopped) {
      const item = next()
      if (item === undefined) return
      const chunk = ring.get(item.sequence)
      if (chunk === undefined || (item.isPush && deps.isHeld(item.sequence))) {
        forget(item)
        if (chunk === undefined && !item.isPush) deps.reject(item.sequence, 'absent')
        continue
      }
      if (!budget.take(chunk.encoded.length)) return budget.wait(pump)
      forget(item)
      const hasRoom = link.sendChunk(chunk.encoded)
      remember(item.sequence)
      deps.sent(chunk)
      if (!hasRoom && !link.isOver) waitForRoom()
    }
  }

  return {
    push(sequence) {
      if (pushes.length >= MAX_PUSHES_QUEUED) pushes.shift()
      pushes.push({ sequence, at: clock.monotonic() })
      pump()
    },
    request(sequence, deadline) {
      if (clock.monotonic() - (sentAt.get(sequence) ?? -Infinity) < ON_ITS_WAY_MS) return true
      if (requests.size >= MAX_REQUESTS_QUEUED) return false
      const pushed = pushes.findIndex((push) => push.sequence === sequence)
      if (pushed >= 0) pushes.splice(pushed, 1)
      requests.set(sequence, clock.monotonic() + deadline)
      pump()
      return true
    },
    cancel(sequence) {
      requests.delete(sequence)
    },
    drop(isOf) {
      for (let index = pushes.length - 1; index >= 0; index -= 1) if (isOf((pushes[index] as Push).sequence)) pushes.splice(index, 1)
    },
    rejectAll(reason) {
      for (const sequence of requests.keys()) deps.reject(sequence, reason)
      requests.clear()
    },
    isBehind() {
      const oldest = pushes[0]
      return oldest !== undefined && clock.monotonic() - oldest.at > PUSH_STALE_MS
    },
    get waiting() {
      return pushes.length + requests.size
    },
    stop() {
      isStopped = true
      pushes.length = 0
      requests.clear()
      budget.forget(pump)
    },
  }
}
