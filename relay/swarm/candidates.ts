/**
 * Who could become a partner, and the dialling of them. Owns the candidates with their retry times, the search and the dials under way.
 * Every outcome leads to a next time or to a partner, so the swarm never waits for ever.
 */
import type { Clock } from '../clock.ts'
import { isAbort, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { PeerId } from '../overlay/overlay.ts'
import { shuffled, type Random } from '../random.ts'
import {
  DIAL_TIMEOUT_MS,
  MAX_CANDIDATES,
  MAX_DIALS,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
  RETRY_STRANGER_MAX_MS,
  SEARCH_INTERVAL_MS,
} from './limits.ts'

/** Where candidates come from: the network's catalogue, the DHT, the LAN. Implemented by network/. */
export interface CandidateSource {
  candidates(channelKey: Uint8Array, signal: AbortSignal): AsyncIterable<PeerId>
}

export interface CandidatesDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly channelKey: Uint8Array
  readonly source: CandidateSource
  readonly signal: AbortSignal
  isPartner(peer: PeerId): boolean
  isUnwanted(peer: PeerId): boolean
  /** Partners that are still wanted. */
  missing(): number
  /** Opens a session; rejects when that fails. */
  dial(peer: PeerId, signal: AbortSignal): Promise<void>
}

interface Candidate {
  failures: number
  notBefore: number
  wasPartner: boolean
  isDialling: boolean
  triedAt: number
}

export class Candidates {
  readonly #deps: CandidatesDeps
  readonly #known = new Map<PeerId, Candidate>()
  #dials = 0
  #isSearching = false
  #searchAt = 0

  constructor(deps: CandidatesDeps) {
    this.#deps = deps
  }

  add(peer: PeerId): void {
    if (this.#known.has(peer) || this.#deps.isUnwanted(peer)) return
    if (this.#known.size >= MAX_CANDIDATES && !this.#makeRoom()) return
    this.#known.set(peer, { failures: 0, notBefore: 0, wasPartner: false, isDialling: false, triedAt: -1 })
  }

  /** Forgets the one that failed most. */
  #makeRoom(): boolean {
    let worst: PeerId | undefined
    let most = 0
    for (const [peer, { failures, isDialling }] of this.#known) {
      if (isDialling || this.#deps.isPartner(peer) || failures <= most) continue
      most = failures
      worst = peer
    }
    return worst !== undefined && this.#known.delete(worst)
  }

  partnered(peer: PeerId): void {
    this.add(peer)
    const candidate = this.#known.get(peer)
    if (candidate !== undefined) Object.assign(candidate, { failures: 0, wasPartner: true })
  }

  /** Not before `ms` from now. */
  postpone(peer: PeerId, ms: number): void {
    const candidate = this.#known.get(peer)
    if (candidate !== undefined) candidate.notBefore = this.#deps.clock.monotonic() + ms
  }

  failed(peer: PeerId): void {
    const candidate = this.#known.get(peer)
    if (candidate === undefined) return
    const most = candidate.wasPartner ? RETRY_MAX_MS : RETRY_STRANGER_MAX_MS
    const pause = Math.min(most, RETRY_MIN_MS * 2 ** candidate.failures) * (0.75 + this.#deps.random.next() / 4)
    candidate.failures += 1
    this.postpone(peer, pause)
  }

  tick(now: number): void {
    const missing = this.#deps.missing()
    if (missing <= 0) return
    if (!this.#isSearching && now >= this.#searchAt) this.#search(now)
    this.#dialSome(now, Math.min(MAX_DIALS, missing) - this.#dials)
  }

  /** Tries one more, wanted or not. */
  probe(now: number): void {
    this.#dialSome(now, 1)
  }

  #due(now: number): [PeerId, Candidate][] {
    return [...this.#known].filter(
      ([peer, { isDialling, notBefore }]) => !isDialling && notBefore <= now && !this.#deps.isPartner(peer) && !this.#deps.isUnwanted(peer),
    )
  }

  /** True when there is somebody to try; else it goes on searching. */
  hasDue(now: number): boolean {
    if (!this.#isSearching && now >= this.#searchAt) this.#search(now)
    return this.#due(now).length > 0
  }

  #dialSome(now: number, most: number): void {
    let room = most
    if (room <= 0) return
    const due = this.#due(now)
    // by chance, so that joiners do not all knock at the same door; those that failed, or had their turn, come last
    const inOrder = shuffled(this.#deps.random, due).toSorted(([, a], [, b]) => a.failures - b.failures || a.triedAt - b.triedAt)
    for (const [peer, candidate] of inOrder) {
      if (room <= 0) return
      room -= 1
      candidate.triedAt = now
      this.#dial(peer, candidate)
    }
  }

  #search(now: number): void {
    const { source, channelKey, signal, log } = this.#deps
    this.#isSearching = true
    this.#searchAt = now + SEARCH_INTERVAL_MS
    const search = async (): Promise<void> => {
      for await (const peer of source.candidates(channelKey, signal)) {
        this.add(peer)
        this.tick(this.#deps.clock.monotonic())
      }
    }
    search()
      .catch((error: unknown) => {
        if (!isAbort(error) && !signal.aborted) log.debug('the search for partners failed', { error: messageOf(error) })
      })
      .finally(() => (this.#isSearching = false))
  }

  #dial(peer: PeerId, candidate: Candidate): void {
    const { clock, signal } = this.#deps
    const late = new AbortController()
    const timer = clock.after(DIAL_TIMEOUT_MS, () => late.abort(new Error('the dial took too long')))
    candidate.isDialling = true
    this.#dials += 1
    this.#deps
      .dial(peer, AbortSignal.any([signal, late.signal]))
      .catch((error: unknown) => {
        this.#deps.log.debug('a peer did not become a partner', { peer, error: messageOf(error) })
        this.failed(peer) // whatever it was, there is a next time
      })
      .finally(() => {
        timer[Symbol.dispose]()
        candidate.isDialling = false
        this.#dials -= 1
        if (!signal.aborted) this.tick(clock.monotonic())
      })
  }
}
