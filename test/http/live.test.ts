import test from 'ava'
import { once } from 'node:events'
import { MAX_VIEWERS } from '../../relay/http/live.ts'
import { fakeClock } from '../harness/clock.ts'
import { fakeRelay, ONE, startFakeHttp } from '../harness/http-ports.ts'
import { parseAnswer, rawOpen, rawRequest } from '../harness/raw-http.ts'

const PACKET = new Uint8Array(188).fill(0x47)

test('HEAD is answered as MPEG-TS without tuning', async (t) => {
  const relay = fakeRelay()
  relay.offAir.add(ONE)
  await using http = await startFakeHttp(relay)
  for (const line of ['HEAD /live/one.ts HTTP/1.1', `HEAD /live/${ONE}.ts?profile=tv HTTP/1.0`]) {
    const answer = parseAnswer(await rawRequest(http.port, [line, 'Host: localhost', 'Connection: close']))
    t.is(answer.status, 200)
    t.is(answer.headers['content-type'], 'video/mp2t')
    t.is(answer.headers['accept-ranges'], 'none')
    t.is(answer.body, '')
  }
  t.is(relay.streams.length, 0)
})

for (const version of ['1.0', '1.1']) {
  test(`over HTTP/${version} the stream comes as it is, without chunks, and ends with the connection when the channel goes off air`, async (t) => {
    const relay = fakeRelay()
    await using http = await startFakeHttp(relay)
    const asked = rawRequest(http.port, [`GET /live/one.ts HTTP/${version}`, 'Host: localhost', 'TE: chunked', 'Range: bytes=0-'])
    const stream = await relay.opened(0)
    t.deepEqual(stream.request, { channel: ONE, profile: undefined, from: undefined })
    await stream.write(PACKET)
    await stream.write(PACKET)
    stream.goOffAir()
    const answer = parseAnswer(await asked)
    t.is(answer.status, 200)
    t.is(answer.headers['content-type'], 'video/mp2t')
    t.is(answer.headers['transfer-encoding'], undefined)
    t.is(answer.headers['content-length'], undefined)
    t.is(answer.headers['connection'], 'close')
    t.is(answer.body, 'G'.repeat(376))
    await stream.released
  })
}

test('the head leaves before the first byte of media does', async (t) => {
  const relay = fakeRelay()
  await using http = await startFakeHttp(relay)
  const response = await fetch(`${http.url}/live/one.ts`)
  t.is(response.status, 200)
  ;(await relay.opened(0)).goOffAir()
  t.is(await response.text(), '')
})

test('a viewer that leaves gives the channel back at once', async (t) => {
  const relay = fakeRelay()
  await using http = await startFakeHttp(relay)
  const socket = rawOpen(http.port, ['GET /live/one.ts HTTP/1.1', 'Host: localhost'])
  const stream = await relay.opened(0)
  await stream.write(PACKET)
  await once(socket, 'data')
  socket.destroy()
  await stream.released
  t.pass()
})

test('a stream may begin in the past, and in a profile', async (t) => {
  const relay = fakeRelay(fakeClock())
  await using http = await startFakeHttp(relay)
  const response = await fetch(`${http.url}/live/one.ts?start=-600&profile=tv`)
  const stream = await relay.opened(0)
  t.deepEqual(stream.request, { channel: ONE, profile: 'tv', from: Date.UTC(2026, 0, 1, 19, 50) })
  stream.goOffAir()
  await response.text()
})

const refuses = test.macro<[string, number, RegExp]>({
  async exec(t, path: string, status: number, detail: RegExp) {
    const relay = fakeRelay()
    relay.offAir.add(ONE)
    await using http = await startFakeHttp(relay)
    const response = await fetch(`${http.url}${path}`)
    t.is(response.status, status)
    t.is(response.headers.get('content-type'), 'application/problem+json; charset=utf-8')
    t.regex(await response.text(), detail)
    t.is(response.headers.has('retry-after'), status === 503)
    t.is(relay.streams.length, 0)
  },
  title: (_given, path, status) => `${path} is refused with ${status}`,
})
test(refuses, '/live/nope.ts', 404, /nope/)
test(refuses, '/live/one.ts', 503, /off air/)
test(refuses, '/live/one.ts?profile=4k', 400, /expected one of tv/)
test(refuses, '/live/one.ts?profile=tv&profile=tv', 400, /expected one of tv/)
for (const start of ['5', '-1e9', 'now', '', '-86401', '-1.5']) test(refuses, `/live/one.ts?start=${start}`, 400, /start=-600/)

test('viewers are bounded: one too many is told to come again, and one that leaves makes room', async (t) => {
  const relay = fakeRelay()
  await using http = await startFakeHttp(relay)
  const sockets = Array.from({ length: MAX_VIEWERS }, () => rawOpen(http.port, ['GET /live/one.ts HTTP/1.1', 'Host: localhost']))
  await relay.opened(MAX_VIEWERS - 1)
  const full = await fetch(`${http.url}/live/one.ts`)
  t.is(full.status, 503)
  t.truthy(full.headers.get('retry-after'))
  await full.text()
  for (const socket of sockets) socket.destroy()
  await Promise.all(relay.streams.map((stream) => stream.released))
  const next = await fetch(`${http.url}/live/one.ts`)
  t.is(next.status, 200)
  ;(await relay.opened(MAX_VIEWERS)).goOffAir()
  await next.text()
})

test('media is sent for DLNA with its headers: chunked, or to the connection’s end when it says so', async (t) => {
  const relay = fakeRelay()
  await using http = await startFakeHttp(relay)
  http.mount({
    path: '/dlna/',
    methods: 'any',
    handle(request, response) {
      const close: Record<string, string> = request.url?.includes('close') === true ? { Connection: 'close' } : {}
      return http.media.live({ channel: 'one', profile: undefined }, request, response, {
        'Content-Type': 'video/mpeg',
        'transferMode.dlna.org': 'Streaming',
        ...close,
      })
    },
  })
  for (const [index, path] of ['/dlna/one', '/dlna/close'].entries()) {
    const asked = rawRequest(http.port, [`GET ${path} HTTP/1.1`, 'Host: localhost', ...(index === 0 ? ['Connection: close'] : [])])
    const stream = await relay.opened(index)
    await stream.write(PACKET)
    stream.goOffAir()
    const text = await asked
    t.regex(text, /\r\ntransferMode\.dlna\.org: Streaming\r\n/)
    const answer = parseAnswer(text)
    t.is(answer.headers['content-type'], 'video/mpeg')
    t.is(answer.headers['transfer-encoding'], index === 0 ? 'chunked' : undefined)
    t.true(answer.body.includes('G'.repeat(188)))
  }
})

test('media that cannot be sent for DLNA is a problem, as elsewhere', async (t) => {
  const relay = fakeRelay()
  relay.offAir.add(ONE)
  await using http = await startFakeHttp(relay)
  http.mount({
    path: '/dlna/',
    methods: 'any',
    handle: (request, response) =>
      http.media.live({ channel: request.url?.slice('/dlna/'.length) ?? '', profile: undefined }, request, response, {}),
  })
  t.is((await fetch(`${http.url}/dlna/one`)).status, 503)
  t.is((await fetch(`${http.url}/dlna/nope`)).status, 404)
})
