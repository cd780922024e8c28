import test from 'ava'
import { z } from 'zod'
import { OPERATIONS } from '../../relay/http/api.ts'
import type { Problem } from '../../relay/http/schemas.ts'
import { Channel, Network, Peer, Programme, Recording, Renderer, Status, Swarm } from '../../relay/http/schemas.ts'
import { fakeClock } from '../harness/clock.ts'
import { fakeRelay, ONE, startFakeHttp } from '../harness/http-ports.ts'

const send = (url: string, method: string, body?: unknown): Promise<Response> =>
  fetch(url, body === undefined ? { method } : { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

const shows = test.macro<[string, z.ZodType]>({
  async exec(t, path: string, schema: z.ZodType) {
    await using http = await startFakeHttp(fakeRelay())
    const response = await fetch(`${http.url}/api/v1${path}`)
    t.is(response.status, 200)
    t.is(response.headers.get('cache-control'), 'no-store')
    const parsed = z.strictObject({ it: schema }).safeParse({ it: await response.json() })
    t.true(parsed.success, parsed.error?.message)
  },
  title: (_given, path) => `GET ${path} is what its schema says`,
})
test(shows, '/status', Status)
test(shows, '/networks', z.array(Network).nonempty())
test(shows, '/channels', z.array(Channel).nonempty())
test(shows, '/channels/one', Channel)
test(shows, `/channels/${ONE}`, Channel)
test(shows, '/guide?from=2026-01-01T20:00:00Z&to=2026-01-01T20:10:00Z&channel=one', z.array(Programme).length(1))
test(shows, '/programmes/p2', Programme)
test(shows, '/recordings', z.array(Recording))
test(shows, '/peers', z.array(Peer).nonempty())
test(shows, '/swarms', z.array(Swarm))
test(shows, '/renderers', z.array(Renderer).nonempty())

test('a recording is made of a channel by slug for some seconds, stopped, and removed', async (t) => {
  const relay = fakeRelay(fakeClock())
  await using http = await startFakeHttp(relay)
  const url = `${http.url}/api/v1/recordings`
  const made = await send(url, 'POST', { channel: 'one', seconds: 60, title: 'News' })
  t.is(made.status, 201)
  const recording = Recording.parse(await made.json())
  t.is(recording.url, '/recordings/r1/file')
  t.deepEqual(relay.requests, [{ channel: ONE, channelName: 'One', title: 'News', until: Date.UTC(2026, 0, 1, 20, 1) }])

  const stopped = await send(`${url}/r1/stop`, 'POST')
  t.deepEqual(Recording.parse(await stopped.json()).capture, { kind: 'done', reason: 'stopped' })
  const removed = await send(`${url}/r1`, 'DELETE')
  t.is(removed.status, 204)
  t.is(await removed.text(), '')
  t.is((await send(`${url}/r1`, 'DELETE')).status, 404)
})

test('a channel is played on a TV, which is answered as it is then', async (t) => {
  const relay = fakeRelay()
  await using http = await startFakeHttp(relay)
  const answer = await send(`${http.url}/api/v1/renderers/tv/play`, 'POST', { channel: 'one', profile: 'tv' })
  t.is(answer.status, 200)
  t.is(Renderer.parse(await answer.json()).id, 'tv')
  t.deepEqual(relay.played, [{ id: 'tv', channel: ONE, profile: 'tv' }])
})

test('a network is joined by its link', async (t) => {
  await using http = await startFakeHttp(fakeRelay())
  const answer = await send(`${http.url}/api/v1/networks`, 'POST', { link: 'tributary:town' })
  t.is(answer.status, 201)
  t.is(Network.parse(await answer.json()).name, 'Town')
})

const refuses = test.macro<[string, string, unknown, number, RegExp]>({
  async exec(t, method: string, path: string, body: unknown, status: number, detail: RegExp) {
    const relay = fakeRelay()
    await using http = await startFakeHttp(relay)
    const response = await send(`${http.url}/api/v1${path}`, method, body)
    t.is(response.status, status)
    t.is(response.headers.get('content-type'), 'application/problem+json; charset=utf-8')
    const problem = (await response.json()) as Problem
    t.is(problem.status, status)
    t.regex(problem.detail, detail)
    t.regex(problem.type, /^\/problems\/[a-z-]+$/)
    t.is(relay.requests.length + relay.played.length, 0)
  },
  title: (_given, method, path, body, status) =>
    `${method} ${path} ${body === undefined ? '' : JSON.stringify(body)} is refused with ${status}`,
})
test(refuses, 'GET', '/channels/nope', undefined, 404, /"nope"; \/api\/v1\/channels lists/)
test(refuses, 'GET', '/programmes/nope', undefined, 404, /"nope"/)
test(refuses, 'GET', '/recordings/nope', undefined, 404, /"nope"/)
test(refuses, 'GET', '/nope', undefined, 404, /\/api\/v1\/nope/)
test(refuses, 'GET', '/guide?from=yesterday', undefined, 400, /query\.from/)
test(refuses, 'GET', '/guide?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', undefined, 400, /query\.to: .*later than/)
test(refuses, 'GET', '/guide?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z', undefined, 400, /15 days/)
test(refuses, 'GET', '/guide?chanel=one', undefined, 400, /chanel/)
test(refuses, 'GET', '/guide?channel=nope', undefined, 404, /"nope"/)
test(refuses, 'POST', '/recordings', {}, 400, /body\.channel/)
test(refuses, 'POST', '/recordings', undefined, 400, /body/)
test(refuses, 'POST', '/recordings', { channel: 'one', seconds: -1 }, 400, /body\.seconds/)
test(refuses, 'POST', '/recordings', { channel: 'one', second: 5 }, 400, /second/)
test(refuses, 'POST', '/recordings', { channel: 'one', seconds: 5, until: '2099-01-01T00:00:00Z' }, 400, /not both/)
test(refuses, 'POST', '/recordings', { channel: 'one', until: '2001-01-01T00:00:00Z' }, 400, /is over/)
test(refuses, 'POST', '/recordings', { channel: 'nope' }, 404, /"nope"/)
test(refuses, 'PUT', '/recordings', undefined, 405, /GET or POST/)
test(refuses, 'POST', '/events', undefined, 405, /GET/)
test(refuses, 'POST', '/networks', { link: 'http://x' }, 400, /not a join link/)
test(refuses, 'POST', '/renderers/nope/play', { channel: 'one' }, 404, /"nope"/)
test(refuses, 'POST', '/renderers/tv/play', { channel: 'one', profile: 'x' }, 400, /expected one of tv/)

test('a body that is no JSON is refused with the reason; several wrong places are all named', async (t) => {
  await using http = await startFakeHttp(fakeRelay())
  const url = `${http.url}/api/v1/recordings`
  const broken = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"channel":' })
  t.is(broken.status, 400)
  t.regex(((await broken.json()) as Problem).detail, /not JSON/)
  const wrong = (await (await send(url, 'POST', { channel: 1, seconds: 'x' })).json()) as Problem
  t.deepEqual(
    wrong.errors?.map(({ path }) => path),
    ['channel', 'seconds'],
  )
})

test('a failure inside the relay shows neither its message nor a stack', async (t) => {
  const relay = fakeRelay()
  const ports = {
    ...relay.ports,
    peers: () => {
      throw new Error('secret /home/x')
    },
  }
  await using http = await startFakeHttp({ ...relay, ports })
  const response = await fetch(`${http.url}/api/v1/peers`)
  t.is(response.status, 500)
  const body = await response.text()
  t.notRegex(body, /secret|home|at |\.ts/)
  t.is((JSON.parse(body) as Problem).type, '/problems/internal')
})

test('a path that is not well encoded is answered, not failed', async (t) => {
  await using http = await startFakeHttp(fakeRelay())
  const response = await fetch(`${http.url}/api/v1/channels/%zz`)
  t.is(response.status, 400)
  t.is(((await response.json()) as Problem).type, '/problems/request-invalid')
})

test('the API describes itself: every operation is there and every reference leads somewhere', async (t) => {
  await using http = await startFakeHttp(fakeRelay())
  const text = await (await fetch(`${http.url}/api/v1/openapi.json`)).text()
  const document = JSON.parse(text) as {
    openapi: string
    paths: Record<string, Record<string, { parameters: { name: string }[]; requestBody?: unknown }>>
    components: { schemas: Record<string, { properties?: object }> }
  }
  t.is(document.openapi, '3.1.0')
  for (const { path, method } of OPERATIONS) t.truthy(document.paths[path]?.[method], `${method} ${path}`)
  t.truthy(document.paths['/events'])
  for (const [, name] of text.matchAll(/"\$ref":"([^"]+)"/g)) {
    t.regex(name ?? '', /^#\/components\/schemas\/\w+$/)
    t.truthy(document.components.schemas[name?.split('/').at(-1) ?? ''], name)
  }
  t.deepEqual(Object.keys(document.components.schemas['Renderer']?.properties ?? {}), Object.keys(Renderer.shape))
  t.deepEqual(
    document.paths['/guide']?.['get']?.parameters.map(({ name }) => name),
    ['from', 'to', 'channel'],
  )
  t.truthy(document.paths['/recordings']?.['post']?.requestBody)
})

test('the join link of a network can be had as a QR code', async (t) => {
  await using http = await startFakeHttp(fakeRelay())
  const shown = await fetch(`${http.url}/api/v1/networks/n/qr.svg`)
  t.is(shown.headers.get('content-type'), 'image/svg+xml; charset=utf-8')
  t.regex(await shown.text(), /^<svg /)
  t.is((await fetch(`${http.url}/api/v1/networks/none/qr.svg`)).status, 404)
})
