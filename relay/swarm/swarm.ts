/**
 * The peers that exchange the chunks of one channel. A swarm owns its partners and its one timer; what is decided stands in the plan-
 * files, what is kept in edge, timeline, delivery, parents, children and candidates. This file brings them together.
 */
import type { Chunk, ChunkHeader } from '../chunk/chunk.ts'
import type { ChunkRing } from '../chunk/ring.ts'
import type { ChunkVerifier } from '../chunk/sign.ts'
import type { Clock } from '../clock.ts'
import { Events, type EventSource } from '../events.ts'
import type { Log } from '../log.ts'
import type { Overlay, PeerId } from '../overlay/overlay.ts'
import type { Random } from '../random.ts'
import type { Handshake, Role, Violation } from '../wire/wire.ts'
import { Announcer } from './announcer.ts'
import { Candidates, type CandidateSource } from './candidates.ts'
import { createChildren } from './children.ts'
import { Delivery, type SwarmItem } from './delivery.ts'
import { Edge } from './edge.ts'
import { Intake } from './intake.ts'
import { HAVE_INTERVAL_MS, HELD_UP_MS, TICK_MS } from './limits.ts'
import type { Link } from './link.ts'
import type { Marks } from './marks.ts'
import { Parents } from './parents.ts'
import { Partners } from './partners.ts'
import { Probing } from './probing.ts'
import { Pulls } from './pulls.ts'
import { takeSnapshot, type SwarmSnapshot } from './snapshot.ts'
import { Tallies } from './tallies.ts'
import { Timeline } from './timeline.ts'
import { Tuning } from './tuning.ts'
import type { UploadBudget } from './upload-budget.ts'

export interface SwarmEvents {
  /** Once for each chunk at most. */
  readonly edge: ChunkHeader
  readonly violation: { readonly peer: PeerId; readonly violation: Violation }
  readonly offAir: void
}

export interface JoinOptions {
  /** 32 bytes. */
  readonly channelKey: Uint8Array
  /** A source publishes and pulls nothing. */
  readonly role: Role
  readonly verifier: ChunkVerifier
  /** The past window; shared with the feed, which only reads. */
  readonly ring: ChunkRing
  /** @default TARGET_PARTNERS, or SOURCE_TARGET_PARTNERS */
  readonly targetPartners?: number
  /** @default MAX_PARTNERS, or SOURCE_MAX_PARTNERS */
  readonly maxPartners?: number
}

export interface Swarm extends AsyncDisposable {
  readonly channelKey: Uint8Array
  readonly role: Role
  readonly events: EventSource<SwarmEvents>
  /**
   * Verified chunks in order from a random access point on, and gaps where chunks missed their deadline. Ends when the channel goes off
   * air, and may be asked again: then it waits until the channel is back. One consumer; throws only what the signal says.
   */
  items(signal: AbortSignal): AsyncIterable<SwarmItem>
  /** Source only: stores the chunk and pushes it. */
  publish(chunk: Chunk): void
  snapshot(): SwarmSnapshot
  /** The newest verified header that is no replay. */
  edge(): ChunkHeader | undefined
  /** Takes a session over; the registry calls it within the handshake's own turn. */
  admit(link: Link, handshake: Handshake): void
}

export interface SwarmDeps {
  readonly overlay: Overlay
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly candidates: CandidateSource
  readonly budget: UploadBudget
  readonly marks: Marks
  /** Called once when the swarm is disposed of. */
  readonly onClosed: () => void
}

/** Until it has been measured, bit/s. */
const ASSUMED_BITRATE = 4_000_000
const MIN_BITRATE = 100_000

export function createSwarm(deps: SwarmDeps, options: JoinOptions): Swarm {
  const { clock, overlay, budget } = deps
  const { channelKey, role, ring, verifier } = options
  const lifetime = new AbortController()
  const events = new Events<SwarmEvents>()
  const edge = new Edge(clock)
  const timeline = new Timeline()
  const delivery = new Delivery(ring, timeline)
  const tallies = new Tallies(clock.monotonic())

  const bitrate = (): number => {
    const measured = tallies.media.rate(clock.monotonic())
    return measured < MIN_BITRATE ? ASSUMED_BITRATE : measured
  }
  const slack = (): number => tallies.chunksIn(2 * HAVE_INTERVAL_MS, clock.monotonic())
  /** Some sub-stream has no parent. */
  const isStarving = (): boolean => role === 'peer' && delivery.from !== undefined && parents.orphans > 0
  const plan = (): void => {
    if (role === 'source' || lifetime.signal.aborted) return
    const now = clock.monotonic()
    tuning.plan(now)
    if (parents.plan(now)) announcer.soon(now) // those who look for a way to the source see ours
    pulls.plan(now)
  }
  const settle = (): void => delivery.advance(clock.monotonic(), (sequence) => pulls.isHopeless(sequence))

  const intake = new Intake({
    clock,
    ring,
    verifier,
    edge,
    timeline,
    delivery,
    tallies,
    accepted(chunk, from, wasAsked) {
      children.forward(chunk, from)
      announcer.add(chunk)
      parents.arrived(chunk.sequence, from, wasAsked)
      pulls.arrived(chunk.sequence)
      settle()
      if (wasAsked && pulls.wantsMore()) pulls.plan(clock.monotonic())
      if (timeline.ended) checkAir()
    },
    edgeMoved(header) {
      tuning.edgeMoved(clock.monotonic())
      events.emit('edge', header)
    },
  })
  const partners = new Partners(
    { ...deps, ring },
    options,
    {
      chunk: (partner, encoded) => intake.chunk(partner, encoded),
      header: (partner, encoded) => intake.header(partner, encoded),
      changed: () => {
        if (delivery.isFresh || parents.orphans > 0) plan()
      },
      subscribe: (partner, subStream, from) => children.subscribe(partner, subStream, from),
      unsubscribe: (partner, subStream) => children.unsubscribe(partner, subStream),
      release(partner, subStream) {
        parents.released(partner, subStream)
        plan()
      },
      reject(partner, sequence) {
        pulls.rejected(partner, sequence)
      },
      greeted(partner, handshake) {
        announcer.greet(partner)
        if (handshake.header !== undefined) intake.header(partner, handshake.header)
      },
      left(partner) {
        tallies.past.bytesIn += partner.link.bytesIn.total
        tallies.past.bytesOut += partner.link.bytesOut.total
        children.remove(partner)
        parents.remove(partner)
        pulls.left(partner)
        plan()
      },
      violated(peer, violation) {
        tallies.violation({ peer, violation, at: clock.now() })
        events.emit('violation', { peer, violation })
      },
      candidates: () => candidates,
      newestHeader: () => edge.header?.encoded,
    },
    lifetime.signal,
  )
  const parents = new Parents({
    clock,
    delivery,
    timeline,
    partners: partners.all,
    newestOf: (subStream) => intake.newestOf(subStream),
    slack,
  })
  const pulls = new Pulls({ delivery, parents, partners: partners.all })
  const tuning = new Tuning({ edge, timeline, delivery, partners: partners.all })
  const children = createChildren({
    role,
    clock,
    ring,
    budget,
    bitrate,
    isParent: (partner, subStream) => parents.of(subStream) === partner,
  })
  const announcer = new Announcer({
    ring,
    edge,
    partners: () => partners.all.values(),
    free: () => children.free(),
    depths: () => parents.depths(role === 'source'),
    slack,
  })
  const candidates = new Candidates({
    ...deps,
    channelKey,
    source: deps.candidates,
    signal: lifetime.signal,
    isPartner: (peer) => partners.all.has(peer),
    isUnwanted: (peer) => peer === overlay.self || deps.marks.has(peer),
    missing: () => partners.missing(isStarving()),
    dial: (peer, signal) => partners.dial(peer, signal),
  })

  const probing = new Probing({ random: deps.random, edge, partners, candidates })

  const checkAir = (): void => {
    const isEnded = timeline.ended && (role === 'source' || delivery.settled === timeline.newest)
    if (!edge.goesOffAir(isEnded)) return
    delivery.goOffAir()
    deps.log.info('the channel went off air')
    events.emit('offAir', undefined)
  }
  let tickedAt = clock.monotonic()
  const tick = (): void => {
    const now = clock.monotonic()
    const heldUp = now - tickedAt - TICK_MS
    tickedAt = now
    if (heldUp > HELD_UP_MS) {
      edge.forgive(heldUp)
      delivery.forgive(heldUp)
      partners.forgive(heldUp)
    }
    settle()
    plan()
    children.tick(now)
    partners.tick(now)
    partners.prune(now, isStarving(), (partner) => partner.pushed.size > 0 || parents.subStreamsOf(partner).length > 0)
    announcer.tick(now)
    candidates.tick(now)
    if (role === 'peer') probing.tick(now)
    checkAir()
  }
  const ticking = clock.every(TICK_MS, tick)
  candidates.tick(clock.monotonic())

  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    ticking[Symbol.dispose]()
    lifetime.abort(new Error('the swarm was left'))
    delivery.close()
    await partners.leave()
    deps.onClosed()
  }

  return {
    channelKey,
    role,
    events,
    items: (signal) => delivery.items(signal),
    publish: (chunk) => intake.publish(chunk),
    edge: () => edge.header,
    admit: (link, handshake) => partners.admit(link, handshake, 'inbound'),
    snapshot: () => takeSnapshot({ role, clock, overlay, budget, edge, delivery, tallies, parents, partners: partners.all }),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  }
}
