import test from 'ava'
import { openFeed, type Feed } from '../../relay/feed/feed.ts'
import type { Tuned } from '../../relay/feed/first-picture.ts'
import { startTuner, type TunerDeps } from '../../relay/feed/tuner.ts'
import { RelayError } from '../../relay/errors.ts'
import { silentLog } from '../../relay/log.ts'
import { fakeClock } from '../harness/clock.ts'
import { eventually, mediaChunk, pushSource, type PushSource } from '../harness/push-source.ts'

const never = new AbortController().signal

interface Joined {
  readonly channel: string
  readonly source: PushSource
  readonly signal: AbortSignal
  closed: boolean
}

/** A tuner whose joins succeed at once, with a random access point unless `silent`. */
const setUp = (options: Partial<TunerDeps> & { readonly silent?: boolean } = {}) => {
  const clock = fakeClock()
  const joins: Joined[] = []
  const tuned = (channel: string, signal: AbortSignal, log: Joined[]): Tuned => {
    const source = pushSource()
    const feed = openFeed({ source, clock, log: silentLog, channel })
    const joined: Joined = { channel, source, signal, closed: false }
    log.push(joined)
    if (options.silent !== true) source.push(mediaChunk(1, { randomAccess: true }))
    return {
      feed,
      async [Symbol.asyncDispose]() {
        joined.closed = true
        await feed[Symbol.asyncDispose]()
      },
    }
  }
  const renders: Joined[] = []
  const tuner = startTuner({
    join: (channel, signal) => Promise.resolve(tuned(channel, signal, joins)),
    render: (feed: Feed, profile, signal) => Promise.resolve(tuned(`${feed.channel} as ${profile}`, signal, renders)),
    clock,
    log: silentLog,
    ...options,
  })
  return { clock, tuner, joins, renders }
}

test('viewers who tune at the same time share one join', async (t) => {
  const { tuner, joins } = setUp()
  await using _tuner = tuner
  const leases = await Promise.all([1, 2, 3].map(() => tuner.tune('one', undefined, never)))
  t.is(joins.length, 1)
  t.is(new Set(leases.map((lease) => lease.feed)).size, 1)
  t.like(tuner.states().get('one'), { kind: 'live', readers: 3 })
  leases[0]?.[Symbol.dispose]()
  leases[0]?.[Symbol.dispose]()
  t.like(tuner.states().get('one'), { kind: 'live', readers: 2 })
})

test('a feed that nobody holds lingers, and the next tune cancels its leaving', async (t) => {
  const { clock, tuner, joins } = setUp()
  await using _tuner = tuner
  const first = await tuner.tune('one', undefined, never)
  first[Symbol.dispose]()
  t.like(tuner.states().get('one'), { kind: 'lingering', until: new Date(clock.now() + 10_000).toISOString() })
  await clock.advance(9_999)
  const second = await tuner.tune('one', undefined, never)
  await clock.advance(60_000)
  t.is(joins.length, 1)
  t.false(joins[0]?.closed)
  second[Symbol.dispose]()
  await clock.advance(10_000)
  t.true(joins[0]?.closed)
  t.is(tuner.states().size, 0)
  const third = await tuner.tune('one', undefined, never)
  t.is(joins.length, 2)
  third[Symbol.dispose]()
})

test('a caller that stops waiting leaves the join to the others', async (t) => {
  const { tuner, joins } = setUp({ silent: true })
  await using _tuner = tuner
  const impatient = new AbortController()
  const left = tuner.tune('one', undefined, impatient.signal)
  const stays = tuner.tune('one', undefined, never)
  impatient.abort(new Error('zapped on'))
  await t.throwsAsync(left, { message: 'zapped on' })
  joins[0]?.source.push(mediaChunk(1, { randomAccess: true }))
  using lease = await stays
  t.is(joins.length, 1)
  t.like(tuner.states().get('one'), { kind: 'live', readers: 1 })
  t.is(lease.feed.state.kind, 'live')
})

test('a join that everybody has left lingers once it is there', async (t) => {
  const { clock, tuner, joins } = setUp({ silent: true })
  await using _tuner = tuner
  const impatient = new AbortController()
  const left = tuner.tune('one', undefined, impatient.signal)
  impatient.abort(new Error('zapped on'))
  await t.throwsAsync(left)
  t.is(tuner.states().get('one')?.kind, 'joining')
  joins[0]?.source.push(mediaChunk(1, { randomAccess: true }))
  await eventually(() => tuner.states().get('one')?.kind === 'lingering')
  await clock.advance(10_000)
  t.true(joins[0]?.closed)
})

test('a channel that sends nothing is given up at the deadline, with the reason, and leaves no trace', async (t) => {
  const { clock, tuner, joins } = setUp({ silent: true })
  await using _tuner = tuner
  const tuning = tuner.tune('one', undefined, never)
  const failed = t.throwsAsync(tuning, { instanceOf: RelayError, code: 'tune-timeout', message: /sent no picture within 8 s/ })
  await clock.advance(8_000)
  await failed
  t.true(joins[0]?.closed)
  t.is(tuner.states().size, 0)
})

test('a join that never comes back is given up; when it comes late it is let go of', async (t) => {
  const late = Promise.withResolvers<Tuned>()
  const { clock, tuner } = setUp({ join: () => late.promise })
  await using _tuner = tuner
  const failed = t.throwsAsync(tuner.tune('one', undefined, never), { code: 'tune-timeout', message: /no peer/ })
  await clock.advance(8_000)
  await failed
  let closed = false
  const feed = openFeed({ source: pushSource(), clock, log: silentLog, channel: 'one' })
  late.resolve({
    feed,
    async [Symbol.asyncDispose]() {
      closed = true
      await feed[Symbol.asyncDispose]()
    },
  })
  await eventually(() => closed)
  t.true(closed)
})

test('a channel known to be off air says so at the deadline', async (t) => {
  const { clock, tuner } = setUp({ silent: true, onAir: () => false })
  await using _tuner = tuner
  const failed = t.throwsAsync(tuner.tune('one', undefined, never), { code: 'channel-off-air' })
  await clock.advance(8_000)
  await failed
})

test('a channel that goes off air before its first picture says so at once', async (t) => {
  const { tuner, joins } = setUp({ silent: true })
  await using _tuner = tuner
  const failed = t.throwsAsync(tuner.tune('one', undefined, never), { code: 'channel-off-air' })
  await eventually(() => joins.length === 1)
  joins[0]?.source.end()
  await failed
})

test('what a join throws reaches every caller, and the next tune tries again', async (t) => {
  let tries = 0
  const { tuner } = setUp({
    join: async () => {
      tries += 1
      throw new RelayError('channel-not-found', 'no channel one')
    },
  })
  await using _tuner = tuner
  await Promise.all([1, 2].map(() => t.throwsAsync(tuner.tune('one', undefined, never), { code: 'channel-not-found' })))
  t.is(tries, 1)
  await t.throwsAsync(tuner.tune('one', undefined, never), { code: 'channel-not-found' })
  t.is(tries, 2)
})

test('a feed that has ended is dropped, so that the next tune joins anew', async (t) => {
  const { tuner, joins } = setUp()
  await using _tuner = tuner
  using first = await tuner.tune('one', undefined, never)
  using reader = first.feed.openReader({ from: 'live' })
  joins[0]?.source.end()
  t.is(await first.feed.ended, 'off-air')
  await eventually(() => tuner.states().size === 0)
  t.true(joins[0]?.closed)
  t.is(reader.take()?.kind, 'chunk', 'its readers drain')
  using second = await tuner.tune('one', undefined, never)
  t.is(joins.length, 2)
  t.not(second.feed, first.feed)
})

test('a new join of a channel waits until the one before is let go of', async (t) => {
  const gone = Promise.withResolvers<void>()
  const clock = fakeClock()
  let joins = 0
  await using tuner = startTuner({
    async join(channel) {
      joins += 1
      const source = pushSource()
      source.push(mediaChunk(1, { randomAccess: true }))
      const feed = openFeed({ source, clock, log: silentLog, channel })
      return { feed, [Symbol.asyncDispose]: () => gone.promise }
    },
    render: () => Promise.reject(new Error('not here')),
    clock,
    log: silentLog,
  })
  const first = await tuner.tune('one', undefined, never)
  first[Symbol.dispose]()
  await clock.advance(10_000)
  const second = tuner.tune('one', undefined, never)
  await clock.advance(1_000)
  t.is(joins, 1)
  gone.resolve()
  using _second = await second
  t.is(joins, 2)
})

test('when all tuners are in use the next one is refused; a lingering one makes room', async (t) => {
  const { tuner, joins } = setUp({ maxFeeds: 2 })
  await using _tuner = tuner
  const one = await tuner.tune('one', undefined, never)
  using _two = await tuner.tune('two', undefined, never)
  await t.throwsAsync(tuner.tune('three', undefined, never), { code: 'too-many-requests', message: /all 2 tuners/ })
  one[Symbol.dispose]()
  using _three = await tuner.tune('three', undefined, never)
  t.true(joins[0]?.closed)
  t.deepEqual([...tuner.states().keys()], ['two', 'three'])
})

test('a rendition is shared, holds its channel, and lets go of it after its own linger', async (t) => {
  const { clock, tuner, joins, renders } = setUp()
  await using _tuner = tuner
  const [first, second] = await Promise.all([tuner.tune('one', 'tv', never), tuner.tune('one', 'tv', never)])
  t.is(first?.feed, second?.feed)
  t.is(renders.length, 1)
  t.like(tuner.states().get('one'), { kind: 'live', readers: 1 })
  t.is(tuner.peek('one', 'tv'), first?.feed)
  first?.[Symbol.dispose]()
  second?.[Symbol.dispose]()
  await clock.advance(10_000)
  t.true(renders[0]?.closed)
  t.is(tuner.states().get('one')?.kind, 'lingering')
  await clock.advance(10_000)
  t.true(joins[0]?.closed)
})

test('a rendition that cannot be made gives its channel back', async (t) => {
  const { tuner } = setUp({ render: () => Promise.reject(new RelayError('profile-not-found', 'no profile')) })
  await using _tuner = tuner
  await t.throwsAsync(tuner.tune('one', 'nope', never), { code: 'profile-not-found' })
  t.is(tuner.states().get('one')?.kind, 'lingering')
})

test('stopping lets go of all feeds, and those who wait hear of it', async (t) => {
  const { tuner, joins } = setUp()
  using lease = await tuner.tune('one', undefined, never)
  await Promise.all([tuner[Symbol.asyncDispose](), tuner[Symbol.asyncDispose]()])
  t.true(joins.every((join) => join.closed))
  t.is(lease.feed.state.kind, 'ended')
  const silent = setUp({ silent: true })
  const waiting = t.throwsAsync(silent.tuner.tune('two', undefined, never), { name: 'AbortError' })
  await silent.tuner[Symbol.asyncDispose]()
  await waiting
  t.true(silent.joins.every((join) => join.closed))
})

test('every change of state is told', async (t) => {
  const { clock, tuner } = setUp()
  await using _tuner = tuner
  const seen: (string | undefined)[] = []
  using _listening = tuner.events.on('changed', () => seen.push(tuner.states().get('one')?.kind))
  const lease = await tuner.tune('one', undefined, never)
  lease[Symbol.dispose]()
  await clock.advance(10_000)
  t.deepEqual([...new Set(seen)], ['joining', 'live', 'lingering', undefined])
})
