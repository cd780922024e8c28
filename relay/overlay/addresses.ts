/** Pure questions about multiaddrs in text form. */
import { isIPv4, isIPv6 } from 'node:net'
import type { PeerId, Transport } from './overlay.ts'

/** How a connection to this address travels. */
export function transportOf(address: string): Transport {
  const parts = new Set(address.split('/'))
  if (parts.has('webrtc-direct')) return 'webrtc-direct'
  if (parts.has('webrtc')) return 'webrtc'
  if (parts.has('p2p-circuit')) return 'relayed'
  if (parts.has('ws') || parts.has('wss')) return 'websocket'
  return 'tcp'
}

/** The peer id at the end of an address; undefined when there is none. */
export function peerOf(address: string): PeerId | undefined {
  const parts = address.split('/')
  return parts.at(-2) === 'p2p' ? parts.at(-1) : undefined
}

/** False where the IP address is that of a relay on the way. */
export const isDirect = (address: string): boolean => !address.includes('/p2p-circuit')

/** The IP address of a multiaddr; undefined for names and relayed peers. */
export function hostOf(address: string): string | undefined {
  const [, kind, host] = address.split('/')
  if (host === undefined) return undefined
  if (kind === 'ip4' && isIPv4(host)) return host
  if (kind === 'ip6' && isIPv6(host)) return host
  return undefined
}

export type Reach = 'loopback' | 'lan' | 'public'

const IPV4_MAPPED = '::ffff:'

/** Where an IP address is: this machine, the house (RFC 1918, 4193, 6598, 3927, 4291), or the world. */
export function reachOf(host: string): Reach {
  if (host.toLowerCase().startsWith(IPV4_MAPPED) && isIPv4(host.slice(IPV4_MAPPED.length))) return reachOf(host.slice(IPV4_MAPPED.length))
  if (isIPv4(host)) {
    const [first = 0, second = 0] = host.split('.').map(Number)
    if (first === 127) return 'loopback'
    if (first === 10 || first === 0) return 'lan'
    if (first === 172 && second >= 16 && second <= 31) return 'lan'
    if (first === 192 && second === 168) return 'lan'
    if (first === 169 && second === 254) return 'lan'
    if (first === 100 && second >= 64 && second <= 127) return 'lan'
    return 'public'
  }
  if (host === '::1') return 'loopback'
  const head = groupsOf(host)[0] ?? 0
  return (head & 0xfe00) === 0xfc00 || (head & 0xffc0) === 0xfe80 ? 'lan' : 'public'
}

/** The eight groups of an IPv6 address. */
function groupsOf(host: string): number[] {
  const [left = '', right] = (host.split('%')[0] ?? '').split('::')
  const parse = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16) || 0))
  const head = parse(left)
  if (right === undefined) return head
  const tail = parse(right)
  return [...head, ...Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => 0), ...tail]
}

/** What one customer of a provider has: the /24 of an IPv4 address, the /56 of an IPv6 address. */
export function prefixOf(host: string): string {
  if (isIPv4(host)) return host.split('.').slice(0, 3).join('.')
  const [a = 0, b = 0, c = 0, d = 0] = groupsOf(host)
  return [a, b, c, d & 0xff00].map((group) => group.toString(16)).join(':')
}

const REACH_RANK: Readonly<Record<Reach, number>> = { public: 0, lan: 1, loopback: 2 }
const TRANSPORT_RANK: Readonly<Record<Transport, number>> = { tcp: 0, websocket: 1, 'webrtc-direct': 2, webrtc: 3, relayed: 4, memory: 5 }

const rankOf = (address: string): number => {
  const host = hostOf(address)
  return TRANSPORT_RANK[transportOf(address)] + 10 * (host === undefined ? 0 : REACH_RANK[reachOf(host)])
}

/** PURE. Best first: reachable from far before near, cheap transports before dear ones. */
export const ranked = (addresses: readonly string[]): string[] => addresses.toSorted((a, b) => rankOf(a) - rankOf(b))

export const withPeer = (address: string, peer: PeerId): string => (peerOf(address) === undefined ? `${address}/p2p/${peer}` : address)

export const withoutPeer = (address: string): string =>
  peerOf(address) === undefined ? address : address.split('/').slice(0, -2).join('/')
