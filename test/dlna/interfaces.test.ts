import type { NetworkInterfaceInfo } from 'node:os'
import test from 'ava'
import { isLanAddress, isOnLink, plainAddress } from '../../relay/dlna/addresses.ts'
import { lanInterfaces, planInterfaces } from '../../relay/dlna/interfaces.ts'

const ipv4 = (address: string, netmask = '255.255.255.0', internal = false): NetworkInterfaceInfo => ({
  address,
  netmask,
  internal,
  family: 'IPv4',
  mac: '00:00:00:00:00:00',
  cidr: `${address}/24`,
})
const ipv6: NetworkInterfaceInfo = {
  address: 'fe80::1',
  netmask: 'ffff:ffff:ffff:ffff::',
  internal: false,
  family: 'IPv6',
  mac: '00:00:00:00:00:00',
  cidr: 'fe80::1/64',
  scopeid: 2,
}
const lo = [ipv4('127.0.0.1', '255.0.0.0', true)]
const names = (all: Record<string, NetworkInterfaceInfo[]>, chosen?: string[]): string[] =>
  lanInterfaces(all, chosen).map(({ name, address }) => `${name} ${address}`)

test('all real interfaces are used, bridges of containers and tunnels are not', (t) => {
  const all = {
    lo,
    eth0: [ipv6, ipv4('192.168.1.2')],
    wlan0: [ipv4('10.0.0.2')],
    br0: [ipv4('192.168.9.1')],
    docker0: [ipv4('172.17.0.1')],
    veth12: [ipv4('172.18.0.1')],
    'br-12ab': [ipv4('172.19.0.1')],
    tun0: [ipv4('10.8.0.1')],
  }
  t.deepEqual(names(all), ['eth0 192.168.1.2', 'wlan0 10.0.0.2', 'br0 192.168.9.1'])
})

test('loopback is used where there is nothing else, or where it is asked for', (t) => {
  t.deepEqual(names({ lo }), ['lo 127.0.0.1'])
  t.deepEqual(names({ lo, docker0: [ipv4('172.17.0.1')] }), ['lo 127.0.0.1'])
  t.deepEqual(names({ lo, eth0: [ipv4('10.0.0.2')] }, ['lo']), ['lo 127.0.0.1'])
  t.deepEqual(names({ lo, docker0: [ipv4('172.17.0.1')] }, ['docker0']), ['docker0 172.17.0.1'])
})

test('two addresses of one subnet are one link', (t) => {
  t.deepEqual(names({ eth0: [ipv4('10.0.0.2'), ipv4('10.0.0.3'), ipv4('10.0.1.2')] }), ['eth0 10.0.0.2', 'eth0 10.0.1.2'])
})

test('a new address of an interface stops the old and starts the new', (t) => {
  const [before] = lanInterfaces({ eth0: [ipv4('10.0.0.2')] }, undefined)
  const [after] = lanInterfaces({ eth0: [ipv4('10.0.0.9')] }, undefined)
  if (before === undefined || after === undefined) return t.fail()
  t.deepEqual(planInterfaces([before], [after]), { stop: [before], start: [after] })
  t.deepEqual(planInterfaces([before], [{ ...before }]), { stop: [], start: [] })
})

test('private, link-local and loopback addresses are the LAN, the rest is not', (t) => {
  for (const address of [
    '10.1.2.3',
    '172.16.0.1',
    '192.168.0.1',
    '169.254.1.1',
    '127.0.0.1',
    '::1',
    'fe80::1%eth0',
    'fd00::1',
    '::ffff:10.0.0.1',
  ]) {
    t.true(isLanAddress(address), address)
  }
  for (const address of ['8.8.8.8', '172.32.0.1', '192.169.0.1', '2001:db8::1', '::ffff:8.8.8.8', '', 'localhost', '10.1', '0x0a000001']) {
    t.false(isLanAddress(address), address)
  }
})

test('the subnet decides what is on the link', (t) => {
  const link = { address: '192.168.1.200', netmask: '255.255.255.128' }
  t.true(isOnLink('192.168.1.129', link))
  t.false(isOnLink('192.168.1.1', link))
  t.true(isOnLink('::ffff:192.168.1.255', link))
  t.is(plainAddress('fe80::1%eth0'), 'fe80::1')
})
