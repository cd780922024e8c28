import test from 'ava'
import { FAILURES_SPAN_MS, MAX_FAILURES, planRestart } from '../../relay/transcode/restarts.ts'

test('an ffmpeg that failed is started again, after a pause that doubles', (t) => {
  t.deepEqual(planRestart([0]), { kind: 'restart', pauseMs: 100 })
  t.deepEqual(planRestart([0, 1000]), { kind: 'restart', pauseMs: 200 })
  t.deepEqual(planRestart([0, 1000, 2000, 3000]), { kind: 'restart', pauseMs: 800 })
})

test('after five failures in a minute it is given up', (t) => {
  t.deepEqual(planRestart([0, 1, 2, 3, FAILURES_SPAN_MS - 1]), { kind: 'give-up' })
  t.is(MAX_FAILURES, 5)
})

test('failures that are long ago do not count', (t) => {
  t.deepEqual(planRestart([0, 1, 2, 3, FAILURES_SPAN_MS + 3]), { kind: 'restart', pauseMs: 100 })
})
