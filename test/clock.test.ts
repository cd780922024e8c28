import test from 'ava'
import { fakeClock } from './harness/clock.ts'

test('a wait longer than a 32-bit timer is kept', async (t) => {
  const clock = fakeClock()
  const weeks = 60 * 24 * 3600 * 1000
  let fired = false
  using _timer = clock.after(weeks, () => (fired = true))
  await clock.advance(weeks - 1)
  t.false(fired)
  await clock.advance(1)
  t.true(fired)
})

test('a sleep ends with the reason of its signal', async (t) => {
  const clock = fakeClock()
  const stop = new AbortController()
  const sleeping = clock.sleep(1000, stop.signal)
  stop.abort(new Error('enough'))
  await t.throwsAsync(sleeping, { message: 'enough' })
})
