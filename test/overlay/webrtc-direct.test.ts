/**
 * WebRTC's ICE agent skips loopback, so these tests need an interface: the first run makes a network namespace and runs this file again
 * inside of it.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test, { registerCompletionHandler } from 'ava'
import { overlayContract } from '../contract/overlay-contract.ts'
import { createLan } from '../harness/lan.ts'
import { needsNamespaces } from '../harness/tools.ts'
import { peerPair } from './libp2p-pair.ts'

const ADDRESS = process.env['TRIBUTARY_TEST_ADDRESS']
const INNER_TIMEOUT_MS = 55_000

if (ADDRESS === undefined) {
  test('WebRTC-direct keeps the contract of overlays, in a network namespace of its own', async (t) => {
    if (!needsNamespaces(t)) return
    await using lan = await createLan([{ name: 'peer', on: ['house'] }])
    const [file, args] = lan.inside('peer', [
      process.execPath,
      'node_modules/ava/entrypoints/cli.js',
      '--no-worker-threads',
      'test/overlay/webrtc-direct.test.ts',
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
}
