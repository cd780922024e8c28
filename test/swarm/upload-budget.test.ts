import test from 'ava'
import { fakeClock } from '../harness/clock.ts'
import { createUploadBudget } from '../../relay/swarm/upload-budget.ts'

const CHUNK = 65_549

/** Everybody wants to send all the time; what left, with its time. */
async function run(cap: number, senders: number, ms: number) {
  const clock = fakeClock()
  const budget = createUploadBudget(clock, cap)
  const sent: { at: number; bytes: number; sender: number }[] = []
  for (let sender = 0; sender < senders; sender += 1) {
    const pump = (): void => {
      while (budget.take(CHUNK)) sent.push({ at: clock.monotonic(), bytes: CHUNK, sender })
      budget.wait(pump)
    }
    pump()
  }
  await clock.advance(ms)
  return sent
}

for (const cap of [1_000_000, 3_000_000, 20_000_000, 100_000_000]) {
  test(`a cap of ${cap / 1e6} Mbit/s holds over any five seconds, and is used`, async (t) => {
    const sent = await run(cap, 5, 30_000)
    for (const { at } of sent) {
      const bytes = sent.filter((other) => other.at >= at && other.at < at + 5000).reduce((sum, { bytes: size }) => sum + size, 0)
      t.true(bytes * 8 <= cap * 5 * 1.02, `${(bytes * 8) / 5} bit/s`)
    }
    t.true(sent.length * CHUNK * 8 > cap * 30 * 0.85)
    const shares = [0, 1, 2, 3, 4].map((sender) => sent.filter((item) => item.sender === sender).length)
    t.true(Math.max(...shares) - Math.min(...shares) <= 2, shares.join(' '))
  })
}

test('control messages never wait, and media makes up for them', (t) => {
  const budget = createUploadBudget(fakeClock(), 1_000_000)
  budget.spend(200_000)
  t.false(budget.take(100))
})

test('without a cap nothing waits; with a cap of nothing all waits, until it is lifted', async (t) => {
  const clock = fakeClock()
  const budget = createUploadBudget(clock, undefined)
  t.true(budget.take(1e9))
  budget.setCap(0)
  let ran = 0
  budget.wait(() => (ran += 1))
  await clock.advance(60_000)
  t.false(budget.take(1))
  t.is(ran, 0)
  budget.setCap(undefined)
  t.is(ran, 1)
})

test('what other swarms have promised is not offered again', (t) => {
  const budget = createUploadBudget(fakeClock(), 10_000_000)
  const [mine, theirs] = [{}, {}]
  budget.commit(theirs, 7_000_000)
  budget.commit(mine, 2_000_000)
  t.is(budget.available(mine), 3_000_000)
  budget.commit(theirs, 0)
  t.is(budget.available(mine), 10_000_000)
})
