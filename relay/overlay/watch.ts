/** What follows from the host's events: ours are emitted, good peers noted, round trips measured, relays asked, the DHT's mode chosen. */
import type { Connection as Libp2pConnection, IdentifyResult } from '@libp2p/interface'
import { messageOf } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Log } from '../log.ts'
import { hostOf, isDirect, ranked, reachOf, withoutPeer } from './addresses.ts'
import { bestConnection, connectionOf, listConnections } from './connections.ts'
import type { Presence } from './dht.ts'
import type { GoodPeers } from './good-peers.ts'
import type { Host } from './host.ts'
import { PING_TIMEOUT_MS } from './limits.ts'
import type { OverlayEvents } from './overlay.ts'
import type { RelaySeeker } from './relays.ts'

export interface WatchDeps {
  readonly host: Host
  readonly events: Events<OverlayEvents>
  readonly good: GoodPeers
  readonly presence: Presence
  readonly relays: RelaySeeker | undefined
  readonly dht: 'server' | 'client' | 'auto'
  /** Our own, best first. */
  readonly addresses: () => readonly string[]
  readonly log: Log
  /** Ends the watching. */
  readonly signal: AbortSignal
}

/** First round trips that are measured at the same time; the rest wait for the next periodic ping. */
const MAX_FIRST_PINGS = 8

/** PURE. Do we store records for others? Not when only we are behind a router that lets nobody in. */
export function planDhtMode(own: readonly string[], peers: readonly string[]): 'server' | 'client' {
  const isPublic = (address: string): boolean => {
    const host = hostOf(address)
    return host !== undefined && isDirect(address) && reachOf(host) === 'public'
  }
  return own.some(isPublic) || !peers.some(isPublic) ? 'server' : 'client'
}

export function watchHost(deps: WatchDeps): void {
  const { host, events, addresses, log, signal } = deps
  const { dht, ping } = host.services
  let firstPings = 0
  let announced = ''

  const unimportant = (what: string) => (error: unknown) => log.debug(what, { error: messageOf(error) })
  const measure = async (connection: Libp2pConnection): Promise<void> => {
    if (connection.limits !== undefined || firstPings >= MAX_FIRST_PINGS) return
    firstPings += 1
    try {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(PING_TIMEOUT_MS)])
      connection.rtt = await ping.ping(connection.remotePeer, { signal: deadline })
    } finally {
      firstPings -= 1
    }
  }
  const chooseDhtMode = async (): Promise<void> => {
    const peers = listConnections(host).map(({ address }) => address)
    if (deps.dht === 'auto') await dht.setMode(planDhtMode(addresses(), peers))
  }
  const onIdentify = ({ connection, listenAddrs, peerId, protocols }: IdentifyResult): void => {
    const peer = peerId.toString()
    const isOurDial = connection.direction === 'outbound' && connection.limits === undefined
    const worked = isOurDial ? [withoutPeer(connection.remoteAddr.toString())] : []
    const reported = ranked(listenAddrs.map((address) => withoutPeer(address.toString())))
    if (reported.length > 0) deps.good.met(peer, [...worked, ...reported])
    if (worked[0] !== undefined) deps.relays?.met(peer, worked[0], protocols)
    deps.presence.neighbours()
    chooseDhtMode().catch(unimportant('the DHT mode was not changed'))
  }

  const listening = { signal }
  host.addEventListener(
    'peer:connect',
    ({ detail }) => {
      const connection = bestConnection(host, detail)
      if (connection === undefined) return
      measure(connection).catch(unimportant('a round trip was not measured'))
      events.emit('connect', connectionOf(connection))
    },
    listening,
  )
  host.addEventListener(
    'peer:disconnect',
    ({ detail }) => {
      deps.relays?.lost(detail.toString())
      events.emit('disconnect', { peer: detail.toString() })
    },
    listening,
  )
  host.addEventListener('peer:identify', ({ detail }) => onIdentify(detail), listening)
  host.addEventListener(
    'self:peer:update',
    () => {
      const now = addresses()
      if (now.join(' ') === announced) return
      announced = now.join(' ')
      events.emit('addresses', now)
    },
    listening,
  )
}
