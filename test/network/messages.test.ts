import test from 'ava'
import fc from 'fast-check'
import { HEADER_BYTES } from '../../relay/chunk/chunk.ts'
import {
  CATALOGUE_PIECE_BYTES,
  createDeframer,
  decodeMessage,
  encodeMessage,
  MAX_CARRIED,
  MAX_FRAME_BYTES,
  type DecodedMessage,
  type NetworkMessage,
} from '../../relay/network/messages.ts'

const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const sequence = fc.integer({ min: 0, max: 2 ** 48 - 1 })
const message: fc.Arbitrary<NetworkMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('hello' as const),
    networks: fc.array(fc.record({ key, sequence }), { maxLength: 5 }),
    carried: fc.array(key, { maxLength: 5 }),
  }),
  fc
    .record({ network: key, sequence, offset: fc.nat(1000), piece: fc.uint8Array({ minLength: 1, maxLength: 300 }), rest: fc.nat(1000) })
    .map(({ rest, ...fields }) => ({ kind: 'catalogue' as const, ...fields, size: fields.offset + fields.piece.length + rest })),
  fc.record({ kind: fc.constant('carry' as const), added: fc.array(key, { maxLength: 5 }), removed: fc.array(key, { maxLength: 5 }) }),
  fc.record({
    kind: fc.constant('edge' as const),
    channel: key,
    header: fc.uint8Array({ minLength: HEADER_BYTES, maxLength: HEADER_BYTES }),
  }),
)

/** Byte arrays as text, so that views and copies compare. */
const plain = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part))
const hexed = (value: NetworkMessage): string => {
  const walk = (part: unknown): unknown => {
    if (part instanceof Uint8Array) return Buffer.from(part).toString('hex')
    if (Array.isArray(part)) return part.map(walk)
    if (typeof part === 'object' && part !== null)
      return Object.fromEntries(
        Object.entries(part)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, each]) => [name, walk(each)]),
      )
    return part
  }
  return plain(walk(value))
}
const received = (bytes: Uint8Array, cuts: readonly number[] = []): DecodedMessage[] => {
  const all: DecodedMessage[] = []
  const push = createDeframer((decoded) => all.push(decoded))
  let at = 0
  for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    push(bytes.subarray(at, cut))
    at = Math.max(at, cut)
  }
  return all
}

test('messages come back as they were, however the stream is split', (t) => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(2000), { maxLength: 12 }), (messages, cuts) => {
      const bytes = Buffer.concat(messages.map(encodeMessage))
      const all = received(
        bytes,
        cuts.filter((cut) => cut <= bytes.length),
      )
      return (
        all.length === messages.length &&
        all.every((decoded, at) => decoded.ok && hexed(decoded.message) === hexed(messages[at] as NetworkMessage))
      )
    }),
  )
  t.pass()
})

test('any bytes are survived, as a message and as a stream', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => typeof decodeMessage(bytes).ok === 'boolean' && received(bytes).length >= 0),
  )
  fc.assert(
    fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, at, change) => {
      const bytes = encodeMessage(given)
      bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ change
      return received(bytes).length >= 0
    }),
  )
  t.pass()
})

test('a message cut short, or with something behind it, is refused', (t) => {
  fc.assert(
    fc.property(message, fc.nat(), (given, at) => {
      const bytes = encodeMessage(given).subarray(4)
      const isCatalogue = given.kind === 'catalogue' // its last field takes what is there
      const longer = decodeMessage(Buffer.concat([bytes, Uint8Array.of(0)]))
      return (isCatalogue || !decodeMessage(bytes.subarray(0, at % bytes.length)).ok) && (isCatalogue || !longer.ok)
    }),
  )
  t.pass()
})

test('a frame that is too large ends the reading before it is kept', (t) => {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(MAX_FRAME_BYTES + 1)
  t.deepEqual(received(Buffer.concat([head, Buffer.alloc(100)])), [{ ok: false, violation: 'frame-size' }])
  t.deepEqual(received(Buffer.alloc(4)), [{ ok: false, violation: 'frame-size' }])
})

test('the largest piece of a catalogue fits a frame', (t) => {
  const piece = Buffer.alloc(CATALOGUE_PIECE_BYTES)
  const [decoded] = received(
    encodeMessage({ kind: 'catalogue', network: Buffer.alloc(32), sequence: 1, size: piece.length, offset: 0, piece }),
  )
  t.true(decoded?.ok)
})

test('lists have a limit', (t) => {
  const carried = Array.from({ length: MAX_CARRIED + 1 }, () => Buffer.alloc(32))
  t.deepEqual(received(encodeMessage({ kind: 'hello', networks: [], carried })), [{ ok: false, violation: 'too-many' }])
})
