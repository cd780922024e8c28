import test from 'ava'
import { createContinuityCheck } from '../../relay/media/continuity.ts'
import { NULL_PID } from '../../relay/media/ts-packet.ts'
import { packetOf, type PacketFields } from '../harness/ts.ts'

const errorsOf = (...packets: readonly PacketFields[]): number => {
  const check = createContinuityCheck()
  for (const packet of packets) check.push(packetOf(packet))
  return check.errors
}

test('counters that go on are right, across the wrap and by PID', (t) => {
  t.is(
    errorsOf({ pid: 1, counter: 14 }, { pid: 2, counter: 3 }, { pid: 1, counter: 15 }, { pid: 1, counter: 0 }, { pid: 2, counter: 4 }),
    0,
  )
})

test('a missing packet is one error', (t) => {
  t.is(errorsOf({ pid: 1, counter: 1 }, { pid: 1, counter: 3 }, { pid: 1, counter: 4 }), 1)
})

test('a packet may be repeated once', (t) => {
  t.is(errorsOf({ pid: 1, counter: 1 }, { pid: 1, counter: 1 }, { pid: 1, counter: 2 }), 0)
  t.is(errorsOf({ pid: 1, counter: 1 }, { pid: 1, counter: 1 }, { pid: 1, counter: 1 }), 1)
})

test('a packet without payload does not count', (t) => {
  t.is(errorsOf({ pid: 1, counter: 1 }, { pid: 1, counter: 1, pcr: 5, payload: false }, { pid: 1, counter: 2 }), 0)
  t.is(errorsOf({ pid: 1, counter: 1 }, { pid: 1, counter: 2, pcr: 5, payload: false }), 1)
})

test('null packets and announced discontinuities are no errors', (t) => {
  t.is(errorsOf({ pid: NULL_PID, counter: 1 }, { pid: NULL_PID, counter: 7 }), 0)
  t.is(errorsOf({ pid: 1, counter: 1 }, { pid: 1, counter: 7, pcr: 5, discontinuity: true }), 0)
})

test('errors are told by PID, and a discontinuity forgets the counters', (t) => {
  const check = createContinuityCheck()
  check.push(packetOf({ pid: 5, counter: 1 }))
  check.push(packetOf({ pid: 5, counter: 5 }))
  check.discontinue()
  check.push(packetOf({ pid: 5, counter: 9 }))
  t.deepEqual([...check.byPid], [[5, 1]])
})
