import test from 'ava'
import { createLab, isContiguous } from './lab.ts'

test('a broadcaster that is killed: the items end within five seconds, and go on when it is back', async (t) => {
  await using lab = createLab(31)
  const source = await lab.peer('source', { options: { role: 'source' } })
  const live = lab.broadcast(source.swarm)
  const peers = [await lab.peer('a'), await lab.peer('b'), await lab.peer('c', { knows: ['a', 'b'] })]
  const watches = peers.map(({ swarm }) => lab.watch(swarm))
  const offAir: string[] = []
  const listening = peers.map(({ name, swarm }) => swarm.events.on('offAir', () => offAir.push(name)))
  await lab.clock.advance(10_000)
  live[Symbol.dispose]()
  lab.network.kill('source')
  const killed = lab.clock.monotonic()
  await lab.clock.advance(6000)
  for (const watch of watches) {
    t.true((watch.endedAt ?? Infinity) - killed < 5000, `${(watch.endedAt ?? Infinity) - killed} ms`)
    t.is(watch.error, undefined)
    t.deepEqual(watch.gaps, [])
    t.true(isContiguous(watch.chunks))
  }
  t.deepEqual(offAir.toSorted(), ['a', 'b', 'c'])
  t.is(peers[0]?.swarm.snapshot().air.kind, 'off-air')

  const again = peers.map(({ swarm }) => lab.watch(swarm))
  await lab.clock.advance(20_000)
  t.true(again.every(({ chunks, endedAt }) => chunks.length === 0 && endedAt === undefined))
  const back = await lab.peer('source-2', { knows: ['a'], options: { role: 'source' } })
  using _live = lab.broadcast(back.swarm)
  const began = lab.clock.monotonic()
  await lab.clock.advance(8000)
  for (const watch of again) {
    t.true((watch.firstAt ?? Infinity) - began < 5000, `${(watch.firstAt ?? Infinity) - began} ms`)
    t.true(watch.chunks[0]?.randomAccess)
    t.is(watch.chunks[0]?.header.epoch, lab.published.at(-1)?.header.epoch)
    t.true(isContiguous(watch.chunks))
    t.deepEqual(watch.gaps, [])
  }
  for (const listener of listening) listener[Symbol.dispose]()
})

test('a restart in time is a new epoch without a gap: nothing exists between the two', async (t) => {
  await using lab = createLab(32)
  const source = await lab.peer('source', { options: { role: 'source' } })
  const first = lab.broadcast(source.swarm)
  const viewer = await lab.peer('viewer')
  const watch = lab.watch(viewer.swarm)
  await lab.clock.advance(5000)
  first[Symbol.dispose]()
  await lab.clock.advance(1500)
  using _second = lab.broadcast(source.swarm)
  await lab.clock.advance(5000)
  t.is(watch.endedAt, undefined)
  t.deepEqual(watch.gaps, [])
  t.is(new Set(watch.chunks.map(({ header }) => header.epoch)).size, 2)
  t.true(isContiguous(watch.chunks))
})

test('a source that says it ends, ends at once', async (t) => {
  await using lab = createLab(33)
  const source = await lab.peer('source', { options: { role: 'source' } })
  const live = lab.broadcast(source.swarm)
  const viewer = await lab.peer('viewer')
  const watch = lab.watch(viewer.swarm)
  await lab.clock.advance(5000)
  live[Symbol.dispose]()
  source.swarm.publish(lab.next({ ends: true }))
  await lab.clock.advance(300)
  t.not(watch.endedAt, undefined)
  t.is(watch.chunks.at(-1)?.sequence, lab.published.at(-1)?.sequence)
  t.is(viewer.swarm.snapshot().air.kind, 'off-air')
})

test('a chunk that nobody has becomes a gap when its deadline has passed', async (t) => {
  await using lab = createLab(34)
  const source = await lab.peer('source', { options: { role: 'source' } })
  const viewer = await lab.peer('viewer')
  const watch = lab.watch(viewer.swarm)
  const lost: number[] = []
  using _live = lab.clock.every(65, () => {
    const chunk = lab.next()
    if (lab.published.length >= 40 && lab.published.length < 43) lost.push(chunk.sequence)
    else source.swarm.publish(chunk)
  })
  await lab.clock.advance(10_000)
  t.is(watch.gaps.length, 1)
  t.is(watch.gaps[0]?.from, lost[0])
  t.is(watch.gaps[0]?.to, lost[2])
  t.true((watch.gaps[0]?.ended ?? 0) - (watch.gaps[0]?.began ?? 0) < 500)
  t.is(viewer.swarm.snapshot().chunks.missed, 3)
  t.true(watch.chunks.length > 80)
})

test('the consumer’s signal ends its items, and only them', async (t) => {
  await using lab = createLab(35)
  const source = await lab.peer('source', { options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  const viewer = await lab.peer('viewer')
  const stop = new AbortController()
  const watch = lab.watch(viewer.swarm, stop.signal)
  await lab.clock.advance(3000)
  const reason = new Error('the viewer left')
  stop.abort(reason)
  await watch.done
  t.is(watch.error, reason)
  const again = lab.watch(viewer.swarm)
  await lab.clock.advance(100)
  t.true(again.chunks[0]?.randomAccess)
  t.true((again.chunks[0]?.time ?? 0) > lab.clock.now() - 2000)
})

test('a relay whose clock is wrong by an hour still finds the live edge', async (t) => {
  await using lab = createLab(36)
  const source = await lab.peer('source', { options: { role: 'source' } })
  // the source's clock is behind ours: all its headers look old
  let sequence = lab.clock.now() - 3_600_000
  const epoch = sequence
  using _live = lab.clock.every(65, () => {
    const payload = new Uint8Array(188)
    const fields = { epoch, sequence, time: lab.clock.now() - 3_600_000, randomAccess: (sequence - epoch) % 15 === 0 }
    source.swarm.publish(lab.signer.sign({ ...fields, discontinuity: false, ends: false, payload }))
    sequence += 1
  })
  const viewer = await lab.peer('viewer')
  const watch = lab.watch(viewer.swarm)
  await lab.clock.advance(10_000)
  t.true(watch.chunks.length > 40, `${watch.chunks.length}`)
  t.true(isContiguous(watch.chunks))
})

for (const seed of [37, 38, 39]) {
  test(`peers that have only each other find a source that comes back under another name (seed ${seed})`, async (t) => {
    await using lab = createLab(seed)
    const source = await lab.peer('source', { options: { role: 'source' } })
    const live = lab.broadcast(source.swarm)
    const peers = []
    for (let index = 0; index < 20; index += 1) {
      peers.push(await lab.peer(`peer-${index}`))
      await lab.clock.advance(200)
    }
    await lab.clock.advance(5000)
    live[Symbol.dispose]()
    lab.network.kill('source')
    await lab.clock.advance(20_000)
    const back = await lab.peer('back', { knows: [], options: { role: 'source' } }) // it knows nobody: they have to find it
    using _live = lab.broadcast(back.swarm)
    const began = lab.clock.monotonic()
    const watches = peers.map(({ swarm }) => lab.watch(swarm))
    await lab.clock.advance(10_000)
    for (const [index, watch] of watches.entries()) {
      t.true((watch.firstAt ?? Infinity) - began < 8000, `peer-${index}: ${(watch.firstAt ?? Infinity) - began} ms`)
      t.true(isContiguous(watch.chunks))
    }
    t.true(back.swarm.snapshot().partners.length <= 8)
  })
}
