import test from 'ava'
import type { Channel, Recording } from '../../relay/http/schemas.ts'
import { createActions, UNDO_MS } from '../../web-ui/state/actions.ts'
import { recordStateOf } from '../../web-ui/state/channels.ts'
import { createNotices } from '../../web-ui/state/notices.ts'
import { createResources, listOf } from '../../web-ui/state/resources.ts'
import { channels, networks, recordings, renderers } from './fixture-data.ts'
import { fakeApi, fakePageClock, problemOf } from './fakes.ts'

function setUp() {
  const api = fakeApi()
  const clock = fakePageClock()
  const resources = createResources()
  resources.channels.value = { kind: 'ready', value: channels(clock.now()) }
  resources.recordings.value = { kind: 'ready', value: recordings(clock.now(), '/x', 1, 1) }
  resources.renderers.value = { kind: 'ready', value: renderers() }
  const notices = createNotices(clock)
  const actions = createActions({ api, clock, resources, notices })
  const channel = (): Channel => listOf(resources.channels)[0] as Channel
  const recordState = () => recordStateOf(channel(), actions.pendingRecords.value.get(channel().id))
  return { api, clock, resources, notices, actions, channel, recordState }
}
const running = (channel: Channel): Recording => ({
  id: 'r-1',
  channel: channel.id,
  channelName: channel.name,
  title: 'x',
  start: '2026-01-01T20:00:00Z',
  capture: { kind: 'running' },
  bytes: 0,
  duration: 0,
  gaps: [],
  url: '/recordings/r-1/file',
})
const done = (recording: Recording): Recording => ({ ...recording, capture: { kind: 'done', reason: 'stopped' } })

test('a recording shows as starting at once, and as recording when the relay has said yes', async (t) => {
  const { api, actions, channel, recordState, resources } = setUp()
  const started = actions.startRecording(channel())
  t.deepEqual(recordState(), { kind: 'starting' })
  const asked = api.take('POST', 'recordings')
  t.deepEqual(asked.body, { channel: channel().id })
  await asked.reply({ ok: true, value: running(channel()) })
  await started
  t.deepEqual(recordState(), { kind: 'recording', id: 'r-1' })
  t.is(listOf(resources.recordings)[0]?.id, 'r-1')
})

test('a refused recording is taken back, with the words of the relay', async (t) => {
  const { api, actions, channel, notices, recordState } = setUp()
  const started = actions.startRecording(channel())
  await api.take('POST', 'recordings').reply(problemOf('only 2 GB are free; 5 GiB are reserved', 507))
  await started
  t.deepEqual(recordState(), { kind: 'idle' })
  t.is(notices.list.value[0]?.kind, 'error')
  t.regex(notices.list.value[0]?.text ?? '', /only 2 GB are free; 5 GiB are reserved$/)
})

test('a second press while the first is under way asks nothing more', async (t) => {
  const { api, actions, channel } = setUp()
  const first = actions.startRecording(channel())
  await actions.startRecording(channel())
  t.is(api.calls.length, 1)
  await api.take('POST', 'recordings').reply(problemOf('no'))
  await first
})

test('a stopped recording shows as stopping at once, and the channel is free afterwards', async (t) => {
  const { api, actions, channel, recordState } = setUp()
  const started = actions.startRecording(channel())
  await api.take('POST', 'recordings').reply({ ok: true, value: running(channel()) })
  await started
  const stopped = actions.stopRecording({ id: 'r-1', channel: channel().id })
  t.deepEqual(recordState(), { kind: 'stopping', id: 'r-1' })
  await api.take('POST', 'recordings/r-1/stop').reply({ ok: true, value: done(running(channel())) })
  await stopped
  t.deepEqual(recordState(), { kind: 'idle' })
})

test('a recording that would not stop goes on', async (t) => {
  const { api, actions, channel, notices, recordState } = setUp()
  const started = actions.startRecording(channel())
  await api.take('POST', 'recordings').reply({ ok: true, value: running(channel()) })
  await started
  const stopped = actions.stopRecording({ id: 'r-1', channel: channel().id })
  await api.take('POST', 'recordings/r-1/stop').reply(problemOf('the relay is stopping'))
  await stopped
  t.deepEqual(recordState(), { kind: 'recording', id: 'r-1' })
  t.is(notices.list.value.length, 1)
})

test('a deleted recording is gone at once, and deleted for good only when nobody took it back', async (t) => {
  const { api, actions, clock, resources } = setUp()
  const [recording] = listOf(resources.recordings)
  if (recording === undefined) return t.fail()
  actions.removeRecording(recording)
  t.true(actions.removed.value.has(recording.id))
  await clock.advance(UNDO_MS - 1)
  t.is(api.calls.length, 0)
  await clock.advance(1)
  await api.take('DELETE', `recordings/${recording.id}`).reply({ ok: true, value: undefined })
  t.false(listOf(resources.recordings).some(({ id }) => id === recording.id))
})

test('an undone deletion is never sent', async (t) => {
  const { api, actions, clock, notices, resources } = setUp()
  const [recording] = listOf(resources.recordings)
  if (recording === undefined) return t.fail()
  actions.removeRecording(recording)
  notices.list.value[0]?.action?.run()
  t.false(actions.removed.value.has(recording.id))
  await clock.advance(UNDO_MS * 2)
  actions.flush()
  t.is(api.calls.length, 0)
})

test('a refused deletion brings the recording back', async (t) => {
  const { api, actions, clock, notices, resources } = setUp()
  const [recording] = listOf(resources.recordings)
  if (recording === undefined) return t.fail()
  actions.removeRecording(recording)
  await clock.advance(UNDO_MS)
  await api.take('DELETE', `recordings/${recording.id}`).reply(problemOf('the disk is read-only'))
  t.false(actions.removed.value.has(recording.id))
  t.true(notices.list.value.some(({ text }) => text.endsWith('the disk is read-only')))
})

test('deletions that wait are sent when the page goes away', (t) => {
  const { api, actions, resources } = setUp()
  const [recording] = listOf(resources.recordings)
  if (recording === undefined) return t.fail()
  actions.removeRecording(recording)
  actions.flush()
  actions.flush()
  t.deepEqual(
    api.calls.map(({ method, path }) => `${method} ${path}`),
    [`DELETE recordings/${recording.id}`],
  )
})

test('an id never leaves its place in the path', async (t) => {
  const { api, actions } = setUp()
  const stopped = actions.stopRecording({ id: '../networks?x', channel: 'c' })
  await api.take('POST', 'recordings/..%2Fnetworks%3Fx/stop').reply(problemOf('no'))
  await stopped
  t.pass()
})

test('a TV shows what it was asked to play, until the relay answers', async (t) => {
  const { api, actions, channel, notices, resources } = setUp()
  const [, kitchen] = listOf(resources.renderers)
  if (kitchen === undefined) return t.fail()
  const played = actions.playOn(kitchen, channel())
  t.deepEqual(actions.pendingRenderers.value.get(kitchen.id), { kind: 'starting', channel: channel().id })
  const asked = api.take('POST', `renderers/${kitchen.id}/play`)
  t.deepEqual(asked.body, { channel: channel().id })
  await asked.reply(problemOf('the TV did not answer within 5 s'))
  await played
  t.is(actions.pendingRenderers.value.size, 0)
  t.regex(notices.list.value[0]?.text ?? '', /^Kitchen .*did not answer within 5 s$/)
})

test('a refused join link keeps the words of the relay beside the form', async (t) => {
  const { api, actions, resources } = setUp()
  const joined = actions.join('  tributary:cut  ')
  t.is(actions.joining.value.kind, 'sending')
  const asked = api.take('POST', 'networks')
  t.deepEqual(asked.body, { link: 'tributary:cut' })
  await asked.reply(problemOf('the link is cut short', 400))
  t.false(await joined)
  t.like(actions.joining.value, { kind: 'refused', problem: { detail: 'the link is cut short' } })
  const again = actions.join('tributary:whole')
  await api.take('POST', 'networks').reply({ ok: true, value: networks(0)[0] })
  t.true(await again)
  t.is(listOf(resources.networks).length, 1)
})

test('notices go after a while, and never pile up', async (t) => {
  const { clock, notices } = setUp()
  for (let count = 0; count < 10; count += 1) notices.show({ kind: 'info', text: String(count) })
  t.deepEqual(
    notices.list.value.map(({ text }) => text),
    ['7', '8', '9'],
  )
  await clock.advance(60_000)
  t.deepEqual(notices.list.value, [])
})
