import test from 'ava'
import type { NetworkInterfaceInfo } from 'node:os'
import { hostName, isAtHome, isOurHost, plainAddress } from '../../relay/http/addresses.ts'

const info = (address: string, family: 'IPv4' | 'IPv6', bits: number): NetworkInterfaceInfo =>
  ({ address, family, cidr: `${address}/${bits}`, internal: false, mac: '', netmask: '' }) as NetworkInterfaceInfo
const interfaces = () => ({ eth0: [info('192.168.1.10', 'IPv4', 24), info('2001:db8:1::10', 'IPv6', 64)] })

const lives = test.macro<[string, boolean]>({
  exec(t, address: string, home: boolean) {
    t.is(isAtHome(address, interfaces), home)
  },
  title: (_given, address, home) => `${address === '' ? 'no address' : address} is ${home ? 'at home' : 'a stranger'}`,
})
for (const address of [
  '127.0.0.1',
  '10.1.2.3',
  '172.31.255.255',
  '192.168.77.1',
  '169.254.3.4',
  '::1',
  'fd00::1',
  'fe80::1%eth0',
  '::ffff:192.168.1.5',
])
  test(lives, address, true)
test('an address on a link of ours is at home though it is public', lives, '2001:db8:1::77', true)
for (const address of ['8.8.8.8', '172.32.0.1', '192.169.0.1', '100.64.0.1', '2001:db8:2::1', '::ffff:8.8.8.8', '', 'nonsense'])
  test(lives, address, false)

const named = test.macro<[string, boolean]>({
  exec(t, host: string, ours: boolean) {
    t.is(isOurHost(host, { interfaces, localAddress: '::ffff:10.0.0.7', names: ['den-pi'] }), ours)
  },
  title: (_given, host, ours) => `a request for ${host === '' ? 'an empty host' : host} is ${ours ? 'for us' : 'not for us'}`,
})
for (const host of [
  '192.168.1.10',
  '192.168.1.10:8080',
  '10.0.0.7:8080',
  '[2001:db8:1::10]:8080',
  'localhost:8080',
  'LOCALHOST',
  'den-pi',
  'Den-Pi:8080',
  'den-pi.local.',
  'x.localhost',
])
  test(named, host, true)
for (const host of [
  '',
  'evil.example',
  '8.8.8.8',
  'den-pi.evil.example',
  'local',
  'evil.example#.local',
  'a@localhost',
  'localhost:8080:1',
  '192.168.1.10.evil.example',
  'evil local',
])
  test(named, host, false)

test('an IPv4 address is the same however a socket shows it', (t) => {
  t.is(plainAddress('::ffff:10.0.0.1'), '10.0.0.1')
  t.is(plainAddress('FE80::1%en0'), 'fe80::1')
  t.is(hostName('[::1]:80'), '::1')
})
