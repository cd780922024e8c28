/** The libp2p host: transports, limits and services, from our options. Nothing here speaks to the internet by itself. */
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify, identifyPush } from '@libp2p/identify'
import type { ConnectionGater, PeerDiscovery, PrivateKey } from '@libp2p/interface'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import type { MulticastDNSComponents } from '@libp2p/mdns'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import type { Clock } from '../clock.ts'
import { isRelayError, messageOf, RelayError } from '../errors.ts'
import type { Log } from '../log.ts'
import * as limits from './limits.ts'
import { nativeNoise } from './noise-crypto.ts'
import { gatheringTcp } from './tcp.ts'
import type { WebRtc } from './webrtc.ts'

/** Our own DHT: no node of another program stores our keys, and none of theirs reaches us. */
export const DHT_PROTOCOL = '/tributary/kad/1.0.0'
const PROTOCOL_PREFIX = 'tributary'
const DHT_NEIGHBOURS = 20 // Kademlia's k
const DHT_PARALLEL = 3 // Kademlia's alpha
/** Two slots and what clocks differ by. */
const PROVIDER_VALIDITY_MS = 2 * limits.SLOT_MS + 5 * 60_000

/** What libp2p hands a service. */
type Components = Parameters<NonNullable<Libp2pOptions['services']>[string]>[0]

export interface HostOptions {
  readonly key: PrivateKey
  readonly listen: readonly string[]
  readonly dhtServer: boolean
  readonly relay: boolean
  readonly gater: ConnectionGater
  readonly webrtc: WebRtc | undefined
  /** Where circuit relays are found; undefined: we need none. */
  readonly relays: ((components: Components) => object) | undefined
  readonly lan: ((components: MulticastDNSComponents) => PeerDiscovery) | undefined
}

const isWebRtc = (address: string): boolean => address.includes('/webrtc')

/** PURE. What to listen on: WebRTC needs its module; behind a circuit relay it listens as soon as there is one. */
export function planListen(listen: readonly string[], webrtc: boolean, relay: boolean): readonly string[] {
  const own = webrtc ? listen : listen.filter((address) => !isWebRtc(address))
  return webrtc && !relay && own.length > 0 ? [...own, '/webrtc'] : own
}

const create = (options: HostOptions, listen: readonly string[]) =>
  createLibp2p({
    start: false,
    privateKey: options.key,
    nodeInfo: { name: 'tributary', userAgent: 'tributary' },
    addresses: { listen: [...listen] },
    transports: [
      gatheringTcp({ maxConnections: limits.MAX_CONNECTIONS + limits.MAX_PENDING_INBOUND }),
      webSockets(),
      circuitRelayTransport(),
      ...(options.webrtc === undefined ? [] : [options.webrtc.direct, options.webrtc.relayed]),
    ],
    connectionEncrypters: [noise({ crypto: nativeNoise })],
    streamMuxers: [
      yamux({
        streamOptions: {
          initialStreamWindowSize: limits.STREAM_WINDOW_BYTES,
          maxStreamWindowSize: limits.MAX_STREAM_WINDOW_BYTES,
          maxReadBufferLength: limits.MAX_STREAM_WINDOW_BYTES,
          maxWriteBufferLength: limits.MAX_STREAM_QUEUE_BYTES,
          inactivityTimeout: limits.STREAM_IDLE_MS,
        },
      }),
    ],
    connectionGater: options.gater,
    connectionManager: {
      maxConnections: limits.MAX_CONNECTIONS,
      inboundConnectionThreshold: limits.INBOUND_PER_SECOND,
      maxIncomingPendingConnections: limits.MAX_PENDING_INBOUND,
      maxParallelDials: limits.MAX_PARALLEL_DIALS,
      dialTimeout: limits.DIAL_TIMEOUT_MS,
      addressDialTimeout: limits.ADDRESS_DIAL_TIMEOUT_MS,
      maxPeerAddrsToDial: limits.MAX_ADDRESSES_PER_DIAL,
    },
    connectionMonitor: {
      protocolPrefix: PROTOCOL_PREFIX,
      pingInterval: limits.PING_INTERVAL_MS,
      pingTimeout: { minTimeout: limits.PING_TIMEOUT_MS },
    },
    ...(options.lan === undefined ? {} : { peerDiscovery: [options.lan] }),
    services: {
      identify: identify({ protocolPrefix: PROTOCOL_PREFIX }),
      identifyPush: identifyPush({ protocolPrefix: PROTOCOL_PREFIX }),
      ping: ping({ protocolPrefix: PROTOCOL_PREFIX }),
      dht: kadDHT({
        protocol: DHT_PROTOCOL,
        clientMode: !options.dhtServer,
        peerInfoMapper: passthroughMapper, // the default drops private addresses: a DHT in the house would stay empty
        kBucketSize: DHT_NEIGHBOURS,
        alpha: DHT_PARALLEL,
        disjointPaths: DHT_PARALLEL,
        allowQueryWithZeroPeers: true, // a search without neighbours ends at once
        validators: {}, // presence is all that we keep there: no records
        selectors: {},
        reprovide: { validity: PROVIDER_VALIDITY_MS, threshold: 0, interval: limits.SLOT_MS }, // sweeps old slots; ours we provide ourselves
      }),
      ...(options.relays === undefined ? {} : { relays: options.relays }),
      ...(options.relay
        ? {
            relay: circuitRelayServer({
              reservations: {
                maxReservations: limits.MAX_RELAY_RESERVATIONS,
                defaultDataLimit: BigInt(limits.RELAY_DATA_BYTES),
                defaultDurationLimit: limits.RELAY_DURATION_MS,
              },
            }),
          }
        : {}),
    },
  })

export type Host = Awaited<ReturnType<typeof create>>

/** PURE. Why a host did not start, in our words. */
export function startFailure(error: unknown, listen: readonly string[]): RelayError {
  if (isRelayError(error)) return error
  const message = messageOf(error)
  const busy = listen.find(
    (address) => message.includes(`${address}:`) && message.split(`${address}:`)[1]?.split('\n  /')[0]?.includes('EADDRINUSE'),
  )
  if (busy !== undefined || message.includes('EADDRINUSE')) {
    const where = busy ?? listen.join(', ')
    return new RelayError(
      'port-in-use',
      `${where} is in use by another program; stop it, or choose another port with --listen (port 0 takes any free one)`,
      {
        cause: error,
      },
    )
  }
  return new RelayError('overlay-failed', `the overlay cannot listen on ${listen.join(', ')}: ${message.split('\n    at ')[0]}`, {
    cause: error,
  })
}

/** A started host. Throws `port-in-use` or `overlay-failed`, and leaves nothing running then. */
export async function startHost(options: HostOptions): Promise<Host> {
  const listen = planListen(options.listen, options.webrtc !== undefined, options.relay)
  try {
    const host = await create(options, listen)
    await host.start() // stops what it had started when it fails
    return host
  } catch (error) {
    throw startFailure(error, options.listen)
  }
}

/**
 * Stops a host within STOP_TIMEOUT_MS. Connections are closed first: what was queued leaves, and WebRTC's native module crashes the
 * process when its listener goes before the connections (node-datachannel 0.33).
 */
export async function stopHost(host: Host, clock: Clock, log: Log): Promise<void> {
  const closing = new AbortController()
  const stop = async (): Promise<void> => {
    using _cut = clock.after(limits.CLOSE_TIMEOUT_MS, () => closing.abort(new Error('the relay is stopping')))
    await Promise.allSettled(
      host.getConnections().map(async (connection) => {
        try {
          await connection.close({ signal: closing.signal })
        } catch {
          connection.abort(new Error('the relay is stopping'))
        }
      }),
    )
    await host.stop()
  }
  const enough = new AbortController()
  const late = clock.sleep(limits.STOP_TIMEOUT_MS, enough.signal).catch(() => {}) // cut short when all is well
  const stopped = stop().catch((error: unknown) => log.debug('the host did not stop in order', { error: messageOf(error) }))
  await Promise.race([stopped, late])
  enough.abort()
}
