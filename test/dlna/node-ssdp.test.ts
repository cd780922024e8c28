import { createSocket } from 'node:dgram'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../relay/clock.ts'
import { RelayError } from '../../relay/errors.ts'
import type { LanInterface } from '../../relay/dlna/interfaces.ts'
import { openSsdp, type Sighting, type SsdpEndpoint } from '../../relay/dlna/node-ssdp.ts'
import { silentLog } from '../../relay/log.ts'
import { seededRandom } from '../../relay/random.ts'
import { openEar, search, type Packet } from '../harness/ssdp.ts'

const LOOPBACK: LanInterface = { name: 'lo', address: '127.0.0.1', netmask: '255.0.0.0', loopback: true }
const UDN = 'uuid:00000000-0000-4000-8000-00000000000f'
const TYPES = ['urn:schemas-upnp-org:device:MediaServer:1', 'urn:schemas-upnp-org:service:ContentDirectory:1']
const ALL = ['upnp:rootdevice', UDN, ...TYPES]
/** A world of its own for each test. */
let port = 63_000 + (process.pid % 190) * 10

const open = (world: number, link: LanInterface = LOOPBACK, onSighting: (sighting: Sighting) => void = () => {}): Promise<SsdpEndpoint> =>
  openSsdp(
    { clock: systemClock, random: seededRandom(1), log: silentLog },
    {
      link,
      port: world,
      onSighting,
      advertisement: { udn: UDN, types: TYPES, location: 'http://127.0.0.1:8080/dlna/device.xml', server: 'test UPnP/1.0 t/1', bootId: 7 },
    },
    new AbortController().signal,
  )

const onceEach = (t: ExecutionContext, set: readonly Packet[]): void => {
  for (const target of ALL) t.is(set.filter(({ headers }) => headers['nt'] === target).length, 1, target)
  t.is(set.length, ALL.length)
}

test('a set announces each target exactly once, on loopback too, with our address and a boot id', async (t) => {
  const world = port++
  await using ear = await openEar(world, true)
  await using endpoint = await open(world)
  await endpoint.advertise('alive')
  const set = await ear.until(ALL.length, ({ headers }) => headers['nts'] === 'ssdp:alive')
  onceEach(t, set)
  for (const { first, headers } of set) {
    t.is(first, 'NOTIFY * HTTP/1.1')
    t.is(headers['location'], 'http://127.0.0.1:8080/dlna/device.xml')
    t.is(headers['cache-control'], 'max-age=1800')
    t.is(headers['bootid.upnp.org'], '7')
  }
})

test('byebye for every target has left before the sockets close', async (t) => {
  const world = port++
  await using ear = await openEar(world, true)
  const endpoint = await open(world)
  await endpoint.advertise('byebye')
  await endpoint[Symbol.asyncDispose]()
  const set = await ear.until(ALL.length, ({ headers }) => headers['nts'] === 'ssdp:byebye')
  onceEach(t, set)
})

test('a search is answered once to its sender, and a unicast search without MX at once', async (t) => {
  const world = port++
  await using endpoint = await open(world)
  t.is(endpoint.link, LOOPBACK)
  await using asker = await openEar(world, false)
  await asker.send(search('upnp:rootdevice', ''), '127.0.0.1')
  await asker.send(search('ssdp:all'), 'group')
  const answers = await asker.until(1 + ALL.length, ({ first }) => first === 'HTTP/1.1 200 OK')
  t.is(answers.length, 1 + ALL.length)
  t.is(answers[0]?.headers['st'], 'upnp:rootdevice')
  t.is(answers[0]?.headers['usn'], `${UDN}::upnp:rootdevice`)
  t.true('ext' in (answers[0]?.headers ?? {}))
})

test('a search pattern that is no regular expression does not end the process, and is not answered', async (t) => {
  const world = port++
  await using endpoint = await open(world)
  await using asker = await openEar(world, false)
  for (const target of ['[', '(', 'upnp:*', '*', '"', '\\']) await asker.send(search(target, ''), endpoint.link.address)
  await asker.send('M-SEARCH * HTTP/1.1', endpoint.link.address)
  await asker.send('\u0000\r\n:\r\n', 'group')
  await asker.send(search(UDN, ''), endpoint.link.address)
  const answers = await asker.until(1, ({ first }) => first === 'HTTP/1.1 200 OK')
  t.deepEqual(
    answers.map(({ headers }) => headers['st']),
    [UDN],
  )
})

test('a port that somebody else holds alone is refused in a sentence, and nothing is left behind', async (t) => {
  const world = port++
  const holder = createSocket('udp4')
  await new Promise<void>((resolve) => holder.bind(world, resolve))
  t.teardown(() => holder.close())
  const error = await t.throwsAsync(open(world), { instanceOf: RelayError, code: 'dlna-failed' })
  t.regex(error?.message ?? '', /SSDP cannot use UDP port \d+ on lo/)
})

test('an address that the machine does not have is refused, and nothing is thrown later', async (t) => {
  const gone = { name: 'eth9', address: '10.255.255.9', netmask: '255.255.255.0', loopback: false }
  await t.throwsAsync(open(port++, gone), { instanceOf: RelayError, code: 'dlna-failed' })
})

test('disposing twice is disposing once, and advertising afterwards is nothing', async (t) => {
  const endpoint = await open(port++)
  await endpoint[Symbol.asyncDispose]()
  await endpoint[Symbol.asyncDispose]()
  await endpoint.advertise('alive')
  await endpoint.search('upnp:rootdevice')
  t.pass()
})

test('others on the link are seen, by their announcement and by their answer to our search', async (t) => {
  const world = port++
  const seen: Sighting[] = []
  const enough = Promise.withResolvers<void>()
  await using near = await open(world, LOOPBACK, (sighting) => {
    seen.push(sighting)
    if (seen.some(({ kind }) => kind === 'byebye') && seen.some(({ kind, target }) => kind === 'alive' && target === TYPES[0]))
      enough.resolve()
  })
  await using far = await open(world)
  await near.search(TYPES[0] ?? '')
  await far.advertise('byebye')
  await enough.promise
  const answer = seen.find(({ kind, target }) => kind === 'alive' && target === TYPES[0])
  t.is(answer?.location, 'http://127.0.0.1:8080/dlna/device.xml')
  t.is(answer?.maxAge, 1800)
  t.is(answer?.address, '127.0.0.1')
})
