import test from 'ava'
import { hostOf, peerOf, prefixOf, ranked, reachOf, transportOf } from '../../relay/overlay/addresses.ts'

const PEER = '12D3KooWHV8F8LcUUfmVkj6JZ2ByiqCYjSUZRT5gj7xg8SLB8ogG'

test('an address tells how a connection travels', (t) => {
  t.is(transportOf('/ip4/192.0.2.1/tcp/4001'), 'tcp')
  t.is(transportOf(`/ip4/192.0.2.1/tcp/4002/ws/p2p/${PEER}`), 'websocket')
  t.is(transportOf('/ip4/192.0.2.1/udp/4003/webrtc-direct/certhash/uEiD'), 'webrtc-direct')
  t.is(transportOf(`/ip4/192.0.2.1/tcp/4001/p2p/${PEER}/p2p-circuit/webrtc`), 'webrtc')
  t.is(transportOf(`/ip4/192.0.2.1/tcp/4001/p2p/${PEER}/p2p-circuit`), 'relayed')
})

test('an address tells host and peer, where it has them', (t) => {
  t.is(hostOf('/ip4/192.0.2.1/tcp/4001'), '192.0.2.1')
  t.is(hostOf('/ip6/2001:db8::1/tcp/4001'), '2001:db8::1')
  for (const none of ['/dns4/example.org/tcp/1', '/ip4/nonsense', '', '/', '/ip4']) t.is(hostOf(none), undefined)
  t.is(peerOf(`/ip4/192.0.2.1/tcp/4001/p2p/${PEER}`), PEER)
  t.is(peerOf('/ip4/192.0.2.1/tcp/4001'), undefined)
})

const reaches = test.macro((t, host: string, reach: string) => t.is(reachOf(host), reach as never))
for (const [host, reach] of [
  ['127.0.0.1', 'loopback'],
  ['127.3.2.1', 'loopback'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['10.1.2.3', 'lan'],
  ['172.16.0.1', 'lan'],
  ['172.32.0.1', 'public'],
  ['192.168.1.1', 'lan'],
  ['169.254.1.1', 'lan'],
  ['100.64.0.1', 'lan'],
  ['fd00::1', 'lan'],
  ['fe80::1%eth0', 'lan'],
  ['::ffff:10.0.0.1', 'lan'],
  ['8.8.4.4', 'public'],
  ['2001:db8::1', 'public'],
] as const) {
  test(`${host} is ${reach}`, reaches, host, reach)
}

test('a neighbourhood is a /24 or a /56', (t) => {
  t.is(prefixOf('192.0.2.1'), prefixOf('192.0.2.254'))
  t.not(prefixOf('192.0.2.1'), prefixOf('192.0.3.1'))
  t.is(prefixOf('2001:db8:1:aa01::1'), prefixOf('2001:db8:1:aaff:1:2:3:4'))
  t.not(prefixOf('2001:db8:1:aa01::1'), prefixOf('2001:db8:1:ab01::1'))
})

test('addresses that are reachable from far come first, cheap transports before dear ones', (t) => {
  const [loopback, lan, far] = ['/ip4/127.0.0.1/tcp/1', '/ip4/10.0.0.1/tcp/1', '/ip4/8.8.4.4/tcp/1']
  const direct = '/ip4/8.8.4.4/udp/1/webrtc-direct'
  t.deepEqual(ranked([loopback, direct, lan, far]), [far, direct, lan, loopback])
})
