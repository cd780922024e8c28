/** Tells partners of each other, and learns from them. Bounded both ways; what it hears are candidates, no more. */
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Overlay, PeerId } from '../overlay/overlay.ts'
import { MAX_PEX_ADDRESSES, MAX_PEX_PEERS } from '../wire/limits.ts'
import type { PexPeer } from '../wire/wire.ts'
import { PEX_INTERVAL_MS } from './limits.ts'
import type { Link } from './link.ts'
import type { Partner } from './partner.ts'

export interface PeerExchangeDeps {
  readonly overlay: Overlay
  readonly log: Log
  readonly partners: ReadonlyMap<PeerId, Partner>
  /** A peer whose addresses are known now. */
  found(peer: PeerId): void
}

export class PeerExchange {
  readonly #deps: PeerExchangeDeps
  #nextAt = 0

  constructor(deps: PeerExchangeDeps) {
    this.#deps = deps
  }

  /** All partners but the receiver, with what addresses we know. */
  async #peers(receiver: PeerId): Promise<readonly PexPeer[]> {
    const others = [...this.#deps.partners.keys()].filter((peer) => peer !== receiver).slice(0, MAX_PEX_PEERS)
    return Promise.all(
      others.map(async (peer) => ({ peer, addresses: (await this.#deps.overlay.knownAddresses(peer)).slice(0, MAX_PEX_ADDRESSES) })),
    )
  }

  /** Resolves when they are sent; nobody to tell of is no message. */
  async send(link: Link): Promise<void> {
    const peers = await this.#peers(link.peer)
    if (peers.length > 0) link.send({ kind: 'pex', peers })
  }

  /** As `send`, for those who do not wait for it. */
  offer(link: Link): void {
    this.send(link).catch((error: unknown) => this.#deps.log.debug('no peer exchange', { error: messageOf(error) }))
  }

  learn(peers: readonly PexPeer[]): void {
    const { overlay, log } = this.#deps
    for (const { peer, addresses } of peers) {
      if (peer === overlay.self) continue
      overlay
        .learn(peer, addresses)
        .then(() => this.#deps.found(peer))
        .catch((error: unknown) => log.debug('addresses were not learned', { error: messageOf(error) }))
    }
  }

  tick(now: number): void {
    if (now < this.#nextAt) return
    this.#nextAt = now + PEX_INTERVAL_MS
    for (const { link } of this.#deps.partners.values()) this.offer(link)
  }
}
