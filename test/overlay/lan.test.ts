/** A house without internet: network namespaces on one switch. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import test from 'ava'
import { createLan } from '../harness/lan.ts'
import { needsNamespaces } from '../harness/tools.ts'

const DEADLINE_MS = 40_000

test('relays in one house find each other by multicast DNS; where there is no multicast a relay starts all the same', async (t) => {
  if (!needsNamespaces(t)) return
  await using lan = await createLan([
    { name: 'one', on: ['house'], multicastRoute: true },
    { name: 'two', on: ['house'], multicastRoute: true },
    { name: 'hermit', on: [] },
  ])
  await using stack = new AsyncDisposableStack()
  const start = (host: string, listen: string): AsyncIterator<string> => {
    const [file, args] = lan.inside(host, [process.execPath, new URL('lan-peer.ts', import.meta.url).pathname, listen])
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    stack.defer(() => void child.kill('SIGKILL'))
    return createInterface({ input: child.stdout, signal: AbortSignal.timeout(DEADLINE_MS) })[Symbol.asyncIterator]()
  }
  const next = async (lines: AsyncIterator<string>) => JSON.parse(String((await lines.next()).value)) as { self?: string; found?: string }
  const [one, two, hermit] = [
    start('one', '/ip4/0.0.0.0/tcp/0'),
    start('two', '/ip4/0.0.0.0/tcp/0'),
    start('hermit', '/ip4/127.0.0.1/tcp/0'),
  ]
  const [first, second, alone] = [await next(one), await next(two), await next(hermit)]
  t.is((await next(one)).found, second.self)
  t.is((await next(two)).found, first.self)
  t.is(typeof alone.self, 'string')
})
