/** A real libp2p peer: what is not in the contract of overlays. */
import { createServer } from 'node:net'
import { once } from 'node:events'
import test from 'ava'
import { systemClock } from '../../relay/clock.ts'
import { RelayError } from '../../relay/errors.ts'
import { createLog, silentLog } from '../../relay/log.ts'
import { isCrowded } from '../../relay/overlay/gater.ts'
import { planListen } from '../../relay/overlay/host.ts'
import { planDhtMode } from '../../relay/overlay/watch.ts'
import { loadWebRtc } from '../../relay/overlay/webrtc.ts'
import { startPeer } from './libp2p-pair.ts'

const soon = (): AbortSignal => AbortSignal.timeout(10_000)

test('a port in use is named, with what to do', async (t) => {
  const server = createServer()
  t.teardown(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const error = await t.throwsAsync(startPeer({ listen: ['/ip4/127.0.0.1/tcp/0/ws', `/ip4/127.0.0.1/tcp/${port}`] }), {
    instanceOf: RelayError,
  })
  t.is(error.code, 'port-in-use')
  t.true(error.message.includes(`/ip4/127.0.0.1/tcp/${port}`), error.message)
  t.regex(error.message, /choose another port with --listen/)
})

test('an address that nothing can listen on is named', async (t) => {
  const error = await t.throwsAsync(startPeer({ listen: ['/ip4/127.0.0.1/udp/1/quic-v1'] }), { instanceOf: RelayError })
  t.is(error.code, 'overlay-failed')
})

test('a blocked peer is neither dialled nor let in', async (t) => {
  await using stranger = await startPeer()
  await using peer = await startPeer({ block: [stranger.self] })
  await t.throwsAsync(peer.connect(stranger.addresses()[0] ?? '', soon()), { instanceOf: RelayError })
  await stranger.connect(peer.addresses()[0] ?? '', soon()).catch(() => {}) // the dial may succeed before the other side hangs up
  await t.throwsAsync(stranger.open(peer.self, '/tributary/test/1.0.0', soon()))
  t.deepEqual(peer.connections(), [])
})

test('a neighbourhood outside of the house is full after two, the house never', (t) => {
  const far = ['/ip4/203.0.113.1/tcp/1', '/ip4/203.0.113.2/tcp/1']
  t.true(isCrowded('/ip4/203.0.113.9/tcp/9', far))
  t.false(isCrowded('/ip4/203.0.113.9/tcp/9', far.slice(1)))
  t.false(isCrowded('/ip4/198.51.100.9/tcp/9', far))
  const house = Array.from({ length: 9 }, (_, number) => `/ip4/192.168.1.${number}/tcp/1`)
  t.false(isCrowded('/ip4/192.168.1.99/tcp/9', house))
  t.false(isCrowded('/dns4/example.org/tcp/9', far))
  t.false(isCrowded('/ip4/203.0.113.9/tcp/9/p2p/x/p2p-circuit', far), 'a relay’s neighbourhood is not the caller’s')
})

test('a bootstrap address is dialled by itself, and the round trip is measured', async (t) => {
  await using bootstrap = await startPeer({ dht: 'server', relay: true })
  await using peer = await startPeer({ bootstrap: [...bootstrap.addresses(), 'nonsense'] })
  const deadline = soon()
  while (peer.connections()[0]?.rtt === undefined) await systemClock.sleep(20, deadline)
  t.is(peer.connections()[0]?.peer, bootstrap.self)
  t.is(peer.connections()[0]?.direction, 'outbound')
})

test('records are kept for others, unless only others can be reached from outside', (t) => {
  const [house, far] = ['/ip4/192.168.1.2/tcp/1', '/ip4/203.0.113.1/tcp/1']
  t.is(planDhtMode([house], []), 'server')
  t.is(planDhtMode([house], [house]), 'server')
  t.is(planDhtMode([house], [far]), 'client')
  t.is(planDhtMode([far], [far]), 'server')
  t.is(planDhtMode([house, `${far}/p2p/x/p2p-circuit`], [far]), 'client')
})

test('without its native module WebRTC is left out with one warning, and its addresses are not listened on', async (t) => {
  const lines: string[] = []
  const log = createLog({ level: 'warn', format: 'text', now: () => 0, write: (line) => lines.push(line) })
  t.is(await loadWebRtc({ clock: systemClock, log }, () => Promise.reject(new Error('no binary'))), undefined)
  t.is(lines.length, 1)
  const listen = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/udp/0/webrtc-direct']
  t.deepEqual(planListen(listen, false, false), listen.slice(0, 1))
  t.deepEqual(planListen(listen, true, false), [...listen, '/webrtc'])
  t.deepEqual(planListen(listen, true, true), listen)
})

test('a start that was called off leaves nothing running', async (t) => {
  const { startOverlay } = await import('../../relay/overlay/libp2p.ts')
  const reason = new Error('called off')
  const options = {
    listen: [],
    bootstrap: [],
    mdns: false,
    dht: 'auto',
    block: [],
    goodPeersFile: undefined,
    identityFile: undefined,
    webrtc: false,
  } as const
  await t.throwsAsync(startOverlay({ clock: systemClock, log: silentLog }, options, AbortSignal.abort(reason)), { is: reason })
})
