import test from 'ava'
import { openSequence } from '../../relay/broadcast/sequence.ts'
import { silentLog } from '../../relay/log.ts'
import { fakeClock } from '../harness/clock.ts'

const storeWith = (sequence: number) => {
  const store = {
    sequence,
    saves: 0,
    load: () => Promise.resolve(store.sequence),
    save: (next: number) => {
      store.sequence = next
      store.saves += 1
      return Promise.resolve()
    },
  }
  return store
}
const NOW = Date.UTC(2026, 0, 1)
const open = async (store: ReturnType<typeof storeWith>, now = NOW) => openSequence({ store, clock: fakeClock(now), log: silentLog })

test('an epoch begins at the wall clock', async (t) => {
  const sequence = await open(storeWith(0))
  t.is(sequence.epoch, NOW)
  t.deepEqual([sequence.next(), sequence.next()], [NOW, NOW + 1])
})

test('an epoch begins after the last number when the clock is behind', async (t) => {
  t.is((await open(storeWith(NOW + 5000))).epoch, NOW + 5001)
})

test('a killed broadcaster never uses a number again', async (t) => {
  const store = storeWith(0)
  for (let life = 0; life < 3; life += 1) {
    const before = store.sequence
    const sequence = await open(store)
    t.true(sequence.epoch > before || life === 0)
    let last = 0
    for (let chunk = 0; chunk < 7000; chunk += 1) {
      last = sequence.next()
      if (chunk % 100 === 0) await Promise.resolve().then(() => {}) // saving takes turns
    }
    t.true(store.sequence >= last)
  }
  t.true(store.saves < 40)
})

test('an orderly end stores the last number used', async (t) => {
  const store = storeWith(0)
  const sequence = await open(store)
  sequence.next()
  sequence.next()
  await sequence[Symbol.asyncDispose]()
  t.is(store.sequence, NOW + 1)
})
