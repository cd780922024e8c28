/**
 * WebRTC's ICE agent skips loopback, so these tests need an interface: the first run makes a network namespace and runs this file again
 * inside of it.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test, { registerCompletionHandler } from 'ava'
import { systemClock } from '../../relay/clock.ts'
import type { OverlayStream } from '../../relay/overlay/overlay.ts'
import { overlayContract } from '../contract/overlay-contract.ts'
import { createLan } from '../harness/lan.ts'
import { needsNamespaces } from '../harness/tools.ts'
import { peerPair, startPeer } from './libp2p-pair.ts'

const ADDRESS = process.env['TRIBUTARY_TEST_ADDRESS']
const INNER_TIMEOUT_MS = 120_000
const RELAYED_TIMEOUT_MS = 45_000

if (ADDRESS === undefined) {
  test('WebRTC keeps what it promises, in a network namespace of its own', async (t) => {
    t.timeout(INNER_TIMEOUT_MS)
    if (!needsNamespaces(t)) return
    await using lan = await createLan([{ name: 'peer', on: ['house'] }])
    const [file, args] = lan.inside('peer', [
      process.execPath,
      'node_modules/ava/entrypoints/cli.js',
      '--no-worker-threads',
      'test/overlay/webrtc.test.ts',
    ])
    const inner = promisify(execFile)(file, args, {
      cwd: new URL('../..', import.meta.url).pathname,
      env: { ...process.env, TRIBUTARY_TEST_ADDRESS: lan.address('peer', 'house') },
      timeout: INNER_TIMEOUT_MS,
    })
    const outcome = await inner.then(
      ({ stdout }) => ({ passed: true, stdout }),
      (error: Error & { stdout?: string }) => ({ passed: false, stdout: `${error.message}\n${error.stdout ?? ''}` }),
    )
    t.true(outcome.passed, outcome.stdout)
  })
} else {
  registerCompletionHandler(() => process.exit()) // native listeners are kept for some seconds
  overlayContract(
    'WebRTC-direct',
    () => peerPair({ listen: [`/ip4/${ADDRESS}/udp/0/webrtc-direct`], webrtc: true }, (address) => address.includes('/webrtc-direct/')),
    { stopsSenders: false },
  )

  test('a peer that only a relay can reach is connected by WebRTC, and media goes past the relay', async (t) => {
    const listen = [`/ip4/${ADDRESS}/tcp/0`]
    await using relay = await startPeer({ listen, dht: 'server', relay: true })
    await using hidden = await startPeer({ listen, bootstrap: relay.addresses(), webrtc: true })
    await using peer = await startPeer({ listen: [], webrtc: true })
    const deadline = AbortSignal.timeout(RELAYED_TIMEOUT_MS)
    const behindRelay = (): string | undefined => hidden.addresses().find((address) => address.includes('/p2p-circuit/webrtc/'))
    while (behindRelay() === undefined) await systemClock.sleep(50, deadline)

    const arrived = Promise.withResolvers<OverlayStream>()
    await hidden.handle('/tributary/test/1.0.0', arrived.resolve)
    await peer.connect(behindRelay() ?? '', deadline)
    const stream = await peer.open(hidden.self, '/tributary/test/1.0.0', deadline)
    stream.send(Buffer.from('hello'))
    const heard = Promise.withResolvers<string>()
    const far = await arrived.promise
    far.read({ bytes: (piece) => heard.resolve(Buffer.from(piece).toString()), end: () => heard.reject(new Error('ended')) })
    t.is(await heard.promise, 'hello')
    t.is(peer.connections().find((connection) => connection.peer === hidden.self)?.transport, 'webrtc')
  })
}
