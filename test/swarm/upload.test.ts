import test from 'ava'
import { createLab, isContiguous } from './lab.ts'
import { knock } from './hostile.ts'

const FULL_PAYLOAD = 188 * 348

test('an upload cap of nothing is honoured: not one chunk leaves', async (t) => {
  await using lab = createLab(41)
  const source = await lab.peer('source', { knows: [], options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  const leech = await lab.peer('leech', { knows: ['source'], cap: 0 })
  await lab.clock.advance(3000)
  lab.network.partition(['source'], ['child'], 'reset')
  const child = await lab.peer('child', { knows: ['leech'] })
  await lab.clock.advance(5000)
  t.is(child.swarm.snapshot().chunks.received, 0)
  t.true(leech.swarm.snapshot().chunks.received > 60)
  t.is(leech.swarm.snapshot().uploadCap, 0)
})

test('an upload cap holds over five seconds, and decides how many are served', async (t) => {
  const cap = 24_000_000
  await using lab = createLab(42, { latencyMs: 10 })
  const source = await lab.peer('source', { knows: [], options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm, { payloadBytes: FULL_PAYLOAD })
  const relay = await lab.peer('relay', { knows: ['source'], cap })
  await lab.clock.advance(6000)
  for (let index = 0; index < 5; index += 1) {
    lab.network.partition(['source'], [`child-${index}`], 'reset')
    await lab.peer(`child-${index}`, { knows: ['relay'] })
  }
  await lab.clock.advance(5000)
  let before = lab.network.sent('relay')
  for (let window = 0; window < 4; window += 1) {
    await lab.clock.advance(5000)
    const sent = lab.network.sent('relay') - before
    before += sent
    t.true(sent * 8 <= cap * 5 * 1.02, `${(sent * 8) / 5} bit/s`)
    t.true(sent * 8 >= cap * 5 * 0.6, `${(sent * 8) / 5} bit/s are a waste of the cap`)
  }
  const pushed = relay.swarm.snapshot().partners.reduce((sum, { childOf }) => sum + childOf.length, 0)
  t.true(pushed <= 24, `${pushed} sub-streams of a megabit`)
})

test('a partner that cannot keep up loses sub-streams, not our memory', async (t) => {
  await using lab = createLab(43, { latencyMs: 10 })
  const source = await lab.peer('source', { knows: [], options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm, { payloadBytes: FULL_PAYLOAD })
  await lab.clock.advance(1000)
  const good = await lab.peer('good', { knows: ['source'] })
  const watch = lab.watch(good.swarm)
  const raw = await knock(lab, 'slow', 'source')
  for (let subStream = 0; subStream < 8; subStream += 1)
    raw.send({ kind: 'subscribe', subStream, from: lab.published.at(-1)?.sequence ?? 0 })
  await lab.clock.advance(500)
  raw.stream.pause()
  let most = 0
  for (let second = 0; second < 20; second += 1) {
    await lab.clock.advance(1000)
    most = Math.max(most, source.swarm.snapshot().partners.find(({ peer }) => peer === 'slow')?.queuedBytes ?? 0)
  }
  t.true(most < 1024 * 1024, `${most} bytes were queued`)
  const child = source.swarm.snapshot().partners.find(({ peer }) => peer === 'slow')
  t.true(child === undefined || child.childOf.length === 0)
  t.deepEqual(watch.gaps, [])
  t.true(isContiguous(watch.chunks))
})

test('a peer with a thin uplink and one without a limit share the work, and all play on', async (t) => {
  await using lab = createLab(44, { latencyMs: 20, jitterMs: 5 })
  const source = await lab.peer('source', { uplink: 30_000_000, options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm, { payloadBytes: FULL_PAYLOAD })
  const watches = []
  for (let index = 0; index < 8; index += 1) {
    const limits = index % 2 === 0 ? { uplink: 20_000_000, cap: 16_000_000 } : { uplink: 4_000_000, cap: 3_000_000 }
    watches.push(lab.watch((await lab.peer(`peer-${index}`, limits)).swarm))
    await lab.clock.advance(500)
  }
  await lab.clock.advance(25_000)
  for (const { chunks, gaps } of watches) {
    t.true(chunks.length > 350, `${chunks.length}`)
    t.true(gaps.length <= 1, JSON.stringify(gaps))
  }
})
