import test from 'ava'
import { createSearchGate, type Search, type SearchDecision } from '../../relay/dlna/search-gate.ts'
import { seededRandom } from '../../relay/random.ts'
import { fakeClock, type FakeClock } from '../harness/clock.ts'

const TARGETS = [
  'upnp:rootdevice',
  'uuid:x',
  'urn:schemas-upnp-org:device:MediaServer:1',
  'urn:a:service:B:1',
  'urn:a:service:C:1',
  'urn:a:service:D:1',
]
const LINK = { name: 'eth0', address: '10.0.0.10', netmask: '255.255.255.0', loopback: false }

const gateAt = (clock: FakeClock): ((search: Partial<Search> & { st?: string; mx?: string; man?: string }) => SearchDecision) => {
  const gate = createSearchGate({ clock, random: seededRandom(1) }, LINK, TARGETS)
  return ({ st = 'upnp:rootdevice', mx = '2', man = '"ssdp:discover"', ...search }) =>
    gate({ headers: { ST: st, MX: mx, MAN: man }, address: '10.0.0.20', port: 50_000, unicast: false, ...search })
}

test('an answer waits a random time of at most MX seconds, and never more than five', (t) => {
  const gate = gateAt(fakeClock())
  for (let port = 1; port < 20; port += 1) {
    const short = gate({ port, mx: '1', address: `10.0.0.${port + 1}` })
    const long = gate({ port, mx: '120', address: `10.0.0.${port + 100}` })
    t.true(short.kind === 'answer' && short.delayMs < 1000)
    t.true(long.kind === 'answer' && long.delayMs < 5000)
  }
})

test('a unicast search is answered at once, MX or not', (t) => {
  t.deepEqual(gateAt(fakeClock())({ unicast: true, mx: '' }), { kind: 'answer', target: 'upnp:rootdevice', delayMs: 0 })
})

for (const [what, search] of [
  ['without an integer MX', { mx: 'soon' }],
  ['with MX 0', { mx: '0' }],
  ['with a negative MX', { mx: '-1' }],
  ['whose MAN is not quoted', { man: 'ssdp:discover' }],
  ['for a later version than ours', { st: 'urn:schemas-upnp-org:device:MediaServer:2' }],
  ['for a prefix of what we are', { st: 'upnp:root' }],
  ['from outside the subnet', { address: '10.0.1.20' }],
  ['from an IPv6 address', { address: 'fe80::1' }],
] as const) {
  test(`a search ${what} is ignored`, (t) => {
    t.is(gateAt(fakeClock())(search).kind, 'ignore')
  })
}

test('a repeated search is answered once in half a second, another program on that host is heard', async (t) => {
  const clock = fakeClock()
  const gate = gateAt(clock)
  t.is(gate({}).kind, 'answer')
  t.deepEqual(gate({}), { kind: 'ignore', why: 'repeated' })
  t.is(gate({ port: 50_001 }).kind, 'answer')
  await clock.advance(500)
  t.is(gate({}).kind, 'answer')
})

test('a flood gets fewer bytes out than it puts in, from one source whatever it asks', async (t) => {
  const clock = fakeClock()
  const gate = gateAt(clock)
  const SEARCH_BYTES = 94
  const ANSWER_BYTES = 280
  let out = 0
  let into = 0
  const seconds = 20
  for (let index = 0; index < seconds * 100; index += 1) {
    const decision = gate({ st: 'ssdp:all', port: 1024 + index })
    into += SEARCH_BYTES
    if (decision.kind === 'answer') out += TARGETS.length * ANSWER_BYTES
    await clock.advance(10)
  }
  t.true(out < into, `${out} bytes out for ${into} in`)
  t.true(out > 0)
})

test('after a flood its source is heard again, and during it others are', async (t) => {
  const clock = fakeClock()
  const gate = gateAt(clock)
  for (let port = 1; port < 100; port += 1) gate({ st: 'ssdp:all', port })
  t.deepEqual(gate({ st: 'ssdp:all', port: 200 }), { kind: 'ignore', why: 'flood' })
  t.is(gate({ st: 'ssdp:all', address: '10.0.0.21' }).kind, 'answer')
  await clock.advance(1000)
  t.is(gate({ st: 'ssdp:all', port: 201 }).kind, 'answer')
})
