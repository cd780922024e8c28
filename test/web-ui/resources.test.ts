import test from 'ava'
import { connect, createResources, listOf, reconnectPause, RESOURCE_NAMES } from '../../web-ui/state/resources.ts'
import { channels, networks } from './fixture-data.ts'
import { fakeApi, fakeEvents, fakePageClock, problemOf } from './fakes.ts'

function setUp() {
  const api = fakeApi()
  const events = fakeEvents()
  const clock = fakePageClock()
  const resources = createResources()
  const connection = connect({ api, openEvents: events.open, clock }, resources)
  const newest = () => {
    const last = events.connections.at(-1)
    if (last === undefined) throw new Error('no connection was opened')
    return last
  }
  return { api, events, clock, resources, connection, newest }
}
const LIST = channels(0)

test('every list is asked for at once, without waiting for the events', (t) => {
  const { api } = setUp()
  t.deepEqual(
    api.calls.map(({ path }) => path),
    [...RESOURCE_NAMES],
  )
})

test('an event replaces a whole list', (t) => {
  const { resources, newest } = setUp()
  newest().onOpen()
  newest().onEvent('channels', LIST)
  newest().onEvent('channels', LIST.slice(0, 2))
  t.is(listOf(resources.channels).length, 2)
})

test('an answer that an event has overtaken is dropped', async (t) => {
  const { api, resources, newest } = setUp()
  newest().onEvent('channels', LIST)
  await api.take('GET', 'channels').reply({ ok: true, value: [] })
  t.is(listOf(resources.channels).length, LIST.length)
})

test('a list that cannot be loaded says why, and an event still brings it', async (t) => {
  const { api, resources, newest } = setUp()
  await api.take('GET', 'networks').reply(problemOf('the relay is starting'))
  t.like(resources.networks.value, { kind: 'failed', problem: { detail: 'the relay is starting' } })
  newest().onEvent('networks', networks(0))
  t.is(listOf(resources.networks).length, 1)
})

test('a list that is known stays when asking again fails', async (t) => {
  const { api, resources, newest } = setUp()
  newest().onEvent('channels', LIST)
  newest().onOpen()
  for (const call of api.calls) if (call.path === 'channels') await call.reply(problemOf('no'))
  t.is(resources.channels.value.kind, 'ready')
})

test('an event of an unknown name changes nothing', (t) => {
  const { resources, newest } = setUp()
  newest().onEvent('__proto__', [])
  newest().onEvent('weather', [])
  t.deepEqual(
    RESOURCE_NAMES.map((name) => resources[name].value.kind),
    RESOURCE_NAMES.map(() => 'loading'),
  )
})

test('a lost connection is opened again with growing pauses, and all lists are asked for anew', async (t) => {
  const { api, clock, connection, events, newest } = setUp()
  newest().onOpen()
  api.calls.length = 0
  const began = clock.now()
  newest().onLost()
  t.deepEqual(connection.link.value, { kind: 'lost', since: began, retryAt: began + reconnectPause(0) })
  await clock.advance(reconnectPause(0))
  t.is(events.connections.length, 2)
  newest().onLost()
  t.like(connection.link.value, { kind: 'lost', since: began })
  await clock.advance(reconnectPause(1) - 1)
  t.is(events.connections.length, 2)
  await clock.advance(1)
  t.is(events.connections.length, 3)
  newest().onOpen()
  t.deepEqual(connection.link.value, { kind: 'open' })
  t.deepEqual(
    api.calls.map(({ path }) => path),
    [...RESOURCE_NAMES],
  )
})

test('the first pause counts again once the connection has stood', async (t) => {
  const { clock, events, newest } = setUp()
  for (let round = 0; round < 5; round += 1) {
    newest().onOpen()
    newest().onLost()
    await clock.advance(reconnectPause(0))
  }
  t.is(events.connections.length, 6)
})

test('connecting now does not wait, and leaves no second connection behind', async (t) => {
  const { clock, connection, events, newest } = setUp()
  newest().onLost()
  connection.retryNow()
  t.is(events.connections.length, 2)
  await clock.advance(60_000)
  t.is(events.connections.length, 2)
})

test('a closed connection stays closed and takes no late answers', async (t) => {
  const { api, clock, connection, events, newest, resources } = setUp()
  const asked = api.take('GET', 'channels')
  connection.close()
  newest().onLost()
  await asked.reply({ ok: true, value: LIST })
  await clock.advance(60_000)
  t.is(events.connections.length, 1)
  t.true(events.connections[0]?.closed)
  t.is(resources.channels.value.kind, 'loading')
})
