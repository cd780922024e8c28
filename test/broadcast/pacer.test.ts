import test from 'ava'
import fc from 'fast-check'
import { createPacer } from '../../relay/broadcast/pacer.ts'
import { PCR_HZ, PCR_WRAP } from '../../relay/media/timestamp.ts'

const at = (seconds: number): number => (seconds * PCR_HZ + PCR_WRAP) % PCR_WRAP
/** Steps through PCRs, waiting as told; the times at which each went on. */
const goThrough = (pcrs: readonly number[], haste = 0): number[] => {
  const pacer = createPacer(haste)
  let now = 0
  return pcrs.map((pcr) => (now += pacer.next(pcr, now).wait))
}

test('packets go on when their clock says so', (t) => {
  t.deepEqual(goThrough([at(100), at(100.04), at(100.08), at(101)]), [0, 40, 80, 1000])
})

test('a clock that wraps goes on', (t) => {
  t.deepEqual(goThrough([at(-0.1), at(-0.05), at(0), at(0.05)]), [0, 50, 100, 150])
  const pacer = createPacer(0)
  pacer.next(at(-0.01), 0)
  t.false(pacer.next(at(0.03), 40).jumped)
})

test('a jump is told and not waited for, forward and back', (t) => {
  const pacer = createPacer(0)
  pacer.next(at(100), 0)
  pacer.next(at(100.04), 40)
  t.deepEqual(pacer.next(at(5000), 40), { wait: 40, jumped: true }) // one interval goes on, as if there were no jump
  t.deepEqual(pacer.next(at(10), 80), { wait: 40, jumped: true })
  t.deepEqual(pacer.next(at(10.04), 120), { wait: 40, jumped: false })
})

test('at a loop point the pace goes on, also where the clock hardly moves', (t) => {
  const pacer = createPacer(0)
  pacer.next(at(100), 0)
  pacer.next(at(100.04), 40)
  pacer.discontinue()
  t.deepEqual(pacer.next(at(100), 40), { wait: 40, jumped: false })
  t.deepEqual(pacer.next(at(100.04), 80), { wait: 40, jumped: false })
})

test('a source that is late is not made up for in a burst', (t) => {
  const pacer = createPacer(0)
  pacer.next(at(0), 0)
  pacer.next(at(0.04), 5000)
  t.is(pacer.next(at(0.08), 5000).wait, 40)
})

test('a short delay is made up for', (t) => {
  const pacer = createPacer(0)
  pacer.next(at(0), 0)
  pacer.next(at(0.04), 300)
  t.is(pacer.next(at(0.08), 300).wait, 0)
  t.is(pacer.next(at(0.4), 300).wait, 100)
})

test('a source with a pace of its own is never held back', (t) => {
  const day = 86_400
  const seconds = Array.from({ length: day }, (_, second) => at(second))
  const last = goThrough(seconds, 1e-4).at(-1) ?? 0
  t.true(last < (day - 1) * 1000 * (1 - 30e-6))
  t.true(last > (day - 1) * 1000 * (1 - 200e-6))
})

test('no clock makes anybody wait for longer than a second', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: PCR_WRAP - 1 }), fc.nat({ max: 2000 }))), (steps) => {
        const pacer = createPacer(0)
        let now = 0
        return steps.every(([pcr, passed]) => {
          const { wait } = pacer.next(pcr, (now += passed))
          now += wait
          return wait >= 0 && wait <= 1000
        })
      }),
    ),
  )
})
