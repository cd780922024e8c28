import test from 'ava'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { fakeClock } from '../harness/clock.ts'
import { fakeRelay, ONE, startFakeHttp } from '../harness/http-ports.ts'
import { parseAnswer, rawOpen, rawRequest } from '../harness/raw-http.ts'

test('a port in use is said by number, with what to do', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const error = await t.throwsAsync(startFakeHttp(fakeRelay(), { port }), { code: 'port-in-use' })
  t.regex(error.message, new RegExp(`${port} is in use.*--http-port`))
  other.close()
})

test('an address that is not ours is said by name', async (t) => {
  const error = await t.throwsAsync(startFakeHttp(fakeRelay(), { host: '203.0.113.1' }), { code: 'config-invalid' })
  t.regex(error.message, /203\.0\.113\.1/)
})

test('stopping ends live streams and events in order, and releases the channel', async (t) => {
  const relay = fakeRelay()
  const http = await startFakeHttp(relay)
  const live = rawRequest(http.port, ['GET /live/one.ts HTTP/1.1', 'Host: localhost'])
  const stream = await relay.opened(0)
  await stream.write(new Uint8Array(188).fill(0x47))
  const events = rawOpen(http.port, ['GET /api/v1/events HTTP/1.1', 'Host: localhost'])
  let told = ''
  events.on('data', (bytes) => (told += String(bytes)))
  await once(events, 'data')
  const idle = rawOpen(http.port, ['GET /healthz HTTP/1.1', 'Host: localhost'])
  await once(idle, 'data')

  const [first, again] = [http[Symbol.asyncDispose](), http[Symbol.asyncDispose]()]
  t.is(first, again)
  await first
  t.is(parseAnswer(await live).body, 'G'.repeat(188))
  await once(events, 'close')
  t.regex(told, /0\r\n\r\n$/)
  await stream.released
  await t.throwsAsync(fetch(`${http.url}/healthz`))
})

test('a client that does not take the end is cut after the deadline', async (t) => {
  const clock = fakeClock()
  const relay = fakeRelay(clock)
  const http = await startFakeHttp(relay)
  const stuck = rawOpen(http.port, [
    'POST /api/v1/recordings HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    'Content-Length: 10',
  ])
  stuck.on('error', () => {})
  await (await fetch(`${http.url}/healthz`)).text() // by then the other request has arrived, too
  const closed = once(stuck, 'close')
  const stopped = http[Symbol.asyncDispose]()
  stuck.resume()
  await clock.advance(2_000)
  await stopped
  await closed
  t.pass()
})

test('a mount gets what lies below its path, whole and without cookies or tokens', async (t) => {
  await using http = await startFakeHttp(fakeRelay())
  const seen: unknown[] = []
  http.mount({
    path: '/dlna/',
    methods: 'any',
    handle(request, response) {
      seen.push([
        request.method,
        request.url,
        request.headers.cookie,
        request.headers.authorization,
        request.rawHeaders.includes('secret=1'),
      ])
      response.end('ok')
    },
  })
  const lines = [
    'SUBSCRIBE /dlna/event?x=1 HTTP/1.1',
    'Host: localhost',
    'Cookie: secret=1',
    'Authorization: Bearer y',
    'Connection: close',
  ]
  t.is(parseAnswer(await rawRequest(http.port, lines)).body, 'ok')
  t.deepEqual(seen, [['SUBSCRIBE', '/dlna/event?x=1', undefined, undefined, false]])
  t.is((await fetch(`${http.url}/dlnax`)).status, 404)
})

test('a mount for reading takes GET and HEAD only; disposed, it is gone', async (t) => {
  await using http = await startFakeHttp(fakeRelay())
  const mount = http.mount({ path: '/iptv/channels.m3u', methods: 'read', handle: (_request, response) => void response.end('#EXTM3U') })
  t.is(await (await fetch(`${http.url}/iptv/channels.m3u`)).text(), '#EXTM3U')
  const refused = await fetch(`${http.url}/iptv/channels.m3u`, { method: 'POST' })
  t.is(refused.status, 405)
  t.is(refused.headers.get('allow'), 'GET, HEAD')
  t.is((await fetch(`${http.url}/iptv/channels.m3u8`)).status, 404)
  mount[Symbol.dispose]()
  t.is((await fetch(`${http.url}/iptv/channels.m3u`)).status, 404)
})

test('a mounted handler that fails, at once or later, fails alone', async (t) => {
  await using http = await startFakeHttp(fakeRelay())
  http.mount({
    path: '/bad/now',
    methods: 'read',
    handle() {
      throw new Error('boom')
    },
  })
  http.mount({
    path: '/bad/later',
    methods: 'read',
    async handle(_request, response) {
      response.write('half')
      await Promise.reject(new Error('boom'))
    },
  })
  http.mount({ path: '/bad/', methods: 'read', handle: () => false })
  const now = await fetch(`${http.url}/bad/now`)
  t.is(now.status, 500)
  t.notRegex(await now.text(), /boom/)
  await t.throwsAsync(async () => (await fetch(`${http.url}/bad/later`)).text())
  t.is((await fetch(`${http.url}/bad/else`)).status, 404)
  t.is((await fetch(`${http.url}/healthz`)).status, 200)
})

test('metrics count feeds, swarms and violations in the Prometheus format', async (t) => {
  const relay = fakeRelay()
  const [one] = relay.channels
  if (one !== undefined) relay.channels[0] = { ...one, tuner: { kind: 'live', readers: 3, since: '2026-01-01T20:00:00Z' } }
  relay.swarms.push({
    channel: ONE,
    channelName: 'One',
    role: 'peer',
    partners: [],
    bitsIn: 1,
    bitsOut: 2,
    bytesIn: 1000,
    bytesOut: 2000,
    chunks: { received: 10, duplicate: 1, missed: 2, rejected: 3 },
    shares: [],
    uploadCap: 0,
  })
  for (let index = 0; index < 300; index += 1) relay.violations.push({ peer: `p${index}`, violation: 'hash', count: index })
  relay.violations.push({ peer: 'odd "\\\n', violation: 'signature', count: 1000 })
  await using http = await startFakeHttp(relay)
  const response = await fetch(`${http.url}/metrics`)
  t.is(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const lines = (await response.text()).trimEnd().split('\n')
  t.true(lines.includes(`tributary_feed_readers{channel="${ONE}",slug="one"} 3`))
  t.true(lines.includes('tributary_feeds 1'))
  t.true(lines.includes(`tributary_swarm_received_bytes_total{channel="${ONE}",role="peer"} 1000`))
  t.true(lines.includes(`tributary_swarm_chunks_total{channel="${ONE}",role="peer",outcome="rejected"} 3`))
  t.true(lines.includes(String.raw`tributary_swarm_violations_total{peer="odd \"\\\n",violation="signature"} 1000`))
  t.is(lines.filter((line) => line.startsWith('tributary_swarm_violations_total{')).length, 200)
  for (const line of lines) t.regex(line, /^(# (HELP|TYPE) \w+ .+|[a-z_]+(\{.*\})? -?[\d.e+]+)$/)
})
