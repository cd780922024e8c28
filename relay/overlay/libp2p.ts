/**
 * The overlay over libp2p: one host, its identity, its good peers and its presence in the DHT. Owns all of them; `host.ts` says how
 * the host is configured, `limits.ts` what it may use.
 */
import type { Stream } from '@libp2p/interface'
import { abortable } from '../abortable.ts'
import type { Clock } from '../clock.ts'
import { messageOf, RelayError } from '../errors.ts'
import { Events } from '../events.ts'
import type { Log } from '../log.ts'
import { peerOf, ranked, withPeer } from './addresses.ts'
import { listConnections } from './connections.ts'
import { startPresence } from './dht.ts'
import { startDialler } from './dialler.ts'
import { createGater } from './gater.ts'
import { openGoodPeers } from './good-peers.ts'
import { startHost, stopHost, type Host } from './host.ts'
import { loadIdentity } from './identity.ts'
import * as limits from './limits.ts'
import { lanDiscovery } from './mdns.ts'
import type { Overlay, OverlayEvents, PeerId } from './overlay.ts'
import { parseAddress, parsePeer } from './parse.ts'
import { relaySeeker } from './relays.ts'
import { adaptStream } from './stream.ts'
import { watchHost } from './watch.ts'
import { loadWebRtc } from './webrtc.ts'

export interface OverlayOptions {
  /** Multiaddrs to listen on; port 0 takes any free one. Empty: this peer only dials. */
  readonly listen: readonly string[]
  /** Multiaddrs of bootstrap nodes, dialled until they answer. */
  readonly bootstrap: readonly string[]
  /** Find and be found by relays on the LAN. */
  readonly mdns: boolean
  /** Keep records for others; `auto` does unless only others can be reached from outside. */
  readonly dht: 'server' | 'client' | 'auto'
  /** Peers never dialled nor accepted. */
  readonly block: readonly PeerId[]
  /** Undefined: forget them at the end. */
  readonly goodPeersFile: string | undefined
  /** Undefined: a key for this run only. */
  readonly identityFile: string | undefined
  /** Listen and dial by WebRTC, where its native module exists. */
  readonly webrtc: boolean
  /** Relay the signalling of others: a bootstrap node does. @default false */
  readonly relay?: boolean
}

export interface OverlayDeps {
  readonly clock: Clock
  readonly log: Log
}

/** One sentence of a failed dial; libp2p's own is often "All multiaddr dials failed". */
const reasonOf = (error: unknown): string => {
  const inner = error instanceof AggregateError ? error.errors[0] : error
  return messageOf(inner).split('\n')[0] ?? ''
}

/**
 * Starts a peer. Resolves when it listens; bootstrap nodes and good peers are dialled from then on. Throws `port-in-use`,
 * `config-invalid` (a damaged identity file), `data-unwritable` or `overlay-failed`, and leaves nothing running then.
 */
export async function startOverlay(deps: OverlayDeps, options: OverlayOptions, signal: AbortSignal): Promise<Overlay> {
  const { clock } = deps
  const log = deps.log.child('overlay')
  signal.throwIfAborted()
  await using starting = new AsyncDisposableStack()

  const lifetime = new AbortController()
  const key = await loadIdentity(options.identityFile)
  const good = starting.use(await openGoodPeers(options.goodPeersFile, { clock, log }))
  const webrtc = options.webrtc ? await loadWebRtc({ clock, log }) : undefined

  const relays = webrtc === undefined || options.relay === true ? undefined : relaySeeker(clock, log)
  let host: Host | undefined
  let onLanPeer = (_peer: PeerId, _addresses: readonly string[]): void => {}
  const inbound = (): readonly string[] =>
    (host?.getConnections() ?? []).filter(({ direction }) => direction === 'inbound').map(({ remoteAddr }) => remoteAddr.toString())
  const started = await startHost({
    key,
    listen: options.listen,
    dhtServer: options.dht !== 'client',
    relay: options.relay ?? false,
    gater: createGater(options.block, inbound),
    webrtc,
    relays: relays?.service,
    lan: options.mdns ? lanDiscovery(log, (peer, addresses) => onLanPeer(peer, addresses)) : undefined,
  })
  host = started
  starting.defer(() => stopHost(started, deps.clock, log))
  signal.throwIfAborted()

  const self = started.peerId.toString()
  const events = new Events<OverlayEvents>()
  const presence = startPresence({ dht: started.services.dht, self, clock, log, signal: lifetime.signal })

  const addresses = (): readonly string[] => ranked(started.getMultiaddrs().map((address) => withPeer(address.toString(), self)))
  const dialler = startDialler({
    clock,
    log,
    signal: lifetime.signal,
    connected: () => new Set(started.getPeers().map(String)),
    async dial({ peer, addresses: targets }, until) {
      const parsed = targets.flatMap((address) => parseAddress(peer === undefined ? address : withPeer(address, peer)) ?? [])
      const connection = await started.dial(parsed, { signal: until })
      return connection.remotePeer.toString()
    },
  })
  onLanPeer = (peer, found) => dialler.add('lan', peer, found)

  watchHost({
    host: started,
    events,
    good,
    presence,
    relays: relays?.seeker,
    dht: options.dht,
    addresses,
    log,
    signal: lifetime.signal,
  })
  starting.defer(() => lifetime.abort(new DOMException('the overlay has stopped', 'AbortError')))
  const unimportant = (what: string) => (error: unknown) => log.debug(what, { error: messageOf(error) })

  const bootstrap = new Map<string, string[]>()
  for (const address of options.bootstrap) {
    if (parseAddress(address) === undefined) log.warn('a bootstrap address is no multiaddr and is left out', { address })
    else if (peerOf(address) !== self)
      bootstrap.set(peerOf(address) ?? address, [...(bootstrap.get(peerOf(address) ?? address) ?? []), address])
  }
  for (const targets of bootstrap.values()) dialler.add('bootstrap', peerOf(targets[0] ?? ''), targets)
  for (const { peer, addresses: known } of good.list()) if (peer !== self) dialler.add('good', peer, known)

  const unreachable = (what: string, error: unknown): RelayError =>
    new RelayError('peer-unreachable', `${what}: ${reasonOf(error)}`, { cause: error })

  const learn = async (peer: PeerId, given: readonly string[]): Promise<void> => {
    const id = parsePeer(peer)
    if (id === undefined || peer === self) return
    const multiaddrs = given
      .slice(0, limits.MAX_ADDRESSES_PER_PEER)
      .filter((address) => (peerOf(address) ?? peer) === peer)
      .flatMap((address) => parseAddress(address) ?? [])
    if (multiaddrs.length > 0) await started.peerStore.merge(id, { multiaddrs }).catch(unimportant('addresses were not kept'))
  }

  let protections = 0
  const running = starting.move()
  let stopping: Promise<void> | undefined
  log.info('listening', { peer: self, addresses: addresses() })

  return {
    self,
    events,
    addresses,
    connections: () => listConnections(started),
    async connect(target, caller) {
      const isAddress = target.startsWith('/')
      const to = isAddress ? parseAddress(target) : parsePeer(target)
      if (to === undefined) {
        throw new RelayError('peer-unreachable', `${target} is no ${isAddress ? 'address; /ip4/…/tcp/…/p2p/… would be one' : 'peer id'}`)
      }
      try {
        const connection = await abortable(started.dial(to, { signal: AbortSignal.any([caller, lifetime.signal]) }), caller)
        return connection.remotePeer.toString()
      } catch (error) {
        caller.throwIfAborted()
        throw unreachable(`${target} cannot be reached`, error)
      }
    },
    async disconnect(peer) {
      const id = parsePeer(peer)
      if (id !== undefined) await started.hangUp(id).catch(unimportant('a connection was not closed in order'))
    },
    async open(peer, protocol, caller) {
      const id = parsePeer(peer)
      if (id === undefined) throw new RelayError('peer-unreachable', `${peer} is no peer id`)
      let stream: Stream
      try {
        stream = await started.dialProtocol(id, protocol, {
          signal: AbortSignal.any([caller, lifetime.signal]),
          maxOutboundStreams: limits.MAX_PROTOCOL_STREAMS,
        })
      } catch (error) {
        caller.throwIfAborted()
        throw unreachable(`no ${protocol} stream to ${peer}`, error)
      }
      if (caller.aborted) {
        stream.abort(new Error('nobody waits for this stream'))
        caller.throwIfAborted()
      }
      return adaptStream(stream, peer, clock)
    },
    async handle(protocol, onStream) {
      await started.handle(protocol, (stream, connection) => onStream(adaptStream(stream, connection.remotePeer.toString(), clock)), {
        maxInboundStreams: limits.MAX_PROTOCOL_STREAMS,
        maxOutboundStreams: limits.MAX_PROTOCOL_STREAMS,
      })
      return {
        [Symbol.asyncDispose]: () => started.unhandle(protocol).catch(unimportant('a protocol was not unregistered')),
      }
    },
    provide: (given) => presence.provide(given),
    async *find(wanted, caller) {
      for await (const { peer, addresses: found } of presence.find(wanted, caller)) {
        await learn(peer, found)
        yield peer
      }
    },
    protect(peer, weight) {
      const id = parsePeer(peer)
      if (id === undefined) return { [Symbol.dispose]: () => {} }
      protections += 1
      const tag = `tributary-${protections}`
      const value = Math.min(100, Math.max(0, Math.round(weight))) // libp2p takes 0 to 100
      let done = started.peerStore.merge(id, { tags: { [tag]: { value } } }).then(() => {}, unimportant('a connection was not protected'))
      return {
        [Symbol.dispose]() {
          done = done
            .then(() => started.peerStore.merge(id, { tags: { [tag]: undefined } }))
            .then(() => {}, unimportant('a protection was not lifted'))
        },
      }
    },
    learn,
    async knownAddresses(peer) {
      const id = parsePeer(peer)
      if (id === undefined) return []
      if (peer === self) return addresses()
      const stored = await started.peerStore.get(id).then(
        (known) => known.addresses.map((address) => address.multiaddr.toString()),
        () => [],
      )
      const live = started.getConnections(id).filter(({ direction, limits: limited }) => direction === 'outbound' && limited === undefined)
      const all = [...live.map(({ remoteAddr }) => remoteAddr.toString()), ...ranked(stored)].map((address) => withPeer(address, peer))
      return [...new Set(all)].slice(0, limits.MAX_ADDRESSES_PER_PEER)
    },
    [Symbol.asyncDispose]: () => (stopping ??= running.disposeAsync()),
  }
}
