/** Which network interfaces face the living room. */
import type { NetworkInterfaceInfo } from 'node:os'

export interface LanInterface {
  readonly name: string
  /** IPv4. */
  readonly address: string
  readonly netmask: string
  readonly loopback: boolean
}

/** Bridges of containers and virtual machines, and tunnels: no TV is there, and what they announce is unreachable. */
const VIRTUAL = /^(docker|veth|br-|virbr|vmnet|vboxnet|tun|tap|wg|utun|zt|tailscale|cni|flannel|podman)/

type AllInterfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/** PURE. The interfaces named in `chosen`; without a choice all real ones, or loopback on a machine that has none. */
export function lanInterfaces(all: AllInterfaces, chosen: readonly string[] | undefined): readonly LanInterface[] {
  const found: LanInterface[] = []
  for (const [name, infos] of Object.entries(all)) {
    const seen = new Set<string>()
    for (const info of infos ?? []) {
      // two addresses of one subnet would answer each search twice
      const subnet = info.cidr === null ? info.address : `${info.netmask}/${networkOf(info)}`
      if (info.family !== 'IPv4' || seen.has(subnet)) continue
      seen.add(subnet)
      found.push({ name, address: info.address, netmask: info.netmask, loopback: info.internal })
    }
  }
  if (chosen !== undefined) return found.filter(({ name }) => chosen.includes(name))
  const real = found.filter(({ name, loopback }) => !loopback && !VIRTUAL.test(name))
  return real.length > 0 ? real : found.filter(({ loopback }) => loopback)
}

const networkOf = ({ address, netmask }: NetworkInterfaceInfo): string => {
  const mask = netmask.split('.').map(Number)
  return address
    .split('.')
    .map((part, index) => Number(part) & (mask[index] ?? 0))
    .join('.')
}

export const sameInterface = (one: LanInterface, other: LanInterface): boolean =>
  one.name === other.name && one.address === other.address && one.netmask === other.netmask

/** PURE. What to stop and what to start when the machine's interfaces have changed. */
export const planInterfaces = (
  current: readonly LanInterface[],
  wanted: readonly LanInterface[],
): { readonly stop: readonly LanInterface[]; readonly start: readonly LanInterface[] } => ({
  stop: current.filter((old) => !wanted.some((item) => sameInterface(old, item))),
  start: wanted.filter((item) => !current.some((old) => sameInterface(old, item))),
})
