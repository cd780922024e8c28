import type { KadDHT, QueryEvent } from '@libp2p/kad-dht'
import test from 'ava'
import { silentLog } from '../../relay/log.ts'
import { slotAt, slotKey, startPresence } from '../../relay/overlay/dht.ts'
import { SLOT_MS } from '../../relay/overlay/limits.ts'
import { fakeClock, type FakeClock } from '../harness/clock.ts'

const KEY = Buffer.alloc(32, 5)

/** A DHT of one node that remembers what it was told. */
function fakeDht(takes: () => boolean) {
  const provided: string[] = []
  const forgotten: string[] = []
  const dht = {
    async *provide(cid: { toString(): string }) {
      provided.push(cid.toString())
      if (takes()) yield { name: 'PEER_RESPONSE', messageName: 'ADD_PROVIDER' } as QueryEvent
    },
    async *findProviders() {},
    cancelReprovide(cid: { toString(): string }) {
      forgotten.push(cid.toString())
      return Promise.resolve()
    },
  } as unknown as Pick<KadDHT, 'provide' | 'findProviders' | 'cancelReprovide'>
  return { dht, provided, forgotten }
}

const start = (clock: FakeClock, takes: () => boolean) => {
  const lifetime = new AbortController()
  const fake = fakeDht(takes)
  return { ...fake, lifetime, presence: startPresence({ dht: fake.dht, self: 'me', clock, log: silentLog, signal: lifetime.signal }) }
}

test('a key is called something else in every slot', (t) => {
  const slot = slotAt(Date.UTC(2026, 0, 1))
  t.is(slotKey(KEY, slot).toString(), slotKey(KEY, slot).toString())
  t.not(slotKey(KEY, slot).toString(), slotKey(KEY, slot + 1).toString())
  t.is(slotAt(SLOT_MS - 1), 0)
  t.is(slotAt(SLOT_MS), 1)
})

test('presence is said for this slot and the next, and old slots are taken back', async (t) => {
  const clock = fakeClock()
  const { presence, provided, forgotten, lifetime } = start(clock, () => true)
  const slot = slotAt(clock.now())
  const holding = presence.provide(KEY)
  await clock.advance(1)
  t.deepEqual(provided, [slotKey(KEY, slot).toString(), slotKey(KEY, slot + 1).toString()])
  await clock.advance(SLOT_MS + 60_000)
  t.true(provided.includes(slotKey(KEY, slot + 2).toString()))
  t.true(forgotten.includes(slotKey(KEY, slot).toString()))
  holding[Symbol.dispose]()
  await clock.advance(1)
  const said = provided.length
  await clock.advance(SLOT_MS)
  t.is(provided.length, said)
  t.true(forgotten.includes(slotKey(KEY, slot + 2).toString()))
  lifetime.abort()
})

test('while nobody takes it, presence is offered again soon, and at once when a neighbour comes', async (t) => {
  const clock = fakeClock()
  let taken = false
  const { presence, provided, lifetime } = start(clock, () => taken)
  presence.provide(KEY)
  await clock.advance(1)
  t.is(provided.length, 2)
  taken = true
  presence.neighbours()
  await clock.advance(300)
  t.is(provided.length, 4)
  await clock.advance(60_000)
  t.is(provided.length, 4, 'one telling is enough for some minutes')
  lifetime.abort()
})
