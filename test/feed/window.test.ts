import test from 'ava'
import fc from 'fast-check'
import { createWindow } from '../../relay/feed/window.ts'
import { mediaChunk } from '../harness/push-source.ts'

const OVERHEAD = 1024
const PACKET = 188

test('a full window forgets its oldest items and keeps the indices of the others', (t) => {
  const window = createWindow({ maxBytes: 3 * (PACKET + OVERHEAD) })
  for (let sequence = 0; sequence < 5; sequence += 1) window.push({ kind: 'chunk', chunk: mediaChunk(sequence) })
  t.is(window.first, 2)
  t.is(window.end, 5)
  t.is(window.at(1), undefined)
  t.like(window.at(2), { chunk: { sequence: 2 } })
  t.is(window.bytesBefore(2), 2 * PACKET)
  t.is(window.chunksBefore(window.end), 5)
})

test('the past is found by wall-clock time at the random access point before it', (t) => {
  const window = createWindow({ maxBytes: 1e6 })
  for (let sequence = 0; sequence < 40; sequence += 1) {
    window.push({ kind: 'chunk', chunk: mediaChunk(sequence, { randomAccess: sequence % 10 === 5 }) })
  }
  t.is(window.accessAt(2499), 15)
  t.is(window.accessAt(2500), 25)
  t.is(window.accessAt(0), 5)
  t.is(window.accessAt(1e9), 35)
  t.is(window.newestAccess(), 35)
  t.is(window.accessFrom(6), 15)
  t.is(window.accessFrom(36), undefined)
})

test('a window stays within its bytes and never names a random access point that is gone', (t) => {
  const items = fc.array(fc.record({ packets: fc.nat(40), randomAccess: fc.boolean() }), { maxLength: 2000 })
  fc.assert(
    fc.property(items, fc.integer({ min: 10_000, max: 200_000 }), (list, maxBytes) => {
      const window = createWindow({ maxBytes })
      list.forEach((options, sequence) => window.push({ kind: 'chunk', chunk: mediaChunk(sequence, options) }))
      let held = 0
      const accesses: number[] = []
      for (let index = window.first; index < window.end; index += 1) {
        const item = window.at(index)
        if (item?.kind !== 'chunk') return false
        held += item.chunk.payload.length + OVERHEAD
        if (item.chunk.sequence !== index) return false
        if (item.chunk.randomAccess) accesses.push(index)
      }
      return held <= maxBytes && window.newestAccess() === accesses.at(-1) && window.accessFrom(0) === accesses[0]
    }),
    { numRuns: 30 },
  )
  t.pass()
})
