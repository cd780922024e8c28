/** Real peers on loopback: a bootstrap node, a provider, and relays that know nothing but a join link. */
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { generateChannelKey } from '../../relay/chunk/keys.ts'
import { createSigner } from '../../relay/chunk/sign.ts'
import { RelayError } from '../../relay/errors.ts'
import { signCatalogue } from '../../relay/network/catalogue.ts'
import { startPeer } from '../overlay/libp2p-pair.ts'
import { eventually, makeNetwork, startNode, temporaryFolder } from './lab.ts'

const DEADLINE_MS = 30_000
const soon = (): AbortSignal => AbortSignal.timeout(DEADLINE_MS)

test('relays that know only a bootstrap address get the catalogue, its updates and the state of the channels', async (t) => {
  await using folder = await temporaryFolder()
  const provider = await makeNetwork(join(folder.path, 'network'))
  await using bootstrap = await startPeer({ dht: 'server', relay: true })
  const addresses = bootstrap.addresses().slice(0, 1)

  await using station = await startNode(join(folder.path, 'station'), { bootstrap: addresses })
  station.networks.serve(provider.networkKey, provider.catalogue.bytes)
  await using first = await startNode(join(folder.path, 'first'))
  await using second = await startNode(join(folder.path, 'second'))
  const link = provider.joinLink(addresses)
  const joined = await Promise.all([first.networks.join(link, soon()), second.networks.join(link, soon())])

  t.deepEqual(
    joined.map(({ name, catalogue, channels }) => ({ name, catalogue, channels })),
    Array.from({ length: 2 }, () => ({ name: 'Test Network', catalogue: provider.catalogue.catalogue.sequence, channels: 2 })),
  )
  t.deepEqual(
    first.networks.channels().map(({ slug, number }) => ({ slug, number })),
    [
      { slug: 'one', number: 1 },
      { slug: 'two', number: 2 },
    ],
  )

  const update = await provider.addChannel({ name: 'Three' })
  station.networks.serve(provider.networkKey, provider.catalogue.bytes)
  await eventually(
    () => [first, second].every(({ networks }) => networks.channel('three')?.id === update.id),
    'the update has reached both',
    5000,
  )

  const { id, keys } = provider.channel('one')
  const signer = createSigner(keys)
  const epoch = 1_000_000
  const beacon = (sequence: number, ends = false): void => {
    const draft = { epoch, sequence, time: epoch, randomAccess: false, discontinuity: false, ends, payload: new Uint8Array(188) }
    station.networks.reportEdge(keys.publicKey, signer.sign(draft).header)
  }
  beacon(epoch)
  await eventually(
    () => [first, second].every(({ networks }) => networks.air(id).kind === 'on-air'),
    'both know that it is on the air',
    5000,
  )
  beacon(epoch + 1, true)
  await eventually(
    () => [first, second].every(({ networks }) => networks.air(id).kind === 'off-air'),
    'both know that it is off the air',
    5000,
  )

  using _carrying = station.networks.carry(keys.publicKey)
  const candidates = async (): Promise<string[]> => {
    const found: string[] = []
    for await (const peer of second.networks.candidates(keys.publicKey, soon())) found.push(peer)
    return found
  }
  let found: string[] = []
  while (!found.includes(station.overlay.self)) found = await candidates()
  t.is(new Set(found).size, found.length)
})

test('a relay finds its network again from good peers when the bootstrap node is gone', async (t) => {
  await using folder = await temporaryFolder()
  const provider = await makeNetwork(join(folder.path, 'network'))
  const home = join(folder.path, 'relay')
  await using stack = new AsyncDisposableStack()
  const bootstrap = stack.use(await startPeer({ dht: 'server' }))
  const addresses = bootstrap.addresses().slice(0, 1)
  await using station = await startNode(join(folder.path, 'station'), { bootstrap: addresses })
  station.networks.serve(provider.networkKey, provider.catalogue.bytes)

  const identity = await (async () => {
    await using relay = await startNode(home)
    await relay.networks.join(provider.joinLink(addresses), soon())
    return relay.overlay.self
  })()
  await bootstrap[Symbol.asyncDispose]()
  await provider.addChannel({ name: 'Three' })
  station.networks.serve(provider.networkKey, provider.catalogue.bytes)

  await using again = await startNode(home)
  t.is(again.overlay.self, identity)
  t.is(again.networks.channels().length, 2, 'what it knew it knows at once')
  await eventually(() => again.networks.channel('three') !== undefined, 'the update has come')
  t.is(again.networks.list()[0]?.name, 'Test Network')
})

test('a catalogue that another key signed is refused, and joining a network where nobody answers leaves nothing behind', async (t) => {
  await using folder = await temporaryFolder()
  const provider = await makeNetwork(join(folder.path, 'network'))
  const forged = signCatalogue({ ...provider.catalogue.catalogue, sequence: 2 ** 40 }, generateChannelKey())
  await using station = await startNode(join(folder.path, 'station'))
  const error = t.throws(() => station.networks.serve(provider.networkKey, forged.bytes))
  t.is((error as RelayError).code, 'catalogue-invalid')

  const home = join(folder.path, 'relay')
  await mkdir(home)
  await using relay = await startNode(home)
  const reason = new Error('the caller has left')
  await t.throwsAsync(relay.networks.join(provider.joinLink(), AbortSignal.abort(reason)), { is: reason })
  t.deepEqual(relay.networks.list(), [])
  t.false((await readdir(home)).includes('networks'))
})
