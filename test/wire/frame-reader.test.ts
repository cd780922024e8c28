import test from 'ava'
import fc from 'fast-check'
import { chunkFrameHeader, encode } from '../../relay/wire/encode.ts'
import { createFrameReader } from '../../relay/wire/frame-reader.ts'
import { MAX_CHUNK_BYTES } from '../../relay/wire/limits.ts'
import { anyMessage } from './arbitraries.ts'

const chunkFrame = (length: number, fill: number): Uint8Array =>
  new Uint8Array(Buffer.concat([chunkFrameHeader(length), new Uint8Array(length).fill(fill)]))
const anyFrame = fc.oneof(
  anyMessage.map(encode),
  fc.record({ length: fc.integer({ min: 120, max: 3000 }), fill: fc.nat(255) }).map(({ length, fill }) => chunkFrame(length, fill)),
)

test('frames come out as they went in, however the bytes are cut', (t) => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1 }), (frames, cuts) => {
      const out: string[] = []
      const reader = createFrameReader((frame) => out.push(Buffer.from(frame).toString('hex')))
      const all = Buffer.concat(frames)
      for (let at = 0, turn = 0; at < all.length; turn += 1) {
        const size = cuts[turn % cuts.length] ?? 1
        t.is(reader.push(new Uint8Array(all.subarray(at, at + size))), undefined)
        at += size
      }
      t.deepEqual(
        out,
        frames.map((frame) => Buffer.from(frame).toString('hex')),
      )
    }),
    { numRuns: 300 },
  )
})

test('garbage never throws, and is over at the first violation', (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (pieces) => {
      const reader = createFrameReader(() => {})
      let violated = false
      for (const piece of pieces) {
        const violation = reader.push(piece)
        t.false(violated && violation !== undefined)
        violated ||= violation !== undefined
      }
      t.pass()
    }),
    { numRuns: 1000 },
  )
})

test('a frame that claims to be too long is refused before room is made for it', (t) => {
  const reader = createFrameReader(() => t.fail())
  const head = chunkFrameHeader(MAX_CHUNK_BYTES + 1)
  t.is(reader.push(head.subarray(0, 4)), undefined)
  t.is(reader.push(head.subarray(4)), 'too-large')
  t.is(reader.push(encode({ kind: 'choke' })), undefined)
})

test('a chunk that one piece holds is not copied, and pins no more than itself', (t) => {
  const frames: Uint8Array[] = []
  const reader = createFrameReader((frame) => frames.push(frame))
  const alone = chunkFrame(60_000, 1)
  reader.push(alone)
  t.is(frames[0]?.buffer, alone.buffer)
  const crowd = new Uint8Array(Buffer.concat([chunkFrame(500, 2), new Uint8Array(chunkFrame(60_000, 3))]))
  reader.push(crowd)
  t.is(frames[1]?.buffer.byteLength, 505) // would have pinned 60 KB for 505 bytes
  t.is(frames[2]?.buffer, crowd.buffer)
})

test('a chunk in many pieces is put together in a buffer of exactly its size', (t) => {
  const frames: Uint8Array[] = []
  const reader = createFrameReader((frame) => frames.push(frame))
  const whole = chunkFrame(65_000, 9)
  for (let at = 0; at < whole.length; at += 16_000) reader.push(whole.slice(at, at + 16_000))
  t.is(frames.length, 1)
  t.is(frames[0]?.buffer.byteLength, whole.length)
  t.is(Buffer.compare(frames[0] ?? new Uint8Array(), whole), 0)
})

test('stopping in the middle of a piece drops the rest of it', (t) => {
  let count = 0
  const reader = createFrameReader(() => {
    count += 1
    reader.stop()
  })
  reader.push(new Uint8Array(Buffer.concat([encode({ kind: 'choke' }), encode({ kind: 'unchoke' })])))
  t.is(count, 1)
})
