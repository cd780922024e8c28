/** IPv4 and IPv6 addresses as questions of trust: is it on the LAN, is it on the link of this interface? */
import { BlockList, isIPv4, isIPv6 } from 'node:net'

const lan = new BlockList()
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['127.0.0.0', 8],
] as const)
  lan.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['fc00::', 7],
  ['fe80::', 10],
  ['::1', 128],
] as const)
  lan.addSubnet(network, prefix, 'ipv6')

/** Node shows IPv4 peers of a dual-stack socket as `::ffff:10.0.0.1`; an IPv6 link-local one carries a zone. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')

/** Loopback, link-local and the private ranges of RFC 1918 and RFC 4193. */
export function isLanAddress(address: string): boolean {
  const plain = plainAddress(address)
  if (isIPv4(plain)) return lan.check(plain, 'ipv4')
  return isIPv6(plain) && lan.check(plain, 'ipv6')
}

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

/** True when an IPv4 `address` is in the subnet of `link`. */
export function isOnLink(address: string, link: { readonly address: string; readonly netmask: string }): boolean {
  const plain = plainAddress(address)
  if (!isIPv4(plain)) return false
  const mask = toNumber(link.netmask)
  return (toNumber(plain) & mask) === (toNumber(link.address) & mask)
}

/** A host as it stands in a URL. */
export const urlHost = (address: string): string => (isIPv6(address) ? `[${address}]` : address)
