import test from 'ava'
import fc from 'fast-check'
import { decode } from '../../relay/wire/decode.ts'
import { chunkFrameHeader, encode, frameAround } from '../../relay/wire/encode.ts'
import { LENGTH_BYTES, MAX_CHUNK_BYTES, MAX_CONTROL_BYTES } from '../../relay/wire/limits.ts'
import { TYPES, type ControlMessage, type WireViolation } from '../../relay/wire/wire.ts'
import { anyMessage } from './arbitraries.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const framed = (type: number, fields: Uint8Array | readonly number[]): Uint8Array => {
  const frame = Buffer.concat([Buffer.alloc(LENGTH_BYTES), Buffer.from([type]), Buffer.from(fields)])
  frame.writeUInt32BE(frame.length - LENGTH_BYTES)
  return frame
}

test('decoding what was encoded gives the message again', (t) => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      t.deepEqual(decode(encode(message)), { ok: true, message })
    }),
    { numRuns: 500 },
  )
})

test('the length field is right, and no message exceeds the limit', (t) => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const frame = encode(message)
      t.is(Buffer.from(frame).readUInt32BE(), frame.length - LENGTH_BYTES)
      t.true(frame.length - LENGTH_BYTES <= 1 + MAX_CONTROL_BYTES)
    }),
  )
})

test('any bytes decode to a message or a violation', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 }), fc.uint8Array({ maxLength: 700 }), (type, fields) => {
      const decoded = decode(framed(type, fields))
      // what decodes says all there was: encoding it again gives the same bytes
      if (decoded.ok && decoded.message.kind !== 'chunk') t.is(hex(encode(decoded.message)), hex(framed(type, fields)))
      else t.pass()
    }),
    { numRuns: 2000 },
  )
})

test('a message that is cut short or followed by more is refused', (t) => {
  fc.assert(
    fc.property(anyMessage, fc.nat(), (message, cut) => {
      const frame = encode(message)
      const fields = frame.subarray(LENGTH_BYTES + 1)
      const shorter = decode(framed(frame[LENGTH_BYTES] ?? 0, fields.subarray(0, cut % Math.max(fields.length, 1))))
      const headerCut = message.kind === 'handshake' && shorter.ok
      t.true(fields.length === 0 || !shorter.ok || headerCut)
      t.deepEqual(decode(framed(frame[LENGTH_BYTES] ?? 0, [...fields, 0])), {
        ok: false,
        violation: message.kind === 'handshake' && message.header === undefined ? 'truncated' : 'trailing',
      })
    }),
    { numRuns: 300 },
  )
})

const refused = test.macro({
  exec(t, frame: Uint8Array, violation: WireViolation) {
    t.deepEqual(decode(frame), { ok: false, violation })
  },
  title: (name = '') => `refused: ${name}`,
})
test('nothing', refused, new Uint8Array(), 'truncated')
test('no type', refused, new Uint8Array(4), 'truncated')
test('type 0', refused, framed(0, []), 'unknown-type')
test('type 18', refused, framed(18, []), 'unknown-type')
test('another version', refused, framed(TYPES.handshake, [2, ...new Uint8Array(45)]), 'version')
test('a role that does not exist', refused, framed(TYPES.handshake, [1, 9, ...new Uint8Array(44)]), 'bad-value')
test('sub-stream 8', refused, framed(TYPES.unsubscribe, [8]), 'bad-value')
test('a reason that does not exist', refused, framed(TYPES.goodbye, [77]), 'bad-value')
test('a map of 2049 chunks', refused, framed(TYPES.have, [...new Uint8Array(6), 8, 1, ...new Uint8Array(514)]), 'bad-value')
test('17 peers', refused, framed(TYPES.pex, [17]), 'bad-value')
test('a peer id with a line break', refused, framed(TYPES.pex, [1, 1, 10, 0]), 'bad-value')
test('an empty peer id', refused, framed(TYPES.pex, [1, 0, 0]), 'bad-value')
test('a chunk shorter than its header', refused, framed(TYPES.chunk, new Uint8Array(119)), 'truncated')
test('a chunk that is too long', refused, framed(TYPES.chunk, new Uint8Array(MAX_CHUNK_BYTES + 1)), 'too-large')
test('a control message that is too long', refused, framed(TYPES.pex, new Uint8Array(MAX_CONTROL_BYTES + 1)), 'too-large')

/** Golden vectors: these bytes are the protocol. PROTOCOL.md quotes them. */
const key = Uint8Array.from({ length: 32 }, (_, index) => index)
const vectors: readonly (readonly [string, ControlMessage])[] = [
  [
    '0000002f' + '01' + '01' + '00' + hex(key) + '00000100' + '00002710' + '00000000',
    { kind: 'handshake', role: 'peer', channelKey: key, window: 256, uploadKbps: 10_000, features: 0, header: undefined },
  ],
  ['00000079' + '02' + 'aa'.repeat(120), { kind: 'header', encoded: new Uint8Array(120).fill(0xaa) }],
  [
    '0000000d' + '03' + '019b7b0f1a00' + '000a' + 'ff03' + '0100',
    {
      kind: 'have',
      bits: { base: 0x019b7b0f1a00, count: 10, have: new Uint8Array([0xff, 0x03]), access: new Uint8Array([1, 0]) },
    },
  ],
  [
    '0000001a' + '04' + '000000000001' + '18' + '0001020304050608' + '000000000010' + '0008' + '81' + '01',
    {
      kind: 'buffer-map',
      oldest: 1,
      free: 24,
      depths: new Uint8Array([0, 1, 2, 3, 4, 5, 6, 8]),
      bits: { base: 16, count: 8, have: new Uint8Array([0x81]), access: new Uint8Array([1]) },
    },
  ],
  ['00000008' + '05' + '03' + '019b7b0f1a03', { kind: 'subscribe', subStream: 3, from: 0x019b7b0f1a03 }],
  ['00000002' + '06' + '07', { kind: 'unsubscribe', subStream: 7 }],
  ['00000003' + '07' + '02' + '01', { kind: 'release', subStream: 2, reason: 'slow' }],
  ['00000009' + '08' + '019b7b0f1a04' + '0bb8', { kind: 'request', sequence: 0x019b7b0f1a04, deadline: 3000 }],
  ['00000007' + '09' + '019b7b0f1a04', { kind: 'cancel', sequence: 0x019b7b0f1a04 }],
  ['00000008' + '0a' + '019b7b0f1a04' + '02', { kind: 'reject', sequence: 0x019b7b0f1a04, reason: 'quota' }],
  ['00000001' + '0c', { kind: 'choke' }],
  ['00000001' + '0d', { kind: 'unchoke' }],
  [
    '00000013' + '0e' + '01' + '03' + '616263' + '01' + '0b' + '2f6d656d6f72792f616263'.slice(0, 22),
    { kind: 'pex', peers: [{ peer: 'abc', addresses: ['/memory/abc'] }] },
  ],
  ['00000005' + '0f' + '00000007', { kind: 'ping', nonce: 7 }],
  ['00000005' + '10' + '00000007', { kind: 'pong', nonce: 7 }],
  ['00000002' + '11' + '02', { kind: 'goodbye', reason: 'full' }],
]
for (const [bytes, message] of vectors) {
  test(`golden: ${message.kind}`, (t) => {
    t.is(hex(encode(message)), bytes)
    t.deepEqual(decode(Buffer.from(bytes, 'hex')), { ok: true, message })
  })
}

test('a chunk goes behind five bytes, and is found again inside its frame', (t) => {
  const encoded = new Uint8Array(500).fill(7)
  t.is(hex(chunkFrameHeader(500)), '000001f50b')
  t.is(frameAround(encoded), undefined)
  const frame = new Uint8Array(Buffer.concat([chunkFrameHeader(500), encoded]))
  t.deepEqual(frameAround(frame.subarray(5)), frame)
  frame[4] = TYPES.have
  t.is(frameAround(frame.subarray(5)), undefined)
})
