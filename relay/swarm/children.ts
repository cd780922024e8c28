/** Whom we push to. Owns the children of each sub-stream, and who was refused; decides by plan-uploads.ts. */
import type { Chunk } from '../chunk/chunk.ts'
import type { ChunkRing } from '../chunk/ring.ts'
import type { Clock } from '../clock.ts'
import { SUB_STREAMS } from '../wire/limits.ts'
import type { ReleaseReason, Role } from '../wire/wire.ts'
import { OPTIMISTIC_INTERVAL_MS, RECHOKE_INTERVAL_MS } from './limits.ts'
import type { Partner } from './partner.ts'
import { planRechoke, planSlots, planSubscribe } from './plan-uploads.ts'
import type { UploadBudget } from './upload-budget.ts'

export interface Children {
  /** Pushes a chunk that has just been verified to all children of its sub-stream, without the one who sent it. */
  forward(chunk: Chunk, from: Partner | undefined): void
  subscribe(partner: Partner, subStream: number, from: number): void
  unsubscribe(partner: Partner, subStream: number): void
  remove(partner: Partner): void
  /** Sub-streams that could still be pushed. */
  free(): number
  tick(now: number): void
}

export interface ChildrenDeps {
  readonly role: Role
  readonly clock: Clock
  readonly ring: ChunkRing
  readonly budget: UploadBudget
  /** Of the channel, bit/s. */
  bitrate(): number
  isParent(partner: Partner, subStream: number): boolean
}

/** Chunks that a new child is sent at once; what is older it asks for. */
const MAX_CATCH_UP = 32

export function createChildren(deps: ChildrenDeps): Children {
  const { role, clock, ring, budget } = deps
  const children = Array.from({ length: SUB_STREAMS }, () => new Set<Partner>())
  const refused = new Set<Partner>()
  const owner = {}
  let used = 0
  let rechokeAt = clock.monotonic() + RECHOKE_INTERVAL_MS
  let optimisticAt = clock.monotonic() + OPTIMISTIC_INTERVAL_MS
  let contributed = new Map<Partner, number>()

  const slots = (): number => planSlots({ role, available: budget.available(owner), bitrate: deps.bitrate() })
  const commit = (): void => budget.commit(owner, (used * deps.bitrate()) / SUB_STREAMS)

  const unsubscribe = (partner: Partner, subStream: number): void => {
    if (!(children[subStream] as Set<Partner>).delete(partner)) return
    partner.pushed.delete(subStream)
    partner.outbox.drop((sequence) => sequence % SUB_STREAMS === subStream)
    used -= 1
    commit()
  }
  const release = (partner: Partner, subStream: number, reason: ReleaseReason): void => {
    unsubscribe(partner, subStream)
    partner.link.send({ kind: 'release', subStream, reason })
  }
  const worth = (partner: Partner): number =>
    role === 'source' ? partner.theirs.uploadKbps : partner.chunkBytes - (contributed.get(partner) ?? 0)

  const rechoke = (now: number): void => {
    const optimistic = now >= optimisticAt
    if (optimistic) optimisticAt = now + OPTIMISTIC_INTERVAL_MS
    const all = new Map([...new Set(children.flatMap((set) => [...set]))].map((child) => [child.peer, child]))
    const releases = planRechoke({
      slots: slots(),
      children: [...all.values()].map((child) => ({ peer: child.peer, subStreams: [...child.pushed], worth: worth(child) })),
      waiting: [...refused].filter(({ pushed }) => pushed.size === 0).map((partner) => ({ peer: partner.peer, worth: worth(partner) })),
      optimistic,
    })
    for (const { peer, subStream } of releases) {
      const child = all.get(peer)
      if (child !== undefined) release(child, subStream, 'displaced')
    }
    refused.clear()
    contributed = new Map([...all.values()].map((child) => [child, child.chunkBytes]))
  }

  return {
    forward(chunk, from) {
      for (const child of children[chunk.sequence % SUB_STREAMS] as Set<Partner>) {
        if (child !== from && !child.holdings.has(chunk.sequence)) child.outbox.push(chunk.sequence)
      }
    },
    subscribe(partner, subStream, from) {
      const siblings = children[subStream] as Set<Partner>
      if (!siblings.has(partner)) {
        const isParent = deps.isParent(partner, subStream)
        const answer = planSubscribe({ role, slots: slots(), used, siblings: siblings.size, isParent })
        if (answer === 'full') {
          refused.add(partner)
          partner.link.send({ kind: 'release', subStream, reason: 'full' })
          return
        }
        siblings.add(partner)
        partner.pushed.add(subStream)
        used += 1
        commit()
      }
      let caughtUp = 0
      for (const chunk of ring.from(from)) {
        if (chunk.sequence % SUB_STREAMS !== subStream || partner.holdings.has(chunk.sequence)) continue
        partner.outbox.push(chunk.sequence)
        caughtUp += 1
        if (caughtUp >= MAX_CATCH_UP) break
      }
    },
    unsubscribe,
    remove(partner) {
      for (const subStream of Array.from(partner.pushed)) unsubscribe(partner, subStream)
      refused.delete(partner)
      contributed.delete(partner)
    },
    free: () => Math.max(0, slots() - used),
    tick(now) {
      for (const child of new Set(children.flatMap((set) => [...set]))) {
        if (!child.outbox.isBehind()) continue
        // half of what it gets: it may well keep up with the rest
        const kept = Math.floor(child.pushed.size / 2)
        for (const subStream of [...child.pushed].slice(kept)) release(child, subStream, 'slow')
      }
      if (now < rechokeAt) return
      rechokeAt = now + RECHOKE_INTERVAL_MS
      rechoke(now)
    },
  }
}
