import test from 'ava'
import fc from 'fast-check'
import { between, nowNext } from '../../relay/guide/guide.ts'

const news = { title: 'News', start: 100, end: 200 }
const film = { title: 'Film', start: 200, end: 400 }
const late = { title: 'Late', start: 450, end: 500 }

test('a programme is on from its start up to its end, which belongs to the next', (t) => {
  const titles = (at: number) => {
    const { now, next } = nowNext([late, news, film], at)
    return [now?.title, next?.title]
  }
  t.deepEqual(titles(99), [undefined, 'News'])
  t.deepEqual(titles(100), ['News', 'Film'])
  t.deepEqual(titles(199), ['News', 'Film'])
  t.deepEqual(titles(200), ['Film', 'Late'])
  t.deepEqual(titles(420), [undefined, 'Late'])
  t.deepEqual(titles(500), [undefined, undefined])
})

test('of two programmes that overlap the later one is on', (t) => {
  const special = { title: 'Special', start: 150, end: 180 }
  t.is(nowNext([special, news], 160).now?.title, 'Special')
  t.is(nowNext([special, news], 190).now?.title, 'News')
})

test('what overlaps a span of time comes by its start', (t) => {
  t.deepEqual(
    between([late, film, news], 150, 450).map((programme) => programme.title),
    ['News', 'Film'],
  )
  t.deepEqual(between([news], 200, 300), [])
})

test('now is on, next is not yet, whatever the programmes', (t) => {
  const programme = fc
    .record({ start: fc.nat(1000), length: fc.integer({ min: 1, max: 300 }) })
    .map(({ start, length }) => ({ start, end: start + length }))
  fc.assert(
    fc.property(fc.array(programme), fc.nat(1300), (list, at) => {
      const { now, next } = nowNext(list, at)
      const on = list.filter((one) => one.start <= at && at < one.end)
      const coming = list.filter((one) => one.start > at)
      return (
        (now === undefined ? on.length === 0 : on.includes(now)) &&
        (next === undefined ? coming.length === 0 : coming.every((one) => one.start >= next.start))
      )
    }),
  )
  t.pass()
})
