import test from 'ava'
import { silentLog } from '../../relay/log.ts'
import { pauseAfter, planDials, startDialler, type DialTarget } from '../../relay/overlay/dialler.ts'
import { MAX_DIAL_TARGETS, MAX_PARALLEL_DIALS, MAX_REDIAL_MS, REDIAL_MS, WANTED_CONNECTIONS } from '../../relay/overlay/limits.ts'
import { fakeClock } from '../harness/clock.ts'

const target = (fields: Partial<DialTarget>): DialTarget => ({
  kind: 'good',
  peer: 'p',
  addresses: ['/ip4/10.0.0.1/tcp/1'],
  failures: 0,
  notBefore: 0,
  state: 'idle',
  ...fields,
})
const named = (targets: Record<string, Partial<DialTarget>>): Map<string, DialTarget> =>
  new Map(Object.entries(targets).map(([key, fields]) => [key, target({ peer: key, ...fields })]))
const connectedTo = (count: number): Set<string> => new Set(Array.from({ length: count }, (_, number) => `c${number}`))

test('bootstrap nodes are dialled first and always, others only while connections are few', (t) => {
  const targets = named({ good: {}, lan: { kind: 'lan' }, boot: { kind: 'bootstrap' } })
  t.deepEqual(planDials({ targets, connected: new Set(), now: 0 }), ['boot', 'lan', 'good'])
  t.deepEqual(planDials({ targets, connected: connectedTo(WANTED_CONNECTIONS), now: 0 }), ['boot'])
})

test('nobody is dialled twice, too early, or who is connected', (t) => {
  const targets = named({ busy: { state: 'dialling' }, early: { notBefore: 10 }, there: {} })
  t.deepEqual(planDials({ targets, connected: new Set(['there']), now: 9 }), [])
  t.deepEqual(planDials({ targets, connected: new Set(), now: 10 }), ['early', 'there'])
})

test('at most so many are dialled at once', (t) => {
  const targets = named(Object.fromEntries(Array.from({ length: 40 }, (_, number) => [`b${number}`, { kind: 'bootstrap' }])))
  t.is(planDials({ targets, connected: new Set(), now: 0 }).length, MAX_PARALLEL_DIALS)
})

test('a peer on the LAN that never answers is given up', (t) => {
  t.deepEqual(planDials({ targets: named({ lan: { kind: 'lan', failures: 3 } }), connected: new Set(), now: 0 }), [])
  t.deepEqual(planDials({ targets: named({ boot: { kind: 'bootstrap', failures: 1000 } }), connected: new Set(), now: 0 }), ['boot'])
})

test('pauses double up to the longest', (t) => {
  t.deepEqual([1, 2, 3].map(pauseAfter), [REDIAL_MS, 2 * REDIAL_MS, 4 * REDIAL_MS])
  t.is(pauseAfter(50), MAX_REDIAL_MS)
})

test('a bootstrap node that does not answer is dialled until it does, and again when it is lost', async (t) => {
  const clock = fakeClock()
  const lifetime = new AbortController()
  const connected = new Set<string>()
  const dials: number[] = []
  const dialler = startDialler({
    clock,
    log: silentLog,
    signal: lifetime.signal,
    connected: () => connected,
    dial() {
      dials.push(clock.monotonic())
      if (dials.length < 4) return Promise.reject(new Error('nobody'))
      connected.add('boot')
      return Promise.resolve('boot')
    },
  })
  dialler.add('bootstrap', 'boot', ['/ip4/10.0.0.1/tcp/1/p2p/boot'])
  await clock.advance(20_000)
  t.is(dials.length, 4)
  t.true((dials[3] ?? 0) - (dials[2] ?? 0) >= 4 * REDIAL_MS)
  connected.clear()
  await clock.advance(2 * REDIAL_MS)
  t.is(dials.length, 5)
  lifetime.abort()
  connected.clear()
  await clock.advance(60_000)
  t.is(dials.length, 5)
})

test('announcements of strangers do not grow the list without end', async (t) => {
  const clock = fakeClock()
  const lifetime = new AbortController()
  let dials = 0
  const dial = (): Promise<string> => {
    dials += 1
    return new Promise(() => {})
  }
  const dialler = startDialler({ clock, log: silentLog, signal: lifetime.signal, connected: () => connectedTo(WANTED_CONNECTIONS), dial })
  for (let number = 0; number < 2 * MAX_DIAL_TARGETS; number += 1) dialler.add('lan', `stranger-${number}`, ['/ip4/10.0.0.1/tcp/1'])
  dialler.add('bootstrap', 'boot', ['/ip4/10.0.0.1/tcp/1'])
  t.is(dials, 1, 'there is always room for a bootstrap node')
  lifetime.abort()
  await clock.advance(1)
})
