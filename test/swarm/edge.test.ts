import test from 'ava'
import { generateChannelKey } from '../../relay/chunk/keys.ts'
import { createSigner } from '../../relay/chunk/sign.ts'
import { Edge } from '../../relay/swarm/edge.ts'
import { fakeClock } from '../harness/clock.ts'

const signer = createSigner(generateChannelKey())
const header = (sequence: number, time: number) =>
  signer.sign({ epoch: 1, sequence, time, randomAccess: false, discontinuity: false, ends: false, payload: new Uint8Array(188) }).header

test('the newest fresh header is the edge, an older one is not', (t) => {
  const clock = fakeClock()
  const edge = new Edge(clock)
  t.true(edge.offer(header(5, clock.now())))
  t.false(edge.offer(header(4, clock.now())))
  t.is(edge.header?.sequence, 5)
})

test('a header that is too old is no edge, however often it is shown', async (t) => {
  const clock = fakeClock()
  const edge = new Edge(clock)
  const old = header(5, clock.now() - 60_000)
  for (let second = 0; second < 10; second += 1) {
    t.false(edge.offer(old))
    await clock.advance(1000)
  }
  t.is(edge.air.kind, 'unknown')
})

test('the channel is off air when nothing new came for three and a half seconds, told once', async (t) => {
  const clock = fakeClock()
  const edge = new Edge(clock)
  edge.offer(header(5, clock.now()))
  await clock.advance(3500)
  t.false(edge.goesOffAir(false))
  await clock.advance(1)
  t.true(edge.goesOffAir(false))
  t.false(edge.goesOffAir(false))
  edge.offer(header(6, clock.now()))
  t.is(edge.air.kind, 'on-air')
})

test('time in which the process was held up does not count', async (t) => {
  const clock = fakeClock()
  const edge = new Edge(clock)
  edge.offer(header(5, clock.now()))
  await clock.advance(10_000)
  edge.forgive(9000)
  t.false(edge.goesOffAir(false))
})

test('a replay that moves is not believed while a fresh edge is known', async (t) => {
  const clock = fakeClock()
  const edge = new Edge(clock)
  edge.offer(header(1000, clock.now()))
  for (let step = 0; step < 10; step += 1) {
    await clock.advance(1000)
    edge.offer(header(1001 + step, clock.now())) // the honest ones
    t.false(edge.offer(header(100 + step, clock.now() - 3_600_000)))
  }
  t.is(edge.header?.sequence, 1010)
})
