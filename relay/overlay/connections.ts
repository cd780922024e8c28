/** The host's connections in our words: one for each peer, though libp2p may hold several. */
import type { Connection as Libp2pConnection, PeerId as Libp2pPeerId } from '@libp2p/interface'
import { transportOf } from './addresses.ts'
import type { Host } from './host.ts'
import type { Connection } from './overlay.ts'

export const connectionOf = (connection: Libp2pConnection): Connection => {
  const address = connection.remoteAddr.toString()
  return {
    peer: connection.remotePeer.toString(),
    address,
    transport: transportOf(address),
    direction: connection.direction,
    rtt: connection.rtt,
    since: connection.timeline.open,
  }
}

/** The connection that counts of those to one peer: a direct one before a relayed one, then the oldest. */
export const bestConnection = (host: Host, peer: Libp2pPeerId): Libp2pConnection | undefined =>
  host
    .getConnections(peer)
    .filter(({ status }) => status === 'open')
    .toSorted((a, b) => Number(a.limits !== undefined) - Number(b.limits !== undefined) || a.timeline.open - b.timeline.open)[0]

export const listConnections = (host: Host): readonly Connection[] =>
  host.getPeers().flatMap((peer) => {
    const connection = bestConnection(host, peer)
    return connection === undefined ? [] : [connectionOf(connection)]
  })
