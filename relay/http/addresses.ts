/** PURE. Which addresses are at home, and which names are ours. */
import { BlockList, isIP } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'

export type Interfaces = () => NodeJS.Dict<NetworkInterfaceInfo[]>

const HOME = new BlockList()
HOME.addSubnet('127.0.0.0', 8, 'ipv4')
HOME.addSubnet('10.0.0.0', 8, 'ipv4') // RFC 1918
HOME.addSubnet('172.16.0.0', 12, 'ipv4')
HOME.addSubnet('192.168.0.0', 16, 'ipv4')
HOME.addSubnet('169.254.0.0', 16, 'ipv4') // RFC 3927, link-local
HOME.addAddress('::1', 'ipv6')
HOME.addSubnet('fc00::', 7, 'ipv6') // RFC 4193, ULA
HOME.addSubnet('fe80::', 10, 'ipv6') // RFC 4291, link-local

const V4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** Without a zone, and IPv4 as IPv4 when a dual-stack socket shows it mapped into IPv6. */
export function plainAddress(address: string): string {
  const bare = address.replace(/%.*$/, '').toLowerCase()
  return V4_MAPPED.exec(bare)?.[1] ?? bare
}

const inList = (list: BlockList, address: string): boolean => {
  const version = isIP(address)
  return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6')
}

/** True for loopback, private, link-local and unique local addresses, and for those on a network that we are on ourselves. */
export function isAtHome(address: string, interfaces: Interfaces): boolean {
  const plain = plainAddress(address)
  if (inList(HOME, plain)) return true
  const links = new BlockList()
  for (const info of Object.values(interfaces()).flat()) {
    if (info === undefined || info.cidr === null) continue
    links.addSubnet(info.address, Number(info.cidr.split('/')[1]), info.family === 'IPv4' ? 'ipv4' : 'ipv6')
  }
  return inList(links, plain)
}

/** The name of a Host header without port, brackets and the final dot; undefined when it is no host at all. */
export function hostName(host: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(host.trim())
  const name = match?.[1] ?? match?.[2]
  return name?.toLowerCase().replace(/\.$/, '')
}

export interface OurNames {
  readonly interfaces: Interfaces
  /** Where this connection arrived. */
  readonly localAddress: string | undefined
  /** The machine's name, and those that the configuration adds. */
  readonly names: readonly string[]
}

/** A name that a foreign DNS zone cannot make point at us (DNS rebinding): our addresses and our own names only. */
export function isOurHost(host: string, ours: OurNames): boolean {
  const name = hostName(host)
  if (name === undefined) return false
  if (isIP(name) !== 0) {
    const plain = plainAddress(name)
    if (ours.localAddress !== undefined && plain === plainAddress(ours.localAddress)) return true
    return Object.values(ours.interfaces()).some((infos) => infos?.some((info) => plainAddress(info.address) === plain))
  }
  if (name === 'localhost' || name.endsWith('.localhost') || name.endsWith('.local')) return true
  return ours.names.some((own) => own.toLowerCase() === name)
}
