import test from 'ava'
import type { Channel } from '../../relay/http/schemas.ts'
import { nextFocus, type Box, type Direction } from '../../web-ui/state/focus.ts'
import { createNumberEntry, isFinal } from '../../web-ui/state/number-entry.ts'
import { actionOf } from '../../web-ui/state/watch-keys.ts'
import { channels } from './fixture-data.ts'
import { fakePageClock } from './fakes.ts'

const LIST = channels(0)

function setUp() {
  const clock = fakePageClock()
  const tuned: Channel[] = []
  const entry = createNumberEntry({ clock, channels: () => LIST, tune: (channel) => tuned.push(channel) })
  return { clock, entry, tuned: () => tuned.map(({ number }) => number) }
}

test('a number that no longer one begins with tunes at once, another waits for the next digit', (t) => {
  t.true(isFinal(LIST, '3'))
  t.false(isFinal(LIST, '1'))
  t.false(isFinal(LIST, '10'))
  t.true(isFinal(LIST, '104'))
})

test('digits make a number, and the channel is tuned when no more come', async (t) => {
  const { clock, entry, tuned } = setUp()
  entry.digit('1')
  await clock.advance(1_000)
  entry.digit('2')
  await clock.advance(1_000)
  t.deepEqual(tuned(), [12])
  t.deepEqual(entry.entry.value, { kind: 'none' })
})

test('the channel is named while its number is typed', (t) => {
  const { entry } = setUp()
  entry.digit('2')
  t.like(entry.entry.value, { kind: 'typing', digits: '2', match: { name: 'Meadow' } })
  entry.digit('9')
  t.like(entry.entry.value, { kind: 'typing', digits: '29', match: undefined })
})

test('a number that is nobody’s changes nothing', async (t) => {
  const { clock, entry, tuned } = setUp()
  entry.digit('7')
  await clock.advance(5_000)
  t.deepEqual(tuned(), [])
  t.deepEqual(entry.entry.value, { kind: 'none' })
})

test('OK takes the number at once, and only once', async (t) => {
  const { clock, entry, tuned } = setUp()
  entry.digit('1')
  t.true(entry.commit())
  t.false(entry.commit())
  await clock.advance(5_000)
  t.deepEqual(tuned(), [1])
})

test('a cleared number tunes nothing', async (t) => {
  const { clock, entry, tuned } = setUp()
  entry.digit('1')
  entry.clear()
  await clock.advance(5_000)
  t.deepEqual(tuned(), [])
})

test('arrows change the channel only while the picture has the focus', (t) => {
  const up = { key: 'ArrowUp', keyCode: 38 }
  t.deepEqual(actionOf(up, true), { kind: 'zap', step: 1 })
  t.is(actionOf(up, false), undefined)
  t.deepEqual(actionOf({ key: 'PageDown', keyCode: 34 }, false), { kind: 'zap', step: -1 })
})

test('letters work in either case, digits are digits, and other keys are left alone', (t) => {
  t.deepEqual(actionOf({ key: 'F', keyCode: 70 }, false), { kind: 'full-screen' })
  t.deepEqual(actionOf({ key: '7', keyCode: 55 }, false), { kind: 'digit', digit: '7' })
  t.is(actionOf({ key: 'x', keyCode: 88 }, true), undefined)
  t.is(actionOf({ key: 'Tab', keyCode: 9 }, true), undefined)
  t.is(actionOf({ key: 'constructor', keyCode: 0 }, true), undefined)
})

test('the back keys of webOS and Tizen lead back', (t) => {
  for (const keyCode of [461, 10009]) t.deepEqual(actionOf({ key: 'Unidentified', keyCode }, false), { kind: 'back' })
})

const box = (left: number, top: number, width = 100, height = 40): Box => ({ left, top, right: left + width, bottom: top + height })
/** Two columns and three rows: a wide link and a small button in each. */
const GRID = [box(0, 0, 400), box(420, 0, 44), box(0, 50, 400), box(420, 50, 44), box(0, 100, 400), box(420, 100, 44)]
const moves = test.macro((t, from: number, direction: Direction, to: number | undefined) => {
  const others = GRID.map((place, index) => ({ place, index })).filter(({ index }) => index !== from)
  const found = nextFocus(
    others.map(({ place }) => place),
    GRID[from] as Box,
    direction,
  )
  t.is(others[found]?.index, to)
})
test('down goes to the same column', moves, 1, 'down', 3)
test('down from a wide link goes to the wide link', moves, 0, 'down', 2)
test('up goes back', moves, 4, 'up', 2)
test('right stays in the row', moves, 2, 'right', 3)
test('left stays in the row', moves, 3, 'left', 2)
test('at the edge the focus stays', moves, 5, 'right', undefined)
