import test from 'ava'
import fc from 'fast-check'
import { toChannelId } from '../../relay/chunk/channel-id.ts'
import { generateChannelKey } from '../../relay/chunk/keys.ts'
import { RelayError } from '../../relay/errors.ts'
import { decodeCatalogue, MAX_CATALOGUE_BYTES, signCatalogue, type Catalogue } from '../../relay/network/catalogue.ts'
import { slugOf } from '../../relay/network/names.ts'

const network = generateChannelKey()
const channel = (slug: string, number: number) => ({
  id: toChannelId(generateChannelKey().publicKey),
  slug,
  number,
  name: slug,
  programmes: [
    { id: 'b', start: 2000, end: 3000, title: 'Late' },
    { id: 'a', start: 1000, end: 2000, title: 'Early', subtitle: 'sub', description: 'text', category: 'News' },
  ],
})
const catalogue: Catalogue = {
  name: 'Test',
  sequence: 7,
  issued: 1000,
  channels: [channel('one', 1), channel('two', 2)],
  bootstrap: ['/ip4/10.0.0.1/tcp/1'],
}
const signed = signCatalogue(catalogue, network)

test('a catalogue that its network signed is read, programmes in order', (t) => {
  const decoded = decodeCatalogue(signed.bytes, network.publicKey)
  t.true(decoded.ok)
  if (!decoded.ok) return
  t.is(decoded.signed.catalogue.sequence, 7)
  t.deepEqual(
    decoded.signed.catalogue.channels[0]?.programmes.map(({ id }) => id),
    ['a', 'b'],
  )
})

test('another network’s signature does not hold', (t) => {
  const decoded = decodeCatalogue(signCatalogue(catalogue, generateChannelKey()).bytes, network.publicKey)
  t.is(decoded.ok ? 'ok' : decoded.violation, 'signature')
})

test('one changed byte anywhere is refused', (t) => {
  fc.assert(
    fc.property(fc.nat(signed.bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = Uint8Array.from(signed.bytes)
      damaged[at] = (damaged[at] ?? 0) ^ change
      return !decodeCatalogue(damaged, network.publicKey).ok
    }),
  )
  t.pass()
})

test('any bytes are survived', (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => !decodeCatalogue(bytes, network.publicKey).ok))
  t.is(violationOf(new Uint8Array(MAX_CATALOGUE_BYTES + 1)), 'size')
  t.is(violationOf(signed.bytes.subarray(0, 10)), 'truncated')
  t.is(violationOf(new Uint8Array(100)), 'magic')
})
const violationOf = (bytes: Uint8Array): string => {
  const decoded = decodeCatalogue(bytes, network.publicKey)
  return decoded.ok ? 'ok' : decoded.violation
}

const refuses = test.macro((t, changes: Partial<Catalogue>, says: RegExp) => {
  const error = t.throws(() => signCatalogue({ ...catalogue, ...changes }, network), { instanceOf: RelayError })
  t.is(error.code, 'catalogue-invalid')
  t.regex(error.message, says)
})
test('a slug that is used twice is not signed', refuses, { channels: [channel('one', 1), channel('one', 2)] }, /slug is used twice/)
test('a slug that cannot stand in a path is not signed', refuses, { channels: [channel('../x', 1)] }, /slug/)
test('a channel id that is none is not signed', refuses, { channels: [{ ...channel('one', 1), id: 'x' }] }, /channel id/)
test('a sequence of 0 is not signed', refuses, { sequence: 0 }, /sequence/)
test(
  'a programme that ends before it starts is not signed',
  refuses,
  { channels: [{ ...channel('one', 1), programmes: [{ id: 'x', start: 2, end: 1, title: 'x' }] }] },
  /ends after it starts/,
)

test('a catalogue that is too large says how large', (t) => {
  const long = {
    ...channel('one', 1),
    programmes: Array.from({ length: 2000 }, (_, at) => ({
      id: `${at}`,
      start: at,
      end: at + 1,
      title: 't',
      description: 'x'.repeat(4000),
    })),
  }
  const error = t.throws(() => signCatalogue({ ...catalogue, channels: [long] }, network), { instanceOf: RelayError })
  t.is(error.code, 'catalogue-too-large')
})

test('a slug is made of what can stand in a path', (t) => {
  t.is(slugOf('Das Erste HD'), 'das-erste-hd')
  t.is(slugOf('  Télé 5! '), 'tele-5')
  t.is(slugOf('テレビ'), undefined)
  t.true((slugOf('x'.repeat(300)) ?? '').length < 52, 'never as long as an id')
})
