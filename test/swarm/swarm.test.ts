import test from 'ava'
import { createLab, isContiguous, type LabPeer, type Watch } from './lab.ts'

test('a chain passes a channel on to a peer that has no connection to the source', async (t) => {
  await using lab = createLab()
  const source = await lab.peer('source', { knows: [], options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  const middle = await lab.peer('middle', { knows: ['source'] })
  lab.network.partition(['source'], ['end'], 'reset')
  const end = await lab.peer('end', { knows: ['middle'] })
  const watch = lab.watch(end.swarm)
  await lab.clock.advance(10_000)
  t.true(watch.chunks.length > 100, `${watch.chunks.length} chunks`)
  t.true(isContiguous(watch.chunks))
  t.deepEqual(watch.gaps, [])
  t.true(watch.chunks[0]?.randomAccess)
  t.deepEqual(
    end.overlay.connections().map(({ peer }) => peer),
    ['middle'],
  )
  t.is(middle.swarm.snapshot().chunks.missed, 0)
})

test('a joiner begins at the newest random access point, within a second', async (t) => {
  await using lab = createLab()
  const source = await lab.peer('source', { options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  await lab.clock.advance(60_000)
  const edge = source.swarm.edge()
  const viewer = await lab.peer('viewer')
  const asked = lab.clock.monotonic()
  const watch = lab.watch(viewer.swarm)
  await lab.clock.advance(1000)
  t.true((watch.firstAt ?? Infinity) - asked < 500, `${(watch.firstAt ?? NaN) - asked} ms`)
  t.true(watch.chunks[0]?.randomAccess)
  t.true((watch.chunks[0]?.time ?? 0) > (edge?.time ?? Infinity) - 1000)
  t.true(isContiguous(watch.chunks))
})

test('a backlog is burst from several partners at once', async (t) => {
  await using lab = createLab(3)
  const source = await lab.peer('source', { options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  for (const name of ['a', 'b', 'c', 'd']) await lab.peer(name)
  await lab.clock.advance(5500) // more than half a second after a random access point
  const late = await lab.peer('late', { knows: ['a', 'b', 'c', 'd'] })
  await lab.clock.advance(1500)
  const { shares, chunks } = late.swarm.snapshot()
  t.true(chunks.pulled > 4, `${chunks.pulled} pulled`)
  t.true(shares.length >= 3, JSON.stringify(shares))
})

test('a mesh of ten plays without a gap, a duplicate in a hundred, or a useless byte', async (t) => {
  await using lab = createLab(4)
  const source = await lab.peer('source', { options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  const watches: [LabPeer, Watch][] = []
  for (let index = 0; index < 10; index += 1) {
    const peer = await lab.peer(`peer-${index}`)
    watches.push([peer, lab.watch(peer.swarm)])
    await lab.clock.advance(300)
  }
  await lab.clock.advance(20_000)
  for (const [{ name, swarm }, { chunks, gaps }] of watches) {
    const { chunks: counts, lagMs, partners } = swarm.snapshot()
    t.true(isContiguous(chunks), name)
    t.deepEqual(gaps, [], name)
    t.is(counts.missed + counts.rejected, 0, name)
    t.true(counts.duplicate <= counts.received / 100, `${name}: ${counts.duplicate} duplicates`)
    t.true((lagMs ?? Infinity) < 500, `${name}: ${lagMs} ms`)
    t.true(partners.length >= 6, name)
  }
  const pushed = source.swarm.snapshot().partners.reduce((sum, { childOf }) => sum + childOf.length, 0)
  t.true(pushed <= 24, `the source pushes ${pushed} sub-streams: more than three copies`)
  t.true(source.swarm.snapshot().partners.length <= 8)
})

test('a parent that dies is replaced, and nothing is missed', async (t) => {
  await using lab = createLab(5)
  const source = await lab.peer('source', { options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  const [a, b] = [await lab.peer('a', { knows: ['source'] }), await lab.peer('b', { knows: ['source', 'a'] })]
  await lab.clock.advance(2000)
  lab.network.partition(['source'], ['viewer'], 'reset')
  const viewer = await lab.peer('viewer', { knows: ['a', 'b'] })
  const watch = lab.watch(viewer.swarm)
  await lab.clock.advance(10_000)
  const parents = viewer.swarm.snapshot().partners.filter(({ parentOf }) => parentOf.length > 0)
  const victim = parents.toSorted((x, y) => y.parentOf.length - x.parentOf.length)[0]?.peer ?? ''
  lab.network.kill(victim)
  await lab.clock.advance(5000)
  t.true([a.name, b.name].includes(victim))
  t.deepEqual(watch.gaps, [])
  t.true(isContiguous(watch.chunks))
  t.true(watch.chunks.length > 200)
  const [left] = viewer.swarm.snapshot().partners
  t.deepEqual(left?.parentOf, [0, 1, 2, 3, 4, 5, 6, 7])
})

test('a parent that falls silent without a word is replaced, and nothing is missed', async (t) => {
  await using lab = createLab(6)
  const source = await lab.peer('source', { options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  await lab.peer('a', { knows: ['source'] })
  await lab.peer('b', { knows: ['source', 'a'] })
  lab.network.partition(['source'], ['viewer'], 'reset')
  const viewer = await lab.peer('viewer', { knows: ['a', 'b'] })
  const watch = lab.watch(viewer.swarm)
  await lab.clock.advance(12_000)
  lab.network.partition(['a'], ['viewer'], 'silent')
  await lab.clock.advance(12_000)
  t.deepEqual(watch.gaps, [])
  t.true(isContiguous(watch.chunks))
  t.deepEqual(
    viewer.swarm.snapshot().partners.map(({ peer, parentOf }) => [peer, parentOf.length]),
    [['b', 8]],
  )
})

test('peers come and go, and those who stay miss nothing', async (t) => {
  await using lab = createLab(7, { latencyMs: 25, jitterMs: 10, loss: 0.005 })
  const source = await lab.peer('source', { options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  const stays: Watch[] = []
  for (let index = 0; index < 4; index += 1) stays.push(lab.watch((await lab.peer(`stays-${index}`)).swarm))
  for (let round = 0; round < 6; round += 1) {
    const [guest, victim] = [await lab.peer(`guest-${round}`), await lab.peer(`victim-${round}`)]
    await lab.clock.advance(3000)
    const leaving = guest[Symbol.asyncDispose]()
    lab.network.kill(victim.name)
    await lab.clock.advance(1000)
    await leaving
  }
  for (const { chunks, gaps } of stays) {
    t.deepEqual(gaps, [])
    t.true(isContiguous(chunks))
    t.true(chunks.length > 340, `${chunks.length}`)
  }
})

test('both dialling each other at once leaves one session', async (t) => {
  await using lab = createLab(8)
  const [a, b] = [await lab.peer('a', { knows: ['b'] }), await lab.peer('b', { knows: ['a'] })]
  await lab.clock.advance(3000)
  t.is(a.swarm.snapshot().partners.length, 1)
  t.is(b.swarm.snapshot().partners.length, 1)
  t.not(a.swarm.snapshot().partners[0]?.direction, b.swarm.snapshot().partners[0]?.direction)
})

test('a source that is full names others, and the joiner gets its picture from them', async (t) => {
  await using lab = createLab(9)
  const source = await lab.peer('source', { knows: [], options: { role: 'source', maxPartners: 1 } })
  using _live = lab.broadcast(source.swarm)
  await lab.peer('first', { knows: ['source'] })
  await lab.clock.advance(2000)
  const second = await lab.peer('second', { knows: ['source'] })
  const watch = lab.watch(second.swarm)
  await lab.clock.advance(3000)
  t.is(source.swarm.snapshot().partners.length, 1)
  t.deepEqual(
    second.swarm.snapshot().partners.map(({ peer }) => peer),
    ['first'],
  )
  t.true(watch.chunks.length > 20)
})

test('a swarm that is left leaves no timer, handler, stream or partner behind', async (t) => {
  await using lab = createLab(10)
  const source = await lab.peer('source', { options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  const viewer = await lab.peer('viewer')
  const watch = lab.watch(viewer.swarm)
  await lab.clock.advance(3000)
  const closing = viewer.swarms[Symbol.asyncDispose]()
  await lab.clock.advance(1000)
  await closing
  await watch.done
  t.is(watch.error, undefined)
  t.deepEqual(viewer.swarms.list(), [])
  t.deepEqual(viewer.swarm.snapshot().partners, [])
  t.deepEqual(source.swarm.snapshot().partners, [])
  const handled = await viewer.overlay.handle('/tributary/swarm/1.0.0', () => {})
  await handled[Symbol.asyncDispose]()
  const before = viewer.overlay.connections().length
  await lab.clock.advance(30_000)
  t.true(viewer.overlay.connections().length <= before)
  t.is(source.swarm.snapshot().partners.length, 0)
})

test('a channel that is not carried is refused in order', async (t) => {
  await using lab = createLab(11)
  await using other = createLab(12)
  const carries = await lab.peer('carries', { knows: [] })
  const stranger = await lab.peer('stranger', { knows: ['carries'], options: { channelKey: other.key } })
  await lab.clock.advance(3000)
  t.deepEqual(carries.swarm.snapshot().partners, [])
  t.deepEqual(stranger.swarm.snapshot().partners, [])
  t.false(carries.swarms.marks.has('stranger'))
})
