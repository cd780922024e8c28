import test from 'ava'
import fc from 'fast-check'
import type { MediaChunk } from '../../relay/chunk/chunk.ts'
import { createRing } from '../../relay/chunk/ring.ts'

const KIB = 1024
/** A chunk that costs 2 KiB in the ring: half of it payload. */
const chunkOf = (sequence: number, randomAccess = false): MediaChunk => ({
  sequence,
  time: sequence * 10,
  randomAccess,
  discontinuity: false,
  payload: new Uint8Array(KIB),
})
const ringOf = (capacity: number, sequences: readonly number[] = []) => {
  const ring = createRing<MediaChunk>({ maxBytes: capacity * 2 * KIB })
  for (const sequence of sequences) ring.put(chunkOf(sequence))
  return ring
}
const sequencesOf = (chunks: Iterable<MediaChunk>): number[] => [...chunks].map((chunk) => chunk.sequence)

test('chunks stand in order, whatever order they came in', (t) => {
  const ring = ringOf(10, [5, 3, 9, 4, 100])
  t.deepEqual(sequencesOf(ring), [3, 4, 5, 9, 100])
  t.deepEqual(sequencesOf(ring.from(5)), [5, 9, 100])
  t.is(ring.oldest()?.sequence, 3)
  t.is(ring.newest()?.sequence, 100)
  t.true(ring.has(9))
  t.false(ring.has(8))
})

test('a full ring forgets the oldest and refuses what is older still', (t) => {
  const ring = ringOf(3, [1, 2, 3, 4])
  t.deepEqual(sequencesOf(ring), [2, 3, 4])
  t.false(ring.put(chunkOf(1)))
  t.false(ring.put(chunkOf(3)))
  t.is(ring.bytes, 3 * 2 * KIB)
})

test('the newest random access point is found, also before a given chunk', (t) => {
  const ring = createRing<MediaChunk>({ maxBytes: 100 * KIB })
  for (let sequence = 1; sequence <= 10; sequence += 1) ring.put(chunkOf(sequence, sequence % 4 === 0))
  t.is(ring.newestRandomAccess()?.sequence, 8)
  t.is(ring.newestRandomAccess(8)?.sequence, 8)
  t.is(ring.newestRandomAccess(7)?.sequence, 4)
  t.is(ring.newestRandomAccess(3), undefined)
  t.is(ring.randomAccessAt(79)?.sequence, 4)
  t.is(ring.randomAccessAt(1)?.sequence, 4)
})

test('a reader of the ring goes on while chunks come and go', (t) => {
  const ring = ringOf(3, [1, 2, 3])
  const seen: number[] = []
  for (const chunk of ring) {
    seen.push(chunk.sequence)
    if (chunk.sequence < 8) ring.put(chunkOf(chunk.sequence + 3))
  }
  t.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

test('the ring agrees with a sorted set of the newest, and its count with its content', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2000 }), { maxLength: 1500 }), (sequences) => {
        const ring = ringOf(40)
        let model: number[] = []
        for (const sequence of sequences) {
          const expected = !model.includes(sequence) && !(model.length === 40 && sequence < (model[0] as number))
          if (ring.put(chunkOf(sequence)) !== expected) return false
          if (expected) model = [...model, sequence].toSorted((a, b) => a - b).slice(-40)
        }
        return ring.size === model.length && ring.bytes === model.length * 2 * KIB && sequencesOf(ring).join() === model.join()
      }),
      { numRuns: 30 },
    ),
  )
})

test('a cleared ring is empty', (t) => {
  const ring = ringOf(3, [1, 2])
  ring.clear()
  t.is(ring.size + ring.bytes, 0)
  t.is(ring.newest(), undefined)
})
