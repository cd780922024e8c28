import test from 'ava'
import fc from 'fast-check'
import type { FeedItem } from '../../relay/feed/source.ts'
import { firstPts } from '../../relay/transcode/first-pts.ts'
import { createSegmenter, type CutSegment } from '../../relay/transcode/segmenter.ts'
import { chunkOf, chunksOf, itemsOf, pesPacket, START_MS, type ChunkPlan } from './ts-chunks.ts'

function cutAll(items: readonly FeedItem[]): CutSegment[] {
  const segmenter = createSegmenter()
  const segments = items.map((item) => segmenter.push(item))
  return [...segments, segmenter.end()].filter((segment) => segment !== undefined)
}
const lengths = (segments: readonly CutSegment[]): number[] => segments.map((segment) => segment.seconds)
const plan = (...plans: ChunkPlan[]): FeedItem[] => itemsOf(plans.map(chunkOf))

test('segments begin at random access points: three short ones to start with, then of two seconds', (t) => {
  const segments = cutAll(itemsOf(chunksOf({ seconds: 12, gop: 1 })))
  t.deepEqual(lengths(segments), [1, 1, 1, 2, 2, 2, 2, 0.5])
  t.is(segments[0]?.time, START_MS)
})

test('a long GOP makes a long segment', (t) => {
  t.deepEqual(lengths(cutAll(itemsOf(chunksOf({ seconds: 20, gop: 5 })))), [5, 5, 5, 4.5])
})

test('a GOP a little short of the target is not doubled', (t) => {
  const items = plan(...Array.from({ length: 12 }, (_, index) => ({ sequence: index, at: index * 0.96, access: true })))
  t.deepEqual(lengths(cutAll(items)).slice(0, 6), [0.96, 0.96, 0.96, 1.92, 1.92, 1.92])
})

test('a segment refers to the payloads of the feed and copies none', (t) => {
  const chunks = chunksOf({ seconds: 2, gop: 1 })
  const [first] = cutAll(itemsOf(chunks))
  t.is(first?.payloads[0], chunks[0]?.payload)
  t.is(first?.payloads[1], chunks[1]?.payload)
  t.is(first?.payloads.length, 2)
  t.is(first?.bytes, 2 * 188)
})

test('what comes before the first random access point is dropped', (t) => {
  const segments = cutAll(plan({ sequence: 1, at: 0 }, { sequence: 2, at: 0.5, access: true }, { sequence: 3, at: 1 }))
  t.is(segments.length, 1)
  t.is(segments[0]?.payloads.length, 2)
  t.false(segments[0]?.discontinuity)
})

test('time stamps that wrap are not a discontinuity', (t) => {
  const wrap = 2 ** 33 / 90_000
  const segments = cutAll(itemsOf(chunksOf({ seconds: 4, gop: 1, stampFrom: wrap - 1 })))
  t.deepEqual(
    lengths(segments).map((seconds) => Math.round(seconds * 10) / 10),
    [1, 1, 1, 0.5],
  )
  t.true(segments.every((segment) => !segment.discontinuity))
})

test('time stamps that jump are one, and the clock of the chunks gives the length', (t) => {
  const segments = cutAll(
    plan({ sequence: 1, at: 0, access: true }, { sequence: 2, at: 1.5 }, { sequence: 3, at: 2, stamp: 9000, access: true }),
  )
  t.deepEqual(lengths(segments), [1.5, 0.04])
  t.deepEqual(
    segments.map((segment) => segment.discontinuity),
    [false, true],
  )
})

test('a chunk that begins a new time line ends the segment before', (t) => {
  const segments = cutAll(
    plan(
      { sequence: 1, at: 0, access: true },
      { sequence: 2, at: 0.5 },
      { sequence: 3, at: 1, stamp: 0, access: true, discontinuity: true },
      { sequence: 4, at: 2, stamp: 1, access: true },
    ),
  )
  t.deepEqual(lengths(segments), [0.5, 1, 0.04])
  t.deepEqual(
    segments.map((segment) => segment.discontinuity),
    [false, true, false],
  )
})

test('after a gap nothing is used before the next random access point, which is marked', (t) => {
  const segments = cutAll([
    ...plan({ sequence: 1, at: 0, access: true }, { sequence: 2, at: 0.5 }),
    { kind: 'gap', gap: { from: 3, to: 3, began: START_MS + 500, ended: START_MS + 1500 } },
    ...plan({ sequence: 4, at: 1.5 }, { sequence: 5, at: 2, access: true }, { sequence: 6, at: 3 }),
  ])
  t.deepEqual(lengths(segments), [0.5, 1])
  t.deepEqual(
    segments.map((segment) => segment.payloads.length),
    [2, 2],
  )
  t.true(segments[1]?.discontinuity)
})

test('a source without random access points does not grow memory', (t) => {
  const segmenter = createSegmenter()
  const bytes = 188 * 5000
  segmenter.push({ kind: 'chunk', chunk: chunkOf({ sequence: 0, at: 0, access: true }) })
  for (let sequence = 1; sequence < 40; sequence += 1) segmenter.push({ kind: 'chunk', chunk: chunkOf({ sequence, at: sequence, bytes }) })
  t.is(segmenter.end(), undefined)
})

test('the time stamp of the picture counts, and of sound when there is no picture', (t) => {
  const both = new Uint8Array([...pesPacket(1000, 0xc0), ...pesPacket(4000, 0xe0)])
  t.is(firstPts(both), 4000)
  t.is(firstPts(pesPacket(2 ** 33 - 1, 0xc0)), 2 ** 33 - 1)
  t.is(firstPts(new Uint8Array(188)), undefined)
})

test('whatever is pushed, each payload is in one segment at most and segments are in order', (t) => {
  const item = fc.record({ access: fc.boolean(), discontinuity: fc.boolean(), stamp: fc.nat(100), gap: fc.boolean() })
  fc.assert(
    fc.property(fc.array(item, { maxLength: 60 }), (plans) => {
      const items = plans.map(({ gap, ...rest }, sequence): FeedItem =>
        gap
          ? { kind: 'gap', gap: { from: sequence, to: sequence, began: sequence, ended: sequence } }
          : { kind: 'chunk', chunk: chunkOf({ sequence, at: sequence / 10, ...rest }) },
      )
      const segments = cutAll(items)
      const order = items.map((each) => (each.kind === 'chunk' ? each.chunk.payload : undefined))
      const places = segments.flatMap((segment) => segment.payloads.map((payload) => order.indexOf(payload)))
      return (
        places.every((place, index) => index === 0 || place > (places[index - 1] as number)) && segments.every(({ seconds }) => seconds > 0)
      )
    }),
  )
  t.pass()
})
