import test from 'ava'
import { hlsSessions, MAX_HLS_SESSIONS } from '../../relay/http/hls-sessions.ts'
import { silentLog } from '../../relay/log.ts'
import { fakeClock } from '../harness/clock.ts'
import { fakeRelay, ONE, startFakeHttp } from '../harness/http-ports.ts'

const signal = new AbortController().signal

test('a playlist and its segments are served, with lengths, by slug and id alike from one session', async (t) => {
  const relay = fakeRelay()
  await using http = await startFakeHttp(relay)
  const playlist = await fetch(`${http.url}/live/one/index.m3u8`)
  t.is(playlist.headers.get('content-type'), 'application/vnd.apple.mpegurl')
  t.regex(await playlist.text(), /^7\.ts$/m)
  const segment = await fetch(`${http.url}/live/${ONE}/7.ts`)
  t.is(segment.headers.get('content-type'), 'video/mp2t')
  t.is(segment.headers.get('content-length'), '3')
  t.deepEqual([...new Uint8Array(await segment.arrayBuffer())], [0x47, 1, 2])
  t.is(relay.hls.length, 1)
})

test('a segment outside the window, of no session, or with a name that is no number is not found', async (t) => {
  const relay = fakeRelay()
  await using http = await startFakeHttp(relay)
  t.is((await fetch(`${http.url}/live/one/7.ts`)).status, 404)
  await (await fetch(`${http.url}/live/one/index.m3u8`)).text()
  for (const name of ['8', '-7', 'x', '..%2f7', '7e0']) t.is((await fetch(`${http.url}/live/one/${name}.ts`)).status, 404, name)
  t.is((await fetch(`${http.url}/live/nope/7.ts`)).status, 404)
})

test('HEAD of a playlist starts nothing; a channel off air is said to be so', async (t) => {
  const relay = fakeRelay()
  await using http = await startFakeHttp(relay)
  t.is((await fetch(`${http.url}/live/one/index.m3u8`, { method: 'HEAD' })).status, 200)
  t.is(relay.hls.length, 0)
  relay.offAir.add(ONE)
  const off = await fetch(`${http.url}/live/one/index.m3u8`)
  t.is(off.status, 503)
  t.is(off.headers.get('retry-after'), '5')
  relay.offAir.clear()
  t.is((await fetch(`${http.url}/live/one/index.m3u8`)).status, 200)
})

test('a session lives while it is asked for, and a little longer', async (t) => {
  const clock = fakeClock()
  const relay = fakeRelay(clock)
  await using sessions = hlsSessions(relay.ports.hls, clock, silentLog)
  const request = { channel: ONE, profile: undefined }
  await sessions.open(request, signal)
  await clock.advance(15_000)
  await sessions.running(request, signal)
  await clock.advance(15_000)
  t.false(relay.hls[0]?.disposed)
  await clock.advance(6_000)
  t.true(relay.hls[0]?.disposed)
  t.is(sessions.size, 0)
  t.is(await sessions.running(request, signal), undefined)
})

test('who asks at the same time shares one session; another profile has its own', async (t) => {
  const clock = fakeClock()
  const relay = fakeRelay(clock)
  await using sessions = hlsSessions(relay.ports.hls, clock, silentLog)
  const [first, second] = await Promise.all([
    sessions.open({ channel: ONE, profile: undefined }, signal),
    sessions.open({ channel: ONE, profile: undefined }, signal),
  ])
  t.is(first, second)
  await sessions.open({ channel: ONE, profile: 'tv' }, signal)
  t.is(relay.hls.length, 2)
})

test('a session that did not start leaves no trace', async (t) => {
  const clock = fakeClock()
  const relay = fakeRelay(clock)
  await using sessions = hlsSessions(relay.ports.hls, clock, silentLog)
  relay.offAir.add(ONE)
  await t.throwsAsync(sessions.open({ channel: ONE, profile: undefined }, signal), { code: 'channel-off-air' })
  await clock.advance(0)
  t.is(sessions.size, 0)
})

test('a channel that goes off air keeps its last list for a while, then starts anew', async (t) => {
  const clock = fakeClock()
  const relay = fakeRelay(clock)
  await using sessions = hlsSessions(relay.ports.hls, clock, silentLog)
  const request = { channel: ONE, profile: undefined }
  const first = await sessions.open(request, signal)
  relay.hls[0]?.goOffAir()
  await clock.advance(5_000)
  t.is(await sessions.open(request, signal), first)
  await clock.advance(6_000)
  t.not(await sessions.open(request, signal), first)
  t.true(relay.hls[0]?.disposed)
})

test('sessions are bounded', async (t) => {
  const clock = fakeClock()
  const relay = fakeRelay(clock)
  await using sessions = hlsSessions(relay.ports.hls, clock, silentLog)
  for (let count = 0; count < MAX_HLS_SESSIONS; count += 1) await sessions.open({ channel: `c${count}`, profile: undefined }, signal)
  await t.throwsAsync(sessions.open({ channel: ONE, profile: undefined }, signal), { code: 'too-many-requests' })
  t.is(relay.hls.length, MAX_HLS_SESSIONS)
})
