/** Networks over overlays in memory, in virtual time. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { toChannelId } from '../../relay/chunk/channel-id.ts'
import { generateChannelKey } from '../../relay/chunk/keys.ts'
import { createSigner, type ChunkSigner } from '../../relay/chunk/sign.ts'
import { RelayError } from '../../relay/errors.ts'
import { silentLog } from '../../relay/log.ts'
import { signCatalogue, type Catalogue, type SignedCatalogue } from '../../relay/network/catalogue.ts'
import { encodeJoinLink } from '../../relay/network/join-link.ts'
import { createDeframer, encodeMessage, NETWORK_PROTOCOL, type NetworkMessage } from '../../relay/network/messages.ts'
import { JOIN_TIMEOUT_MS, startNetworks, type Networks } from '../../relay/network/networks.ts'
import type { Overlay, OverlayStream } from '../../relay/overlay/overlay.ts'
import { seededRandom } from '../../relay/random.ts'
import { fakeClock, type FakeClock } from '../harness/clock.ts'
import { createMemoryNetwork, type MemoryNetwork } from '../harness/memory-overlay.ts'
import { temporaryFolder } from './lab.ts'

const key = generateChannelKey()
const other = generateChannelKey()
const channelKeys = generateChannelKey()
const channelId = toChannelId(channelKeys.publicKey)
const EPOCH = 1_000_000
const STEP_MS = 50
/** 15 s: less than a join waits. */
const VIRTUAL_STEPS = 300
const REAL_PATIENCE_MS = 20_000

const catalogueOf = (sequence: number, changes: Partial<Catalogue> = {}, signer = key): SignedCatalogue =>
  signCatalogue(
    {
      name: 'Valley',
      sequence,
      issued: 1,
      channels: [{ id: channelId, slug: 'news', number: 1, name: 'News', programmes: [] }],
      bootstrap: [],
      ...changes,
    },
    signer,
  )
const linkTo = (overlay: Overlay): string => encodeJoinLink({ networkKey: key.publicKey, name: 'Valley', bootstrap: overlay.addresses() })
const headerOf = (sequence: number, signer: ChunkSigner = createSigner(channelKeys)) =>
  signer.sign({ epoch: EPOCH, sequence, time: EPOCH, randomAccess: false, discontinuity: false, ends: false, payload: new Uint8Array(188) })
    .header

interface Lab extends AsyncDisposable {
  readonly clock: FakeClock
  readonly memory: MemoryNetwork
  readonly folder: string
  start(name: string): Promise<{ overlay: Overlay; networks: Networks }>
  /** Lets files be written and virtual time pass until it holds. */
  until(holds: () => boolean, what: string): Promise<void>
}

async function lab(): Promise<Lab> {
  await using starting = new AsyncDisposableStack()
  const clock = fakeClock()
  const memory = createMemoryNetwork({ clock, random: seededRandom(7), conditions: { latencyMs: 10 } })
  const folder = starting.use(await temporaryFolder())
  const running = starting.move()
  return {
    clock,
    memory,
    folder: folder.path,
    async start(name) {
      const overlay = await memory.start(name)
      const networks = await startNetworks({ overlay, dataDir: join(folder.path, name), clock, log: silentLog, random: seededRandom(3) })
      running.defer(() => networks[Symbol.asyncDispose]())
      return { overlay, networks }
    },
    async until(holds, what) {
      const patience = performance.now() + REAL_PATIENCE_MS
      for (let step = 0; performance.now() < patience; step += 1) {
        if (holds()) return
        if (step < VIRTUAL_STEPS) await clock.advance(STEP_MS)
        await new Promise<void>((resolve) => void setImmediate(resolve)) // real files are written in real time
      }
      throw new Error(`not in time: ${what}`)
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
const never = new AbortController().signal
const settled = <Value>(work: Promise<Value>): { readonly done: () => boolean; readonly work: Promise<Value> } => {
  let done = false
  work.then(
    () => (done = true),
    () => (done = true),
  )
  return { done: () => done, work }
}

/** A neighbour made by hand, which says what it likes. */
async function stranger(setup: Lab, name: string, target: Overlay) {
  const overlay = await setup.memory.start(name)
  const arrived = Promise.withResolvers<OverlayStream>()
  await overlay.handle(NETWORK_PROTOCOL, arrived.resolve)
  const connecting = overlay.connect(target.self, never).catch(() => overlay.connect(target.addresses()[0] ?? '', never))
  const link = settled(connecting)
  await setup.until(link.done, 'the stranger is connected')
  const opening = settled(name < target.self ? overlay.open(target.self, NETWORK_PROTOCOL, never) : arrived.promise)
  await setup.until(opening.done, 'the stranger has a stream')
  const stream = await opening.work
  const heard: NetworkMessage[] = []
  let ended = false
  const deframe = createDeframer((decoded) => decoded.ok && heard.push(decoded.message))
  stream.read({ bytes: deframe, end: () => (ended = true) })
  const say = (message: NetworkMessage): boolean => stream.send(encodeMessage(message))
  say({ kind: 'hello', networks: [{ key: key.publicKey, sequence: 0 }], carried: [] })
  return { overlay, stream, heard, say, hasEnded: () => ended }
}
const pieceOf = ({ bytes, catalogue }: SignedCatalogue): NetworkMessage => ({
  kind: 'catalogue',
  network: key.publicKey,
  sequence: catalogue.sequence,
  size: bytes.length,
  offset: 0,
  piece: bytes,
})

test('a relay that joins gets the catalogue, keeps it, and has it at once on its next start', async (t) => {
  await using setup = await lab()
  const station = await setup.start('station')
  station.networks.serve(key.publicKey, catalogueOf(5).bytes)
  const relay = await setup.start('relay')
  const joining = settled(relay.networks.join(linkTo(station.overlay), never))
  await setup.until(joining.done, 'the join')
  const info = await joining.work
  t.is(info.catalogue, 5)
  t.is(info.name, 'Valley')
  t.deepEqual((await readdir(join(setup.folder, 'relay', 'networks', info.id))).toSorted(), ['catalogue.signed', 'network.json'])

  const again = await relay.networks.join(linkTo(station.overlay), never)
  t.is(again.joined, info.joined, 'joining twice is joining once')

  await relay.networks[Symbol.asyncDispose]()
  setup.memory.kill('relay')
  const restarted = await setup.start('relay')
  t.deepEqual(
    restarted.networks.channels().map(({ id, slug, network }) => ({ id, slug, network: network.name })),
    [{ id: channelId, slug: 'news', network: 'Valley' }],
  )
  t.is(restarted.networks.channel('news'), restarted.networks.channel(channelId))
})

test('joining where nobody answers fails, says so, and leaves nothing behind; unless it may wait', async (t) => {
  await using setup = await lab()
  const gone = await setup.memory.start('gone')
  const link = linkTo(gone)
  setup.memory.kill('gone')
  const relay = await setup.start('relay')
  const joining = settled(relay.networks.join(link, never))
  await setup.clock.advance(JOIN_TIMEOUT_MS + 1000)
  const error = await t.throwsAsync(joining.work, { instanceOf: RelayError })
  t.is(error.code, 'peer-unreachable')
  t.regex(error.message, /nobody of the network Valley answered within 20 s/)
  t.deepEqual(relay.networks.list(), [])
  t.deepEqual(await readdir(join(setup.folder, 'relay')).catch(() => []), [])

  const waiting = await relay.networks.joinLater(link)
  t.is(waiting.catalogue, 0)
  t.is(relay.networks.list().length, 1)
  const station = await setup.start('station')
  station.networks.serve(key.publicKey, catalogueOf(3).bytes)
  const meeting = settled(relay.overlay.connect(station.overlay.addresses()[0] ?? '', never))
  await setup.until(() => meeting.done() && relay.networks.channel('news') !== undefined, 'the catalogue has come later')
  t.is(relay.networks.list()[0]?.catalogue, 3)
})

test('an update is passed on from relay to relay, and the sequence never goes back', async (t) => {
  await using setup = await lab()
  const station = await setup.start('station')
  station.networks.serve(key.publicKey, catalogueOf(5).bytes)
  const near = await setup.start('near')
  const joined = settled(near.networks.join(linkTo(station.overlay), never))
  await setup.until(joined.done, 'near has joined')
  const far = await setup.start('far')
  setup.memory.partition(['far'], ['station'], 'silent')
  const joinedFar = settled(far.networks.join(linkTo(near.overlay), never))
  await setup.until(joinedFar.done, 'far has joined through near')

  const news: string[] = []
  using _listening = far.networks.events.on('catalogue', ({ network }) => news.push(network))
  station.networks.serve(key.publicKey, catalogueOf(6, { name: 'Valley 6' }).bytes)
  await setup.until(() => far.networks.list()[0]?.name === 'Valley 6', 'the update')
  t.is(news.length, 1)
  station.networks.serve(key.publicKey, catalogueOf(4, { name: 'old' }).bytes)
  const old = await stranger(setup, 'zz', far.overlay)
  old.say(pieceOf(catalogueOf(5)))
  await setup.clock.advance(1000)
  t.is(far.networks.list()[0]?.catalogue, 6)
  t.false(old.hasEnded(), 'an old catalogue is no offence')
})

test('a catalogue that the network did not sign is refused, and its sender is left', async (t) => {
  await using setup = await lab()
  const relay = await setup.start('relay')
  relay.networks.serve(key.publicKey, catalogueOf(5).bytes)
  for (const name of ['aa', 'zz']) {
    const forger = await stranger(setup, name, relay.overlay)
    forger.say(pieceOf(catalogueOf(9, { name: 'Forged' }, other)))
    await setup.until(forger.hasEnded, 'the forger is left')
    t.is(relay.networks.list()[0]?.catalogue, 5)
    t.false(relay.overlay.connections().some(({ peer }) => peer === name))
  }
})

test('a forged edge costs the connection; a true one shows the channel on the air, there and further on', async (t) => {
  await using setup = await lab()
  const station = await setup.start('station')
  station.networks.serve(key.publicKey, catalogueOf(5).bytes)
  const relay = await setup.start('relay')
  const joined = settled(relay.networks.join(linkTo(station.overlay), never))
  await setup.until(joined.done, 'the join')
  t.is(relay.networks.air(channelId).kind, 'unknown')
  const changes: string[] = []
  using _listening = relay.networks.events.on('air', ({ channel, air }) => channel === channelId && changes.push(air.kind))

  station.networks.reportEdge(channelKeys.publicKey, headerOf(EPOCH))
  await setup.until(() => relay.networks.air(channelId).kind === 'on-air', 'on the air')
  setup.memory.kill('station')
  await setup.clock.advance(5000)
  t.is(relay.networks.air(channelId).kind, 'off-air')
  t.deepEqual(changes, ['on-air', 'off-air'])

  const liar = await stranger(setup, 'liar', relay.overlay)
  liar.say({ kind: 'edge', channel: channelKeys.publicKey, header: headerOf(EPOCH + 1, createSigner(other)).encoded })
  await setup.until(liar.hasEnded, 'the liar is left')
  t.is(relay.networks.air(channelId).kind, 'off-air')
})

test('who carries a channel is found: neighbours first, then through the DHT, each once', async (t) => {
  await using setup = await lab()
  const [one, two, three] = [await setup.start('one'), await setup.start('two'), await setup.start('three')]
  for (const { networks } of [one, two, three]) networks.serve(key.publicKey, catalogueOf(5).bytes)
  await setup.until(() => one.overlay.connections().length === 2, 'they have met by the network’s key')
  const lone = await setup.memory.start('lone')
  lone.provide(channelKeys.publicKey)
  const first = two.networks.carry(channelKeys.publicKey)
  const second = two.networks.carry(channelKeys.publicKey)
  const candidates = async (): Promise<string[]> => {
    const found: string[] = []
    const run = settled(
      (async () => {
        for await (const peer of one.networks.candidates(channelKeys.publicKey, never)) found.push(peer)
      })(),
    )
    await setup.until(run.done, 'the search')
    return found
  }
  await setup.clock.advance(100)
  t.deepEqual(await candidates(), ['two', 'lone'])
  first[Symbol.dispose]()
  first[Symbol.dispose]()
  t.deepEqual(await candidates(), ['two', 'lone'], 'somebody still carries it')
  second[Symbol.dispose]()
  await setup.clock.advance(100)
  t.deepEqual(await candidates(), ['lone'])
})

test('what breaks the protocol ends the session: garbage, pieces out of order, a flood', async (t) => {
  await using setup = await lab()
  const relay = await setup.start('relay')
  relay.networks.serve(key.publicKey, catalogueOf(5).bytes)
  const offences: Record<string, (neighbour: Awaited<ReturnType<typeof stranger>>) => void> = {
    garbage: ({ stream }) => stream.send(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
    order: ({ say }) => say({ ...pieceOf(catalogueOf(9)), offset: 1, size: 100_000 } as NetworkMessage),
    flood: ({ say }) => {
      for (let count = 0; count < 2000; count += 1) say({ kind: 'carry', added: [], removed: [] })
    },
  }
  for (const [name, offend] of Object.entries(offences)) {
    const neighbour = await stranger(setup, name, relay.overlay)
    offend(neighbour)
    await setup.until(neighbour.hasEnded, `${name} ends the session`)
  }
  t.is(relay.networks.list()[0]?.catalogue, 5)
})

test('a network that was left is gone, also from the disk; one that is damaged is left out, and the others load', async (t) => {
  await using setup = await lab()
  const station = await setup.start('station')
  station.networks.serve(key.publicKey, catalogueOf(5).bytes)
  const relay = await setup.start('relay')
  const joined = settled(relay.networks.join(linkTo(station.overlay), never))
  await setup.until(joined.done, 'the join')
  const { id } = await joined.work
  await relay.networks.leave(id)
  t.deepEqual(relay.networks.channels(), [])
  t.deepEqual(await readdir(join(setup.folder, 'relay', 'networks')), [])
  const error = await t.throwsAsync(relay.networks.leave(id), { instanceOf: RelayError })
  t.is(error.code, 'network-not-found')

  const later = await relay.networks.joinLater(linkTo(station.overlay))
  const second = await relay.networks.joinLater(encodeJoinLink({ networkKey: other.publicKey, name: 'Hill', bootstrap: [] }))
  await relay.networks[Symbol.asyncDispose]()
  setup.memory.kill('relay')
  const file = join(setup.folder, 'relay', 'networks', later.id, 'network.json')
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, 20))
  const again = await setup.start('relay')
  t.deepEqual(
    again.networks.list().map((network) => network.id),
    [second.id],
  )
})

test('two networks may use the same slug and number: the one joined first keeps them', async (t) => {
  await using setup = await lab()
  const relay = await setup.start('relay')
  relay.networks.serve(key.publicKey, catalogueOf(5).bytes)
  const hill = { id: toChannelId(generateChannelKey().publicKey), slug: 'news', number: 1, name: 'Hill News', programmes: [] }
  relay.networks.serve(other.publicKey, catalogueOf(5, { name: 'Hill', channels: [hill] }, other).bytes)
  t.deepEqual(
    relay.networks.channels().map(({ slug, number, name }) => ({ slug, number, name })),
    [
      { slug: 'news', number: 1, name: 'News' },
      { slug: `news-${toChannelId(other.publicKey).slice(0, 6)}`, number: 1000, name: 'Hill News' },
    ],
  )
})
