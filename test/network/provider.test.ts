import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { RelayError } from '../../relay/errors.ts'
import { decodeCatalogue } from '../../relay/network/catalogue.ts'
import { parseJoinLink } from '../../relay/network/join-link.ts'
import { createNetwork, openProvider } from '../../relay/network/provider.ts'
import { fakeClock } from '../harness/clock.ts'
import { temporaryFolder } from './lab.ts'

const clock = fakeClock()
const NEW = { name: 'Valley TV', channels: [{ name: 'News' }, { name: 'Sport', number: 7 }] }

test('a network is a folder with keys for its owner only, a source for people, and a signed catalogue', async (t) => {
  await using folder = await temporaryFolder()
  const dir = join(folder.path, 'deep', 'valley')
  const provider = await createNetwork(dir, NEW, { clock })
  t.deepEqual((await readdir(dir)).toSorted(), ['catalogue.signed', 'keys', 'network.json', 'state'])
  for (const file of ['network.key', 'channels/news.key', 'channels/sport.key'])
    t.is((await stat(join(dir, 'keys', file))).mode & 0o777, 0o600)
  t.is(await readFile(join(dir, 'keys', '.gitignore'), 'utf8'), '*\n')
  t.deepEqual(
    provider.channels.map(({ slug, number, name }) => ({ slug, number, name })),
    [
      { slug: 'news', number: 1, name: 'News' },
      { slug: 'sport', number: 7, name: 'Sport' },
    ],
  )
  t.true(decodeCatalogue(await readFile(join(dir, 'catalogue.signed')), provider.networkKey).ok)
  t.deepEqual(await readdir(join(folder.path, 'deep')), ['valley'], 'no draft is left')
  const link = parseJoinLink(provider.joinLink(['/ip4/10.0.0.1/tcp/1']))
  t.is(Buffer.compare(link.networkKey, provider.networkKey), 0)
  t.deepEqual(link.bootstrap, ['/ip4/10.0.0.1/tcp/1'])
})

test('opened again it is the same network, and its channels are found by slug, id or name', async (t) => {
  await using folder = await temporaryFolder()
  const dir = join(folder.path, 'valley')
  const made = await createNetwork(dir, NEW, { clock })
  const opened = await openProvider(dir, { clock })
  t.is(opened.id, made.id)
  t.is(opened.catalogue.catalogue.sequence, made.catalogue.catalogue.sequence)
  const news = opened.channel('news')
  t.is(opened.channel(news.id), news)
  t.is(opened.channel('News'), news)
  const error = t.throws(() => opened.channel('weather'), { instanceOf: RelayError })
  t.is(error.code, 'channel-not-found')
  t.regex(error.message, /it has news, sport/)
})

test('each signing has a higher sequence, also after the catalogue was lost', async (t) => {
  await using folder = await temporaryFolder()
  const dir = join(folder.path, 'valley')
  const provider = await createNetwork(dir, NEW, { clock })
  const first = provider.catalogue.catalogue.sequence
  const start = '2026-01-01T20:15:00+01:00'
  const end = '2026-01-01T21:00:00+01:00'
  const signed = await provider.sign({ bootstrap: ['/ip4/10.0.0.1/tcp/1'], schedules: { news: [{ start, end, title: 'Evening' }] } })
  t.true(signed.catalogue.sequence > first)
  t.deepEqual(
    signed.catalogue.channels[0]?.programmes.map(({ start: from, title }) => ({ from, title })),
    [{ from: Date.parse(start), title: 'Evening' }],
  )
  t.deepEqual(signed.catalogue.bootstrap, ['/ip4/10.0.0.1/tcp/1'])
  await rm(join(dir, 'catalogue.signed'))
  await clock.advance(5000)
  t.true((await openProvider(dir, { clock })).catalogue.catalogue.sequence > signed.catalogue.sequence)
  t.throws(() => provider.sign({ schedules: { weather: [] } }), { instanceOf: RelayError })
})

test('a channel that is added gets a key of its own, and a slug of its own', async (t) => {
  await using folder = await temporaryFolder()
  const provider = await createNetwork(join(folder.path, 'valley'), NEW, { clock })
  const added = await provider.addChannel({ name: 'Weather' })
  t.is(added.number, 8)
  t.is(new Set(provider.channels.map(({ id }) => id)).size, 3)
  t.is(provider.catalogue.catalogue.channels.length, 3)
  const before = await readFile(join(provider.dir, 'network.json'), 'utf8')
  for (const wrong of [{ name: 'Weather' }, { name: 'テレビ' }, { name: 'Other', number: 7 }]) {
    const error = await t.throwsAsync(provider.addChannel(wrong), { instanceOf: RelayError })
    t.is(error.code, 'network-invalid')
  }
  t.is(await readFile(join(provider.dir, 'network.json'), 'utf8'), before)
  t.is((await readdir(join(provider.dir, 'keys', 'channels'))).length, 3)
})

test('a broadcaster’s last sequence number is kept', async (t) => {
  await using folder = await temporaryFolder()
  const dir = join(folder.path, 'valley')
  const { lastSequence } = (await createNetwork(dir, NEW, { clock })).channel('news')
  t.is(await lastSequence.load(), 0)
  await lastSequence.save(1_767_225_600_123)
  t.is(await (await openProvider(dir, { clock })).channel('news').lastSequence.load(), 1_767_225_600_123)
  await writeFile(join(dir, 'state', 'news.sequence'), 'many')
  t.regex((await t.throwsAsync(lastSequence.load()))?.message ?? '', /news\.sequence should hold one whole number/)
})

test('a folder in use is left alone, and a failure leaves nothing behind', async (t) => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'mine'), 'x')
  const error = await t.throwsAsync(createNetwork(folder.path, NEW, { clock }), { instanceOf: RelayError })
  t.is(error.code, 'network-invalid')
  t.deepEqual(await readdir(folder.path), ['mine'])
  const bad = [
    { name: 'N'.repeat(200), channels: [] },
    { name: 'N', channels: [{ name: 'A' }, { name: 'A' }] },
    { name: 'N', channels: [{ name: 'A', slug: '../../x' }] },
  ]
  for (const network of bad) await t.throwsAsync(createNetwork(join(folder.path, 'new'), network, { clock }), { instanceOf: RelayError })
  t.deepEqual(await readdir(folder.path), ['mine'])
  await t.throwsAsync(createNetwork(join(folder.path, 'mine', 'new'), NEW, { clock }), { instanceOf: RelayError })
  await mkdir(join(folder.path, 'empty'))
  await t.notThrowsAsync(createNetwork(join(folder.path, 'empty'), NEW, { clock }))
})

const names = test.macro(async (t, damage: (dir: string) => Promise<void>, code: string, says: RegExp) => {
  await using folder = await temporaryFolder()
  const dir = join(folder.path, 'valley')
  await createNetwork(dir, NEW, { clock })
  await damage(dir)
  const error = await t.throwsAsync(openProvider(dir, { clock }), { instanceOf: RelayError })
  t.is(error.code, code as never)
  t.regex(error.message, says)
})
test(
  'a folder without a network says how to make one',
  names,
  (dir) => rm(join(dir, 'network.json')),
  'network-not-found',
  /tributary network create/,
)
test(
  'a source that is no JSON is named',
  names,
  (dir) => writeFile(join(dir, 'network.json'), '{'),
  'network-invalid',
  /network\.json is no JSON/,
)
test(
  'a field that is wrong is named',
  names,
  async (dir) => {
    const path = join(dir, 'network.json')
    await writeFile(path, (await readFile(path, 'utf8')).replace('"number": 7', '"number": "seven"'))
  },
  'network-invalid',
  /channels\[1\]\.number/,
)
test(
  'a key that is missing is named',
  names,
  (dir) => rm(join(dir, 'keys', 'network.key')),
  'network-invalid',
  /network\.key from a backup/,
)
test(
  'a key that is damaged is named',
  names,
  async (dir) => {
    const path = join(dir, 'keys', 'channels', 'news.key')
    await chmod(path, 0o600)
    await writeFile(path, 'tributary network key 1\n')
  },
  'network-invalid',
  /news\.key is no key file/,
)
test(
  'a catalogue that is damaged is named',
  names,
  (dir) => writeFile(join(dir, 'catalogue.signed'), 'x'.repeat(100)),
  'catalogue-invalid',
  /delete it, and it is signed anew/,
)
