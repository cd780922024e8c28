import test from 'ava'
import fc from 'fast-check'
import { type ByteRange, parseRange } from '../../relay/http/byte-range.ts'

const asks = test.macro<[string | undefined, number, ByteRange]>({
  exec(t, header: string | undefined, size: number, range: ByteRange) {
    t.deepEqual(parseRange(header, size), range)
  },
  title: (_given, header, size, range) =>
    `${header ?? 'no range'} of ${size} bytes is ${range.kind === 'part' ? `${range.start} to ${range.end}` : range.kind}`,
})

test(asks, undefined, 100, { kind: 'whole' })
test(asks, 'bytes=0-', 100, { kind: 'part', start: 0, end: 99 })
test(asks, 'bytes=0-0', 100, { kind: 'part', start: 0, end: 0 })
test(asks, 'bytes=99-99', 100, { kind: 'part', start: 99, end: 99 })
test(asks, 'bytes=10-1000', 100, { kind: 'part', start: 10, end: 99 })
test(asks, 'bytes=-10', 100, { kind: 'part', start: 90, end: 99 })
test(asks, 'bytes=-1000', 100, { kind: 'part', start: 0, end: 99 })
test(asks, 'Bytes = 5 - 6', 100, { kind: 'part', start: 5, end: 6 })
test(asks, 'bytes=100-', 100, { kind: 'unsatisfiable' })
test(asks, 'bytes=-0', 100, { kind: 'unsatisfiable' })
test(asks, 'bytes=6-5', 100, { kind: 'unsatisfiable' })
test(asks, 'bytes=-', 100, { kind: 'unsatisfiable' })
test(asks, 'bytes=a-b', 100, { kind: 'unsatisfiable' })
test(asks, 'bytes=0-', 0, { kind: 'unsatisfiable' })
test(asks, 'bytes=-5', 0, { kind: 'unsatisfiable' })
test(asks, 'items=0-5', 100, { kind: 'whole' })
test(asks, 'bytes=0-1,5-6', 100, { kind: 'whole' })

test('a part always lies within the file', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,17}-\d{0,17}$/)), fc.nat(), (header, size) => {
      const range = parseRange(header, size)
      return range.kind !== 'part' || (0 <= range.start && range.start <= range.end && range.end < size)
    }),
  )
  t.pass()
})
