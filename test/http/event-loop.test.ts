import test from 'ava'
import { setTimeout as pause } from 'node:timers/promises'
import { startEventLoopGauge } from '../../relay/http/event-loop.ts'
import { fakeClock } from '../harness/clock.ts'

const BLOCK_MS = 150

test('a blocked main thread shows for a minute, and then no more', async (t) => {
  const clock = fakeClock()
  using gauge = startEventLoopGauge(clock)
  await pause(50) // the histogram has to tick before it can miss a tick
  const began = performance.now()
  while (performance.now() - began < BLOCK_MS);
  await pause(50)
  const seen = gauge.blockedMs()
  t.true(seen >= BLOCK_MS / 2, `${seen} ms`)
  await clock.advance(50_000)
  t.is(gauge.blockedMs(), seen)
  await clock.advance(20_000)
  t.true(gauge.blockedMs() < seen)
})
