/** Texts that others chose, as libp2p's objects; undefined where they are none. */
import type { PeerId as Libp2pPeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'

export function parsePeer(peer: string): Libp2pPeerId | undefined {
  try {
    return peerIdFromString(peer)
  } catch {
    return undefined
  }
}

export function parseAddress(address: string): Multiaddr | undefined {
  try {
    return multiaddr(address)
  } catch {
    return undefined
  }
}
