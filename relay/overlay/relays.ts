/**
 * Circuit relays that others reach us through, to shake hands for a WebRTC connection. We reserve at nodes that we are connected to
 * anyway: libp2p's own search for relays (listening on a bare `/p2p-circuit`) walks the DHT without a pause while it finds none.
 */
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { PeerId } from './overlay.ts'

export interface RelaySeeker {
  /** A neighbour said which protocols it speaks. */
  met(peer: PeerId, address: string, protocols: readonly string[]): void
  lost(peer: PeerId): void
}

interface Listening {
  readonly transportManager: { listen(addresses: Multiaddr[]): Promise<void> }
}

/** What a circuit relay speaks (libp2p, circuit relay v2). */
const HOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/hop'
/** One may go away. */
const WANTED_RELAYS = 2
/** A relay that comes and goes is asked again only after this. */
const AGAIN_MS = 60_000
const MAX_REMEMBERED = 64
/** libp2p considers each relay for its own search first, and an attempt at the same time would share that one's refusal. */
const SETTLE_MS = 500

/** A service of the host, for its transport manager; `seeker` is there once the host was made. */
export function relaySeeker(clock: Clock, log: Log): { readonly service: (components: Listening) => object; readonly seeker: RelaySeeker } {
  let transports: Listening['transportManager'] | undefined
  const reserved = new Set<PeerId>()
  const asked = new Map<PeerId, number>()
  return {
    service(components) {
      transports = components.transportManager
      return {}
    },
    seeker: {
      met(peer, address, protocols) {
        if (!protocols.includes(HOP_PROTOCOL) || reserved.has(peer) || reserved.size >= WANTED_RELAYS) return
        if (clock.monotonic() - (asked.get(peer) ?? -Infinity) < AGAIN_MS) return
        const oldest = asked.keys().next().value
        if (asked.size >= MAX_REMEMBERED && oldest !== undefined) asked.delete(oldest)
        asked.set(peer, clock.monotonic())
        reserved.add(peer)
        clock.after(SETTLE_MS, () => {
          if (!reserved.has(peer)) return // it has gone again
          transports?.listen([multiaddr(`${address}/p2p/${peer}/p2p-circuit`)]).catch((error: unknown) => {
            reserved.delete(peer)
            log.debug('a circuit relay has no room for us', { peer, error: messageOf(error).split('\n    at ')[0] })
          })
        })
      },
      lost: (peer) => void reserved.delete(peer),
    },
  }
}
