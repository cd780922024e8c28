/** Who may connect: nobody on the block list, and from outside the house only a few of each neighbourhood. */
import type { ConnectionGater, MultiaddrConnection, PeerId as Libp2pPeerId } from '@libp2p/interface'
import { hostOf, isDirect, prefixOf, reachOf } from './addresses.ts'
import { MAX_INBOUND_PER_PREFIX } from './limits.ts'
import type { PeerId } from './overlay.ts'

/** PURE. Is the neighbourhood of `address` full? The LAN and this machine are exempt. */
export function isCrowded(address: string, inbound: readonly string[]): boolean {
  const host = hostOf(address)
  if (host === undefined || !isDirect(address) || reachOf(host) !== 'public') return false
  const prefix = prefixOf(host)
  const neighbours = inbound.filter((other) => {
    const otherHost = hostOf(other)
    return otherHost !== undefined && isDirect(other) && prefixOf(otherHost) === prefix
  })
  return neighbours.length >= MAX_INBOUND_PER_PREFIX
}

/** @param inbound addresses of the inbound connections there are */
export function createGater(block: readonly PeerId[], inbound: () => readonly string[]): ConnectionGater {
  const blocked = new Set(block)
  const isBlocked = (peer: Libp2pPeerId): boolean => blocked.has(peer.toString())
  return {
    denyDialPeer: isBlocked,
    denyInboundConnection: (connection: MultiaddrConnection) => isCrowded(connection.remoteAddr.toString(), inbound()),
    denyOutboundConnection: isBlocked,
    denyInboundEncryptedConnection: isBlocked,
    denyOutboundEncryptedConnection: isBlocked,
    denyInboundRelayReservation: isBlocked,
    denyOutboundRelayedConnection: (source, destination) => isBlocked(source) || isBlocked(destination),
    denyInboundRelayedConnection: (_relay, remote) => isBlocked(remote),
  }
}
