import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { silentLog } from '../../relay/log.ts'
import { openGoodPeers, withMet, type GoodPeer } from '../../relay/overlay/good-peers.ts'
import { GOOD_PEER_AGE_MS, GOOD_PEERS_SAVE_MS, MAX_ADDRESSES_PER_PEER, MAX_GOOD_PEERS } from '../../relay/overlay/limits.ts'
import { fakeClock } from '../harness/clock.ts'

const peerOf = (number: number, seen = 0): GoodPeer => ({ peer: `peer-${number}`, addresses: [`/ip4/10.0.0.${number}/tcp/1`], seen })

test('peers are kept across a restart, the newest first', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-test-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'good-peers.json')
  const clock = fakeClock()
  {
    await using good = await openGoodPeers(file, { clock, log: silentLog })
    good.met('a', ['/ip4/10.0.0.1/tcp/1'])
    good.met('b', ['/ip4/10.0.0.2/tcp/1'])
  }
  await using again = await openGoodPeers(file, { clock, log: silentLog })
  t.deepEqual(
    again.list().map(({ peer }) => peer),
    ['b', 'a'],
  )
})

test('the file is written some seconds after a meeting, once for many', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-test-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'good-peers.json')
  const clock = fakeClock()
  await using good = await openGoodPeers(file, { clock, log: silentLog })
  for (let number = 0; number < 5; number += 1) good.met(`p${number}`, ['/ip4/10.0.0.1/tcp/1'])
  await t.throwsAsync(readFile(file))
  await clock.advance(GOOD_PEERS_SAVE_MS)
  await good[Symbol.asyncDispose]() // waits for the writing
  t.is((JSON.parse(await readFile(file, 'utf8')) as { peers: unknown[] }).peers.length, 5)
})

test('a damaged file is no failure', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-test-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'good-peers.json')
  for (const text of ['', '{', '{"version":2}', '{"version":1,"peers":[{"peer":1}]}']) {
    await writeFile(file, text)
    await using good = await openGoodPeers(file, { clock: fakeClock(), log: silentLog })
    t.deepEqual(good.list(), [])
  }
})

test('the list is bounded, and so are the addresses of a peer; those long gone are forgotten', (t) => {
  let peers: readonly GoodPeer[] = []
  for (let number = 0; number < MAX_GOOD_PEERS + 20; number += 1) peers = withMet(peers, peerOf(number, number))
  t.is(peers.length, MAX_GOOD_PEERS)
  t.is(peers[0]?.peer, `peer-${MAX_GOOD_PEERS + 19}`)

  let one: readonly GoodPeer[] = []
  for (let port = 1; port < 40; port += 1) one = withMet(one, { peer: 'a', addresses: [`/ip4/10.0.0.1/tcp/${port}`], seen: port })
  t.is(one[0]?.addresses.length, MAX_ADDRESSES_PER_PEER)
  t.is(one[0]?.addresses[0], '/ip4/10.0.0.1/tcp/39')

  t.deepEqual(
    withMet([peerOf(1, 0)], peerOf(2, GOOD_PEER_AGE_MS)).map(({ peer }) => peer),
    ['peer-2'],
  )
  t.deepEqual(withMet([], { peer: 'a', addresses: [], seen: 1 }), [], 'a peer without an address is of no use')
})
