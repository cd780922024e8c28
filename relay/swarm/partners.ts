/**
 * The sessions of a swarm: dialled and let in, one for each peer, ended and remembered. Owns the map of partners. How two streams between
 * the same two peers become one, who is refused, and what a goodbye means for the next try stands here.
 */
import type { ChunkRing } from '../chunk/ring.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Overlay, PeerId } from '../overlay/overlay.ts'
import { MAX_UINT32, SWARM_PROTOCOL } from '../wire/limits.ts'
import type { Handshake, Role, Violation } from '../wire/wire.ts'
import type { Candidates } from './candidates.ts'
import { greet, type Greeting } from './greet.ts'
import {
  MARK_MS,
  MAX_PARTNERS,
  PARTNER_WEIGHT,
  PRUNE_INTERVAL_MS,
  RETRY_FULL_MS,
  RETRY_MAX_MS,
  SOURCE_MAX_PARTNERS,
  SOURCE_TARGET_PARTNERS,
  SOURCE_WEIGHT,
  TARGET_PARTNERS,
} from './limits.ts'
import type { Link } from './link.ts'
import type { Marks } from './marks.ts'
import { Partner, type PartnerEnd, type PartnerHost } from './partner.ts'
import { PeerExchange } from './peer-exchange.ts'
import type { UploadBudget } from './upload-budget.ts'

export interface PartnersDeps {
  readonly overlay: Overlay
  readonly clock: Clock
  readonly log: Log
  readonly budget: UploadBudget
  readonly marks: Marks
  readonly ring: ChunkRing
}

export interface PartnersOptions {
  readonly channelKey: Uint8Array
  readonly role: Role
  readonly targetPartners?: number
  readonly maxPartners?: number
}

export interface PartnersHost extends Omit<PartnerHost, 'gone' | 'pex'> {
  greeted(partner: Partner, handshake: Handshake): void
  left(partner: Partner): void
  violated(peer: PeerId, violation: Violation): void
  candidates(): Candidates
  newestHeader(): Uint8Array | undefined
}

/** A session older than this whose peer comes again is dead on the other side. */
const SETTLED_MS = 5000
/** More partners when some sub-streams find no parent. */
const EXTRA_PARTNERS = 4
const KBIT = 1000

export class Partners {
  readonly all = new Map<PeerId, Partner>()
  readonly #deps: PartnersDeps
  readonly #options: PartnersOptions
  readonly #host: PartnersHost
  readonly #signal: AbortSignal
  readonly #protections = new Map<Partner, Disposable>()
  readonly #exchange: PeerExchange
  readonly #max: number
  readonly #target: number
  #pruneAt = 0

  constructor(deps: PartnersDeps, options: PartnersOptions, host: PartnersHost, signal: AbortSignal) {
    this.#deps = deps
    this.#options = options
    this.#host = host
    this.#signal = signal
    this.#exchange = new PeerExchange({ ...deps, partners: this.all, found: (peer) => host.candidates().add(peer) })
    const isSource = options.role === 'source'
    this.#max = options.maxPartners ?? (isSource ? SOURCE_MAX_PARTNERS : MAX_PARTNERS)
    this.#target = Math.min(this.#max, options.targetPartners ?? (isSource ? SOURCE_TARGET_PARTNERS : TARGET_PARTNERS))
  }

  missing(isStarving: boolean): number {
    return Math.min(this.#max, this.#target + (isStarving ? EXTRA_PARTNERS : 0)) - this.all.size
  }

  get isFull(): boolean {
    return this.all.size >= this.#max
  }

  #handshake(): Handshake {
    const { ring, budget } = this.#deps
    const { channelKey, role } = this.#options
    return {
      kind: 'handshake',
      role,
      channelKey,
      window: ring.size,
      uploadKbps: budget.cap === undefined ? MAX_UINT32 : Math.floor(budget.cap / KBIT),
      features: 0,
      header: this.#host.newestHeader(),
    }
  }

  /** Resolves when the peer has become a partner; rejects when it has not. */
  async dial(peer: PeerId, signal: AbortSignal): Promise<void> {
    const { overlay, clock, budget } = this.#deps
    const stream = await overlay.open(peer, SWARM_PROTOCOL, signal)
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => greeter.cancel('the dial was given up')
      const onGreeting = (greeting: Greeting): void => {
        signal.removeEventListener('abort', onAbort)
        if (greeting.kind === 'failed') {
          if (greeting.violation !== undefined) this.#punish(peer, greeting.violation)
          return reject(new Error(greeting.reason))
        }
        this.admit(greeting.link, greeting.handshake, 'outbound')
        return resolve()
      }
      const greeter = greet({ stream, clock, budget }, onGreeting, (peers) => this.#exchange.learn(peers))
      greeter.start()
      greeter.link.send(this.#handshake())
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  #punish(peer: PeerId, violation: Violation): void {
    const { marks, log } = this.#deps
    marks.mark(peer)
    log.warn('a peer broke the rules and is left alone for an hour', { peer, violation })
    this.#host.candidates().postpone(peer, MARK_MS)
    this.#host.violated(peer, violation)
  }

  admit(link: Link, handshake: Handshake, direction: 'inbound' | 'outbound'): void {
    const { overlay, marks } = this.#deps
    const { peer } = link
    if (Buffer.compare(handshake.channelKey, this.#options.channelKey) !== 0) {
      link.abort('the handshake names another channel')
      return this.#punish(peer, 'wrong-channel')
    }
    if (marks.has(peer)) return this.#refuse(link, 'violation')
    if (this.#signal.aborted || peer === overlay.self) return this.#refuse(link, 'leaving')
    const before = this.all.get(peer)
    if (before !== undefined) {
      // both dialled at once: the stream that the lower peer id opened stays; a peer that comes anew has lost the one before
      const isAnew = this.#deps.clock.monotonic() - before.since > SETTLED_MS
      const keepsNew = before.direction === direction || isAnew || (direction === 'inbound') === peer < overlay.self
      if (!keepsNew) return this.#refuse(link, 'duplicate')
      before.goodbye('duplicate').catch(() => {}) // it may be dead
    } else if (this.isFull) {
      if (direction === 'inbound') return this.#refuseWithAlternatives(link)
      this.#host.candidates().postpone(peer, RETRY_FULL_MS)
      return this.#refuse(link, 'full') // others came while we dialled
    }
    if (direction === 'inbound') link.send(this.#handshake())
    this.#begin(link, handshake, direction)
    return undefined
  }

  #begin(link: Link, handshake: Handshake, direction: 'inbound' | 'outbound'): void {
    const { peer } = link
    const partner = new Partner(
      {
        ...this.#deps,
        host: {
          ...this.#host,
          gone: (gone, end) => this.#gone(gone, end),
          pex: (_, peers) => this.#exchange.learn(peers),
        },
      },
      link,
      handshake,
      direction,
    )
    this.all.set(peer, partner)
    this.#protections.set(partner, this.#deps.overlay.protect(peer, handshake.role === 'source' ? SOURCE_WEIGHT : PARTNER_WEIGHT))
    this.#host.candidates().partnered(peer)
    if (this.#deps.budget.cap === 0) partner.setChoked(true)
    partner.tick(this.#deps.clock.monotonic())
    this.#host.greeted(partner, handshake)
    this.#exchange.offer(link)
  }

  #gone(partner: Partner, end: PartnerEnd): void {
    const { peer } = partner
    this.#deps.log.debug('a partner has gone', { peer, ...end })
    this.#protections.get(partner)?.[Symbol.dispose]()
    this.#protections.delete(partner)
    if (this.all.get(peer) === partner) this.all.delete(peer)
    const candidates = this.#host.candidates()
    switch (end.kind) {
      case 'violation':
        this.#punish(peer, end.violation)
        break
      case 'goodbye':
        if (end.reason === 'duplicate') break
        candidates.postpone(peer, end.reason === 'full' ? RETRY_FULL_MS : RETRY_MAX_MS)
        break
      case 'lost':
        candidates.failed(peer)
        break
      case 'closed-here':
        candidates.postpone(peer, RETRY_MAX_MS)
        break
    }
    this.#host.left(partner)
  }

  #refuse(link: Link, reason: 'violation' | 'leaving' | 'duplicate' | 'full'): void {
    link.handOver({ message() {}, end() {} })
    link.goodbye(reason).catch(() => {}) // refused either way
  }

  /** We are full: others of this swarm may have room. */
  #refuseWithAlternatives(link: Link): void {
    link.handOver({ message() {}, end() {} })
    this.#exchange
      .send(link)
      .then(() => link.goodbye('full'))
      .catch(() => link.abort('full'))
  }

  tick(now: number): void {
    const isChoked = this.#deps.budget.cap === 0
    for (const partner of this.all.values()) {
      partner.setChoked(isChoked)
      partner.tick(now)
    }
    this.#exchange.tick(now)
  }

  /** We were held up: nobody was silent. */
  forgive(ms: number): void {
    for (const { link } of this.all.values()) link.heardAt += ms
  }

  /**
   * Makes room for others when something is lacking for long and there is none: else peers that all lack the same would keep each other
   * for ever.
   */
  prune(now: number, isStarving: boolean, isUseful: (partner: Partner) => boolean): void {
    if (!isStarving || this.missing(true) > 0) this.#pruneAt = now + PRUNE_INTERVAL_MS
    if (now < this.#pruneAt) return
    this.#pruneAt = now + PRUNE_INTERVAL_MS
    for (const partner of this.all.values()) {
      if (isUseful(partner) || now - partner.since < PRUNE_INTERVAL_MS) continue
      partner.goodbye('idle').catch(() => {}) // it may be dead
      return
    }
  }

  async leave(): Promise<void> {
    await Promise.all([...this.all.values()].map((partner) => partner.goodbye('leaving')))
  }
}
