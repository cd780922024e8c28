import test from 'ava'
import fc from 'fast-check'
import { HEADER_BYTES } from '../../relay/chunk/chunk.ts'
import { decodeHeader, MAX_UINT48 } from '../../relay/chunk/header.ts'
import { generateChannelKey, keyPairOf } from '../../relay/chunk/keys.ts'
import { createSigner, createVerifier, type ChunkDraft } from '../../relay/chunk/sign.ts'

const pair = generateChannelKey()
const signer = createSigner(pair)
const verifier = createVerifier(pair.publicKey)

const draft = (fields: Partial<ChunkDraft> = {}): ChunkDraft => ({
  epoch: 1000,
  sequence: 1001,
  time: 5000,
  randomAccess: true,
  discontinuity: false,
  ends: false,
  payload: new Uint8Array(188).fill(7),
  ...fields,
})

const drafts = fc
  .record({
    epoch: fc.nat({ max: 2 ** 31 - 1 }),
    ahead: fc.maxSafeNat().map((n) => n % 2 ** 47),
    time: fc.maxSafeNat().map((n) => n % MAX_UINT48),
    randomAccess: fc.boolean(),
    discontinuity: fc.boolean(),
    ends: fc.boolean(),
    packets: fc.integer({ min: 1, max: 348 }),
  })
  .map(({ ahead, packets, ...rest }) => ({ ...rest, sequence: rest.epoch + ahead, payload: new Uint8Array(packets * 188).fill(packets) }))

test('what was signed verifies and says what was signed', (t) => {
  fc.assert(
    fc.property(drafts, (given) => {
      const verified = verifier.verify(signer.sign(given).encoded)
      if (!verified.ok) return t.fail(verified.violation)
      const { header, payload } = verified.chunk
      const { epoch, sequence, time, randomAccess, discontinuity, ends } = header
      t.deepEqual({ epoch, sequence, time, randomAccess, discontinuity, ends, payload: Uint8Array.from(payload) }, given)
    }),
    { numRuns: 50 },
  )
})

test('one wrong bit anywhere is found', (t) => {
  const { encoded } = signer.sign(draft())
  for (let bit = 0; bit < encoded.length * 8; bit += 1) {
    const wrong = Uint8Array.from(encoded)
    wrong[bit >> 3] = (wrong[bit >> 3] as number) ^ (1 << (bit & 7))
    t.false(verifier.verify(wrong).ok)
  }
})

test('a chunk of another channel is refused by its signature', (t) => {
  const other = createVerifier(generateChannelKey().publicKey)
  t.deepEqual(other.verify(signer.sign(draft()).encoded), { ok: false, violation: 'signature' })
})

test('each fault has its name', (t) => {
  const { encoded } = signer.sign(draft())
  const changed = (at: number, value: number): Uint8Array => {
    const copy = Uint8Array.from(encoded)
    copy[at] = value
    return copy
  }
  t.deepEqual(verifier.verify(new Uint8Array(0)), { ok: false, violation: 'truncated' })
  t.deepEqual(verifier.verify(encoded.subarray(0, HEADER_BYTES - 1)), { ok: false, violation: 'truncated' })
  t.deepEqual(verifier.verify(encoded.subarray(0, encoded.length - 1)), { ok: false, violation: 'truncated' })
  t.deepEqual(verifier.verify(Buffer.concat([encoded, new Uint8Array(188)])), { ok: false, violation: 'size' })
  t.deepEqual(verifier.verify(changed(0, 2)), { ok: false, violation: 'version' })
  t.deepEqual(verifier.verify(changed(1, 0x80)), { ok: false, violation: 'fields' })
  t.deepEqual(verifier.verify(changed(20, 0xff)), { ok: false, violation: 'size' })
  t.deepEqual(verifier.verify(changed(HEADER_BYTES, 0)), { ok: false, violation: 'hash' })
  t.deepEqual(verifier.verify(changed(60, encoded[60] === 0 ? 1 : 0)), { ok: false, violation: 'signature' })
})

test('a header alone proves itself', (t) => {
  const { header } = signer.sign(draft())
  t.is(verifier.header(Uint8Array.from(header.encoded))?.sequence, 1001)
  const wrong = Uint8Array.from(header.encoded)
  wrong[13] = 0
  t.is(verifier.header(wrong), undefined)
  t.is(verifier.header(header.encoded.subarray(1)), undefined)
})

test('garbage is no chunk and never throws', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        decodeHeader(bytes)
        return !verifier.verify(bytes).ok && verifier.header(bytes) === undefined
      }),
    ),
  )
})

test('a draft that nobody would take is not signed', (t) => {
  const wrong = [
    { payload: new Uint8Array(187) },
    { payload: new Uint8Array(0) },
    { payload: new Uint8Array(349 * 188) },
    { sequence: 999 },
    { time: -1 },
    { time: 0.5 },
  ]
  for (const fields of wrong) t.throws(() => signer.sign(draft(fields)), { instanceOf: RangeError })
})

test('only the last chunk of an epoch may be empty', (t) => {
  const { encoded } = signer.sign(draft({ ends: true, randomAccess: false, payload: new Uint8Array(0) }))
  t.is(encoded.length, HEADER_BYTES)
  t.true(verifier.verify(encoded).ok)
})

test('the bytes of a header are those of the format', (t) => {
  const fixed = createSigner(keyPairOf(new Uint8Array(32).fill(1)))
  const { encoded } = fixed.sign(
    draft({ epoch: 0x0102_0304_0506, sequence: 0x0102_0304_0507, time: 0x0a0b_0c0d_0e0f, discontinuity: true }),
  )
  t.is(
    Buffer.from(encoded.subarray(0, HEADER_BYTES)).toString('hex'),
    '01030102030405060102030405070a0b0c0d0e0f000000bc' +
      '983b867971482b3a4de037e6d48cb4110e9f4cf87672bd8c8fa6eaba42148107' +
      'f641d67acfdd1aa91b342d53f737241cb41644ebf98f885cab9ff4178deca6bd' +
      '5a5b1d3e50c6bb59394f6d4ece96a67397a449d2be67bde8c871b0d56ba61a00',
  )
})
