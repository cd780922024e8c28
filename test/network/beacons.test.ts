import test from 'ava'
import { toChannelId } from '../../relay/chunk/channel-id.ts'
import type { ChunkHeader } from '../../relay/chunk/chunk.ts'
import { generateChannelKey } from '../../relay/chunk/keys.ts'
import { createSigner } from '../../relay/chunk/sign.ts'
import { beaconInterval, silenceLimit, startBeacons, type Air } from '../../relay/network/beacons.ts'
import { fakeClock } from '../harness/clock.ts'

const EPOCH = 1_000_000
const keys = generateChannelKey()
const id = toChannelId(keys.publicKey)
const signer = createSigner(keys)
const headerOf = (sequence: number, fields: { ends?: boolean; by?: typeof signer } = {}): ChunkHeader =>
  (fields.by ?? signer).sign({
    epoch: EPOCH,
    sequence,
    time: EPOCH,
    randomAccess: false,
    discontinuity: false,
    ends: fields.ends ?? false,
    payload: new Uint8Array(188),
  }).header

function setup(options: { listeningSince?: number } = {}) {
  const clock = fakeClock()
  const sent: { at: number; sequence: number; except: string | undefined }[] = []
  const changes: Air['kind'][] = []
  const beacons = startBeacons({
    clock,
    send: (_channel, _key, header, except) => sent.push({ at: clock.monotonic(), sequence: header.sequence, except }),
    changed: (_channel, air) => changes.push(air.kind),
    listeningSince: () => options.listeningSince,
  })
  beacons.setChannels(new Map([[id, keys.publicKey]]))
  return { clock, sent, changes, beacons }
}

test('a channel is on the air from its first header until nothing has come for three and a half seconds', async (t) => {
  const { clock, beacons, changes } = setup()
  t.deepEqual(beacons.air(id), { kind: 'unknown' })
  t.is(beacons.receive(id, headerOf(EPOCH).encoded, 'a'), 'newer')
  t.is(beacons.air(id).kind, 'on-air')
  const heard = clock.now()
  await clock.advance(3400)
  t.is(beacons.air(id).kind, 'on-air')
  await clock.advance(200)
  t.deepEqual(beacons.air(id), { kind: 'off-air', since: heard })
  t.is(beacons.receive(id, headerOf(EPOCH + 1).encoded, 'a'), 'newer')
  t.deepEqual(changes, ['on-air', 'off-air', 'on-air'])
})

test('a channel that says it ends is off the air at once, and that is passed on at once', async (t) => {
  const { clock, beacons, sent } = setup()
  beacons.receive(id, headerOf(EPOCH).encoded, 'a')
  await clock.advance(10)
  beacons.receive(id, headerOf(EPOCH + 1, { ends: true }).encoded, 'a')
  t.is(beacons.air(id).kind, 'off-air')
  t.is(sent.at(-1)?.sequence, EPOCH + 1)
  t.is(sent.at(-1)?.at, 10)
})

test('what is old, replayed or forged changes nothing', (t) => {
  const { beacons, sent } = setup()
  beacons.receive(id, headerOf(EPOCH + 5).encoded, 'a')
  t.is(beacons.receive(id, headerOf(EPOCH + 5).encoded, 'b'), 'known')
  t.is(beacons.receive(id, headerOf(EPOCH + 4).encoded, 'b'), 'known')
  t.is(beacons.receive(id, headerOf(EPOCH + 6, { by: createSigner(generateChannelKey()) }).encoded, 'b'), 'forged')
  t.is(beacons.receive(id, new Uint8Array(120), 'b'), 'forged')
  t.is(beacons.receive('another', headerOf(EPOCH + 6).encoded, 'b'), 'unknown-channel')
  t.is(sent.length, 1)
  const air = beacons.air(id)
  t.is(air.kind === 'on-air' ? air.header.sequence : 0, EPOCH + 5)
})

test('at most one header a second is passed on, always the newest, not to where it came from', async (t) => {
  const { clock, beacons, sent } = setup()
  for (let at = 0; at < 5000; at += 65) {
    beacons.receive(id, headerOf(EPOCH + at).encoded, at % 2 === 0 ? 'a' : 'b')
    await clock.advance(65)
  }
  t.true(sent.length >= 5 && sent.length <= 6, `${sent.length} were sent in 5 s`)
  for (const [index, { at }] of sent.entries()) if (index > 0) t.true(at - (sent[index - 1]?.at ?? 0) >= 1000)
  t.true((sent.at(-1)?.sequence ?? 0) >= EPOCH + 3900)
  t.true(sent.every(({ except }) => except === 'a' || except === 'b'))
})

test('with many channels beacons are rarer, and silence is told later', (t) => {
  t.is(beaconInterval(1), 1000)
  t.is(beaconInterval(50), 1000)
  t.is(beaconInterval(120), 3000)
  t.is(silenceLimit(1), 3500)
  t.is(silenceLimit(120), 5500)
})

test('a channel of which no neighbour speaks is off the air; without neighbours nothing is known', async (t) => {
  const alone = setup()
  await alone.clock.advance(60_000)
  t.is(alone.beacons.air(id).kind, 'unknown')
  const heard = setup({ listeningSince: 0 })
  await heard.clock.advance(3000)
  t.is(heard.beacons.air(id).kind, 'unknown')
  await heard.clock.advance(1000)
  t.deepEqual(heard.beacons.air(id), { kind: 'off-air', since: undefined })
})

test('what is signed here is passed on to everybody; what has left the catalogue is forgotten', (t) => {
  const { beacons, sent } = setup()
  beacons.report(id, headerOf(EPOCH))
  t.deepEqual(sent, [{ at: 0, sequence: EPOCH, except: undefined }])
  t.is([...beacons.onAir()].length, 1)
  beacons.setChannels(new Map())
  t.deepEqual(beacons.air(id), { kind: 'unknown' })
  t.is([...beacons.onAir()].length, 0)
})
