/**
 * A session with one partner, from the handshake to the goodbye. Owns what the partner said of itself, what it may ask of us, and what
 * waits to be sent to it. What concerns the whole swarm goes to the host.
 */
import type { ChunkRing } from '../chunk/ring.ts'
import type { Clock } from '../clock.ts'
import type { PeerId } from '../overlay/overlay.ts'
import { NO_DEPTH, SUB_STREAMS } from '../wire/limits.ts'
import type { GoodbyeReason, Handshake, Message, PexPeer, RejectReason, Violation } from '../wire/wire.ts'
import { Holdings } from './holdings.ts'
import { FIRST_REQUESTS_OUT, MAX_REQUESTS_OUT, MIN_PEX_INTERVAL_MS, PING_INTERVAL_MS, REFUSED_MS, SILENCE_MS } from './limits.ts'
import type { Link, LinkEnd } from './link.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { RequestQuota } from './request-quota.ts'
import type { UploadBudget } from './upload-budget.ts'

export type PartnerEnd =
  | LinkEnd
  | { readonly kind: 'goodbye'; readonly reason: GoodbyeReason }
  | { readonly kind: 'violation'; readonly violation: Violation }

/** What the swarm does with what a partner says. Called in the order of the messages; never after `gone`. */
export interface PartnerHost {
  chunk(partner: Partner, encoded: Uint8Array): void
  header(partner: Partner, encoded: Uint8Array): void
  /** Its holdings, depths, free slots or choke changed. */
  changed(partner: Partner): void
  subscribe(partner: Partner, subStream: number, from: number): void
  unsubscribe(partner: Partner, subStream: number): void
  release(partner: Partner, subStream: number): void
  reject(partner: Partner, sequence: number): void
  pex(partner: Partner, peers: readonly PexPeer[]): void
  gone(partner: Partner, end: PartnerEnd): void
}

export interface PartnerDeps {
  readonly clock: Clock
  readonly ring: ChunkRing
  readonly budget: UploadBudget
  readonly host: PartnerHost
}

/** What it said of itself. */
interface Theirs {
  readonly role: Handshake['role']
  readonly uploadKbps: number
  free: number
  depths: Uint8Array
  isChoking: boolean
  hasMap: boolean
}

/** Chunks that are remembered to have passed: those of some HAVE intervals. */
const PASSED = 512
/** New measurements count so much. */
const RTT_WEIGHT = 0.3
const LAG_WEIGHT = 0.2

export class Partner {
  readonly peer: PeerId
  readonly link: Link
  readonly direction: 'inbound' | 'outbound'
  readonly since: number
  readonly theirs: Theirs
  readonly holdings = new Holdings()
  readonly outbox: Outbox
  /** Sub-streams that we push to it. */
  readonly pushed = new Set<number>()
  /** What we asked of it: sequence to monotonic ms. */
  readonly requested = new Map<number, number>()
  /** ms, smoothed. */
  rtt: number | undefined
  /** From the source's clock to the arrival of its pushes, ms, smoothed. */
  lag: number | undefined
  /** How many requests may be out. */
  requestWindow = FIRST_REQUESTS_OUT
  isChoked = false
  chunkBytes = 0
  lastChunkAt = 0
  readonly #passed = new Float64Array(PASSED).fill(-1)
  readonly #refusedUntil = new Float64Array(SUB_STREAMS)
  readonly #deps: PartnerDeps
  readonly #lifetime = new AbortController()
  readonly #quota: RequestQuota
  #pexAt = -Infinity
  #ping: { readonly nonce: number; readonly at: number } | undefined
  #pingAt = 0
  #isGone = false

  constructor(deps: PartnerDeps, link: Link, handshake: Handshake, direction: 'inbound' | 'outbound') {
    this.#deps = deps
    this.link = link
    this.peer = link.peer
    this.direction = direction
    this.since = deps.clock.monotonic()
    this.#quota = new RequestQuota(this.since)
    this.theirs = {
      role: handshake.role,
      uploadKbps: handshake.uploadKbps,
      free: 0,
      depths: new Uint8Array(SUB_STREAMS).fill(NO_DEPTH),
      isChoking: false,
      hasMap: false,
    }
    this.outbox = createOutbox({
      clock: deps.clock,
      link,
      ring: deps.ring,
      budget: deps.budget,
      signal: this.#lifetime.signal,
      isHeld: (sequence) => this.holdings.has(sequence),
      reject: (sequence, reason) => this.#reject(sequence, reason),
      sent: (chunk) => {
        this.lastChunkAt = deps.clock.monotonic()
        this.holdings.add(chunk.sequence, chunk.randomAccess)
        this.exchanged(chunk.sequence)
      },
    })
    link.handOver({ message: (message) => this.#onMessage(message), end: (end) => this.#leave(end) })
  }

  isRefusing(subStream: number): boolean {
    return (this.#refusedUntil[subStream] as number) > this.#deps.clock.monotonic()
  }

  setChoked(isChoked: boolean): void {
    if (isChoked === this.isChoked) return
    this.isChoked = isChoked
    this.link.send({ kind: isChoked ? 'choke' : 'unchoke' })
    if (isChoked) this.outbox.rejectAll('choked')
  }

  /** A chunk went over this link, either way: both sides know that both have it. */
  exchanged(sequence: number): void {
    this.#passed[sequence % PASSED] = sequence
  }

  hasExchanged(sequence: number): boolean {
    return this.#passed[sequence % PASSED] === sequence
  }

  /** True: the chunk that came was asked for. */
  answered(sequence: number): boolean {
    if (!this.requested.delete(sequence)) return false
    this.requestWindow = Math.min(MAX_REQUESTS_OUT, this.requestWindow + 1)
    return true
  }

  /** Of a chunk that it pushed. */
  measureLag(lag: number): void {
    this.lag = this.lag === undefined ? lag : this.lag + (lag - this.lag) * LAG_WEIGHT
  }

  /** Pings, and ends a session that has gone silent. */
  tick(now: number): void {
    if (now - this.link.heardAt > SILENCE_MS) {
      this.link.abort('silent for too long')
      return
    }
    if (now < this.#pingAt) return
    this.#pingAt = now + PING_INTERVAL_MS
    const nonce = Math.floor(now) >>> 0
    this.#ping = { nonce, at: now }
    this.link.send({ kind: 'ping', nonce })
  }

  /** Ends it at once for what it did. */
  violate(violation: Violation): void {
    this.#leave({ kind: 'violation', violation })
    this.link.abort(`violation: ${violation}`)
  }

  async goodbye(reason: GoodbyeReason): Promise<void> {
    this.#leave({ kind: 'closed-here' })
    await this.link.goodbye(reason)
  }

  #leave(end: PartnerEnd): void {
    if (this.#isGone) return
    this.#isGone = true
    this.outbox.stop()
    this.#lifetime.abort(new Error('the session is over'))
    this.#deps.host.gone(this, end)
  }

  #onMessage(message: Message): void {
    if (this.#isGone) return
    const { host } = this.#deps
    switch (message.kind) {
      case 'chunk':
        this.lastChunkAt = this.link.heardAt
        this.chunkBytes += message.encoded.length
        return host.chunk(this, message.encoded)
      case 'have':
        this.holdings.addBits(message.bits)
        return host.changed(this)
      case 'buffer-map':
        this.holdings.replaceBits(message.bits, message.oldest)
        this.theirs.free = message.free
        this.theirs.depths = message.depths
        this.theirs.hasMap = true
        return host.changed(this)
      case 'header':
        return host.header(this, message.encoded)
      case 'subscribe':
        return host.subscribe(this, message.subStream, message.from)
      case 'unsubscribe':
        return host.unsubscribe(this, message.subStream)
      case 'release':
        this.#refusedUntil[message.subStream] = this.#deps.clock.monotonic() + REFUSED_MS
        return host.release(this, message.subStream)
      case 'request':
        return this.#onRequest(message.sequence, message.deadline)
      case 'cancel':
        return this.outbox.cancel(message.sequence)
      case 'reject':
        this.requested.delete(message.sequence)
        this.requestWindow = Math.max(1, this.requestWindow / 2)
        if (message.reason === 'absent') this.holdings.remove(message.sequence)
        return host.reject(this, message.sequence)
      case 'choke':
      case 'unchoke':
        this.theirs.isChoking = message.kind === 'choke'
        return host.changed(this)
      case 'pex':
        return this.#onPex(message.peers)
      case 'ping':
        return this.link.send({ kind: 'pong', nonce: message.nonce })
      case 'pong':
        return this.#onPong(message.nonce)
      case 'goodbye':
        this.#leave({ kind: 'goodbye', reason: message.reason })
        this.link.close().catch(() => {}) // it is leaving; so is the stream
        return undefined
      case 'handshake':
        return this.violate('out-of-turn')
    }
  }

  #onPong(nonce: number): void {
    if (this.#ping?.nonce !== nonce) return
    const rtt = this.#deps.clock.monotonic() - this.#ping.at
    this.rtt = this.rtt === undefined ? rtt : this.rtt + (rtt - this.rtt) * RTT_WEIGHT
    this.#ping = undefined
  }

  #onPex(peers: readonly PexPeer[]): void {
    const now = this.#deps.clock.monotonic()
    if (now - this.#pexAt < MIN_PEX_INTERVAL_MS) return
    this.#pexAt = now
    this.#deps.host.pex(this, peers)
  }

  #onRequest(sequence: number, deadline: number): void {
    const answer = this.#quota.take(this.#deps.clock.monotonic())
    if (answer === 'flood') this.violate('request-flood')
    else if (answer === 'over') this.#reject(sequence, 'quota')
    else if (this.isChoked) this.#reject(sequence, 'choked')
    else if (!this.#deps.ring.has(sequence)) this.#reject(sequence, 'absent')
    else if (!this.outbox.request(sequence, deadline)) this.#reject(sequence, 'quota')
  }

  #reject(sequence: number, reason: RejectReason): void {
    this.link.send({ kind: 'reject', sequence, reason })
  }
}
