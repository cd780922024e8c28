import test from 'ava'
import { z } from 'zod'
import { RelayError } from '../../relay/errors.ts'
import { toProblem } from '../../relay/http/problem.ts'

test('an error becomes the document of its code, with its own sentence', (t) => {
  t.deepEqual(toProblem(new RelayError('channel-off-air', 'One is off air')), {
    type: '/problems/channel-off-air',
    title: 'The channel is off air',
    status: 503,
    detail: 'One is off air',
  })
})

test('what a schema found wrong is listed by place', (t) => {
  const { error } = z.object({ at: z.array(z.string()) }).safeParse({ at: ['x', 1] })
  const problem = toProblem(new RelayError('request-invalid', 'wrong', { cause: error }))
  t.deepEqual(problem.errors, [{ path: 'at.1', message: error?.issues[0]?.message ?? '' }])
})
