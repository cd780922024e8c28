import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import fc from 'fast-check'
import { systemClock } from '../../relay/clock.ts'
import { fetchDescription, readDescription, vettedUrl } from '../../relay/dlna/renderer-description.ts'
import { createRenderers, type Renderer } from '../../relay/dlna/renderers.ts'
import type { Sighting } from '../../relay/dlna/node-ssdp.ts'
import { silentLog } from '../../relay/log.ts'
import { fakeClock } from '../harness/clock.ts'
import { rendererXml } from '../harness/renderer.ts'

const LINK = { name: 'lo', address: '127.0.0.1', netmask: '255.0.0.0', loopback: true }
const AT = 'http://10.0.0.5:1400/desc.xml'
const read = (xml: string) => readDescription(xml, AT, '10.0.0.5')

test('a description gives the name, the family and where to send commands', (t) => {
  t.deepEqual(read(rendererXml({ name: 'Гостиная 📺', udn: 'uuid:tv-1' })), {
    udn: 'tv-1',
    name: 'Гостиная 📺',
    manufacturer: 'Acme',
    model: 'TV 1',
    location: AT,
    transport: { type: 'urn:schemas-upnp-org:service:AVTransport:1', controlUrl: 'http://10.0.0.5:1400/AVTransport/control' },
    connections: { type: 'urn:schemas-upnp-org:service:ConnectionManager:1', controlUrl: 'http://10.0.0.5:1400/ConnectionManager/control' },
  })
})

test('a renderer embedded in another device, and a URLBase, are understood', (t) => {
  const inner = rendererXml({})
    .replace(/^[^]*?<device>/, '<device>')
    .replace('</root>', '')
  const outer = `<root><URLBase>http://10.0.0.5:9000/base/</URLBase><device><deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType><deviceList>${inner}</deviceList></device></root>`
  t.is(read(outer)?.transport.controlUrl, 'http://10.0.0.5:9000/AVTransport/control')
})

test('a description that points elsewhere, or lacks what is needed, is no renderer', (t) => {
  for (const xml of [
    rendererXml({ control: 'http://10.0.0.99/control' }),
    rendererXml({ control: 'https://10.0.0.5/control' }),
    rendererXml({ control: 'file:///etc/passwd' }),
    rendererXml({ udn: 'uuid:../../x' }),
    rendererXml({ type: 'urn:schemas-upnp-org:device:MediaServer:1' }),
    rendererXml({}).replaceAll('AVTransport', 'Other'),
    `<!DOCTYPE x [<!ENTITY a "b">]>${rendererXml({})}`,
    rendererXml({}).slice(0, -9),
    '',
  ]) {
    t.is(read(xml), undefined)
  }
  fc.assert(fc.property(fc.string(), (text) => t.notThrows(() => read(text))))
})

test('only a private address that is the announcer itself is asked', (t) => {
  const vetted = (url: string, address = '10.0.0.5'): boolean => vettedUrl(url, undefined, address) !== undefined
  t.true(vetted('http://10.0.0.5:80/x'))
  for (const url of [
    'http://10.0.0.6/x',
    'http://localhost/',
    'http://10.0.0.5.evil.example/',
    'https://10.0.0.5/',
    'http://u:p@10.0.0.5/',
    `http://10.0.0.5/${'a'.repeat(600)}`,
  ]) {
    t.false(vetted(url), url)
  }
  t.false(vetted('http://8.8.8.8/', '8.8.8.8'))
})

/** Serves one path on loopback; `requests` counts. */
async function serve(
  answer: (path: string) => { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: string },
) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const { status = 200, headers = {}, body = '' } = answer(request.url ?? '')
    response.writeHead(status, headers).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    asked,
    url: (path: string) => `http://127.0.0.1:${port}${path}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
const { signal } = new AbortController()

test('a redirect is not followed, an endless description not read to its end', async (t) => {
  await using tv = await serve((path) =>
    path === '/redirect'
      ? { status: 302, headers: { Location: '/good' } }
      : path === '/large'
        ? { body: 'x'.repeat(300_000) }
        : { body: rendererXml({}) },
  )
  await t.throwsAsync(fetchDescription(systemClock, tv.url('/redirect'), '127.0.0.1', signal), { message: /answered 302/ })
  await t.throwsAsync(fetchDescription(systemClock, tv.url('/large'), '127.0.0.1', signal), { message: /too large/ })
  t.is((await fetchDescription(systemClock, tv.url('/good'), '127.0.0.1', signal)).name, 'TV')
  t.deepEqual(tv.asked, ['/redirect', '/large', '/good'])
})

test('a description that never comes is given up after three seconds', async (t) => {
  const clock = fakeClock()
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const connected = new Promise((resolve) => server.once('connection', resolve))
  const fetching = fetchDescription(clock, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, '127.0.0.1', signal)
  fetching.catch(() => {})
  await connected
  await clock.advance(3000)
  await t.throwsAsync(fetching, { message: /took too long/ })
})

const alive = (location: string, more: Partial<Sighting> = {}): Sighting => ({
  kind: 'alive',
  target: 'urn:schemas-upnp-org:device:MediaRenderer:1',
  usn: 'uuid:tv-1::urn:schemas-upnp-org:device:MediaRenderer:1',
  location,
  maxAge: 100,
  address: '127.0.0.1',
  ...more,
})
const listOf = () => {
  const clock = fakeClock()
  const renderers = createRenderers({ clock, log: silentLog }, signal)
  const changed = (): Promise<readonly Renderer[]> =>
    new Promise((resolve) => {
      const listening = renderers.events.on('changed', (list) => {
        listening[Symbol.dispose]()
        resolve(list)
      })
    })
  return { clock, renderers, changed }
}

test('two TVs of one name stay two, and each says goodbye only for itself', async (t) => {
  await using tv = await serve((path) => ({ body: rendererXml({ udn: `uuid:${path.slice(1)}`, name: 'TV' }) }))
  const { renderers, changed } = listOf()
  let next = changed()
  renderers.sighted(alive(tv.url('/tv-1')), LINK)
  await next
  next = changed()
  renderers.sighted(alive(tv.url('/tv-2')), LINK)
  t.deepEqual(
    (await next).map(({ id, name, state }) => [id, name, state.kind]),
    [
      ['tv-1', 'TV', 'idle'],
      ['tv-2', 'TV', 'idle'],
    ],
  )
  renderers.sighted(alive('', { kind: 'byebye', address: '127.0.0.9' }), LINK)
  t.is(renderers.list().length, 2)
  renderers.sighted(alive('', { kind: 'byebye' }), LINK)
  t.deepEqual(
    renderers.list().map(({ id }) => id),
    ['tv-2'],
  )
})

test('a TV that is not heard of again is gone after its age, unless it plays', async (t) => {
  await using tv = await serve(() => ({ body: rendererXml({ udn: 'uuid:tv-1' }) }))
  const { clock, renderers, changed } = listOf()
  const next = changed()
  renderers.sighted(alive(tv.url('/a')), LINK)
  await next
  await clock.advance(90_000)
  renderers.sighted(alive(tv.url('/a')), LINK)
  await clock.advance(90_000)
  t.is(renderers.list().length, 1)
  renderers.setState('tv-1', { kind: 'playing', channel: 'c', position: 1 })
  await clock.advance(60_000)
  t.is(renderers.list().length, 1)
  renderers.setState('tv-1', { kind: 'idle' })
  await clock.advance(10_000)
  t.deepEqual(renderers.list(), [])
  t.is(tv.asked.length, 1)
})

test('a device whose description is bad is not asked again at once, and devices that are no renderers never', async (t) => {
  const answered = Promise.withResolvers<void>()
  await using tv = await serve(() => {
    answered.resolve()
    return { status: 500 }
  })
  const { renderers } = listOf()
  renderers.sighted(alive(tv.url('/a'), { target: 'urn:schemas-upnp-org:device:MediaServer:1' }), LINK)
  renderers.sighted(alive('http://10.9.9.9/x'), LINK)
  renderers.sighted(alive(tv.url('/a')), LINK)
  for (let index = 0; index < 10; index += 1) renderers.sighted(alive(tv.url('/a')), LINK)
  await answered.promise
  t.deepEqual(tv.asked, ['/a'])
  t.deepEqual(renderers.list(), [])
})
