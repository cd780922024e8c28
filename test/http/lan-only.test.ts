import test from 'ava'
import { fakeRelay, ONE, startFakeHttp } from '../harness/http-ports.ts'
import { parseAnswer, rawOpen, rawRequest } from '../harness/raw-http.ts'

const JSON_TYPE = 'Content-Type: application/json'

test('a foreign Host header is refused on every kind of path', async (t) => {
  await using http = await startFakeHttp(fakeRelay())
  for (const path of ['/', '/api/v1/channels', '/live/one.ts', '/metrics', '/iptv/channels.m3u']) {
    const answer = parseAnswer(await rawRequest(http.port, [`GET ${path} HTTP/1.1`, 'Host: evil.example', 'Connection: close']))
    t.is(answer.status, 403, path)
    t.is(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
    t.regex(answer.body, /evil\.example/)
  }
})

test('a name that the configuration adds is ours', async (t) => {
  await using http = await startFakeHttp(fakeRelay(), { names: ['tv.home.example'] })
  t.is(parseAnswer(await rawRequest(http.port, ['GET /healthz HTTP/1.1', 'Host: TV.home.example', 'Connection: close'])).status, 200)
})

test('HTTP/1.0 without a Host is answered and closed; HTTP/1.1 without one is refused', async (t) => {
  await using http = await startFakeHttp(fakeRelay())
  const old = parseAnswer(await rawRequest(http.port, ['GET /api/v1/channels HTTP/1.0']))
  t.is(old.status, 200)
  t.is((JSON.parse(old.body) as unknown[]).length, 2)
  t.is(parseAnswer(await rawRequest(http.port, ['GET /healthz HTTP/1.1'])).status, 400)
})

const post = (port: number, headers: readonly string[], body = `{"channel":"one"}`): Promise<string> =>
  rawRequest(
    port,
    ['POST /api/v1/recordings HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Connection: close', `Content-Length: ${body.length}`, ...headers],
    body,
  )

test('a write from another origin is refused and changes nothing; from our own page it is done', async (t) => {
  const relay = fakeRelay()
  await using http = await startFakeHttp(relay)
  for (const headers of [
    ['Origin: http://evil.example'],
    ['Origin: null'],
    [`Origin: http://127.0.0.1:1`],
    ['Sec-Fetch-Site: cross-site'],
    ['Sec-Fetch-Site: same-site'],
  ]) {
    t.is(parseAnswer(await post(http.port, [JSON_TYPE, ...headers])).status, 403, headers[0])
  }
  t.is(relay.requests.length, 0)
  t.is(parseAnswer(await post(http.port, [JSON_TYPE, `Origin: http://127.0.0.1:${http.port}`, 'Sec-Fetch-Site: same-origin'])).status, 201)
  t.is(parseAnswer(await post(http.port, [JSON_TYPE])).status, 201)
  t.deepEqual(
    relay.requests.map(({ channel }) => channel),
    [ONE, ONE],
  )
})

test('a write that a plain form could make is refused: the body has to be declared JSON', async (t) => {
  const relay = fakeRelay()
  await using http = await startFakeHttp(relay)
  for (const headers of [
    ['Content-Type: text/plain'],
    ['Content-Type: application/x-www-form-urlencoded'],
    ['Content-Type: text/plain; application/json'],
    [],
  ]) {
    const answer = parseAnswer(await post(http.port, headers))
    t.is(answer.status, 415)
    t.regex(answer.body, /application\/json/)
  }
  t.is(parseAnswer(await post(http.port, [JSON_TYPE, 'Content-Encoding: gzip'])).status, 415)
  t.is(relay.requests.length, 0)
})

test('an oversized body is refused by what it announces, before a byte of it has come', async (t) => {
  await using http = await startFakeHttp(fakeRelay())
  for (const path of ['/api/v1/recordings', '/dlna/control', '/nothing']) {
    const lines = [`POST ${path} HTTP/1.1`, `Host: 127.0.0.1:${http.port}`, JSON_TYPE, 'Content-Length: 2000000000']
    const answer = parseAnswer(await rawRequest(http.port, lines))
    t.is(answer.status, 413)
    t.is(answer.headers['connection'], 'close')
  }
})

test('an oversized body without a length is refused as soon as it is too long', async (t) => {
  await using http = await startFakeHttp(fakeRelay())
  const socket = rawOpen(http.port, [
    'POST /api/v1/recordings HTTP/1.1',
    `Host: 127.0.0.1:${http.port}`,
    JSON_TYPE,
    'Transfer-Encoding: chunked',
  ])
  const piece = `4000\r\n${' '.repeat(0x4000)}\r\n`
  for (let pieces = 0; pieces < 5; pieces += 1) socket.write(piece)
  const answer = await new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString())))
  t.is(parseAnswer(answer).status, 413)
  socket.destroy()
})

test('a request that is no HTTP gets a bare 400, a head that is too long a 431', async (t) => {
  await using http = await startFakeHttp(fakeRelay())
  t.regex(await rawRequest(http.port, ['HELO relay']), /^HTTP\/1\.1 400 /)
  t.regex(await rawRequest(http.port, ['GET / HTTP/1.1', `Host: localhost`, `X-Long: ${'x'.repeat(20_000)}`]), /^HTTP\/1\.1 431 /)
})
