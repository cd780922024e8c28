import test from 'ava'
import type { ChunkCut } from '../../relay/chunk/chunker.ts'
import { createSurvey } from '../../relay/broadcast/survey.ts'
import { createTransmission } from '../../relay/broadcast/transmission.ts'
import { fakeClock } from '../harness/clock.ts'
import { madeStream, packetOf, tablesOf, VIDEO_PID } from '../harness/ts.ts'

interface Sent {
  readonly cut: ChunkCut
  /** Virtual ms. */
  readonly at: number
}

/** Sends one part after the other, with a loop point between them. */
async function sendAll(
  parts: readonly Uint8Array[],
  program?: number,
): Promise<{ readonly sent: readonly Sent[]; readonly tookMs: number }> {
  const clock = fakeClock()
  const sent: Sent[] = []
  const survey = createSurvey(program)
  survey.push(parts[0] ?? new Uint8Array(0))
  const choice = survey.choose(true)
  if (choice === undefined) throw new Error('the stream names no programme')
  using transmission = createTransmission({ clock, cut: (cut) => sent.push({ cut, at: clock.monotonic() }) }, choice, true)
  const run = async (): Promise<void> => {
    for (const [part, packets] of parts.entries()) {
      if (part > 0) transmission.discontinue()
      await transmission.send(packets, new AbortController().signal)
    }
    transmission.flush()
  }
  let isDone = false
  const running = run().finally(() => (isDone = true))
  while (!isDone) await clock.advance(1)
  await running
  return { sent, tookMs: clock.monotonic() }
}
const accesses = (sent: readonly Sent[]): number[] => sent.filter(({ cut }) => cut.randomAccess).map(({ at }) => at)

test('a stream is sent at the pace of its clock, and a loop keeps it', async (t) => {
  const stream = madeStream({ seconds: 2 })
  const { sent, tookMs } = await sendAll([stream, stream, stream, stream])
  const times = accesses(sent)
  t.is(times.length, 8)
  // A chunk goes when it is cut: up to 200 ms after its first packet.
  for (const [at, time] of times.entries()) t.true(time >= at * 1000 && time <= at * 1000 + 201, `key frame ${at} went at ${time} ms`)
  t.true(tookMs >= 7950 && tookMs <= 8000, `eight seconds took ${tookMs} ms`)
  t.is(sent.filter(({ cut }) => cut.discontinuity).length, 3)
})

test('a clock that wraps goes on, and is no discontinuity', async (t) => {
  const { sent, tookMs } = await sendAll([madeStream({ seconds: 2, from: -1 })])
  t.true(tookMs >= 1950 && tookMs <= 2000)
  t.false(sent.some(({ cut }) => cut.discontinuity))
})

test('a clock that jumps is not waited for, and is a discontinuity', async (t) => {
  const { sent, tookMs } = await sendAll([
    Buffer.concat([madeStream({ seconds: 1, from: 5000 }), madeStream({ seconds: 1, from: 20 }), madeStream({ seconds: 1, from: 90_000 })]),
  ])
  t.true(tookMs >= 2900 && tookMs <= 3000, `three seconds took ${tookMs} ms`)
  t.is(sent.filter(({ cut }) => cut.discontinuity).length, 2)
})

test('no chunk waits for longer than 200 ms for what comes after it', async (t) => {
  const { sent } = await sendAll([madeStream({ seconds: 3 })])
  for (const [at, { at: time }] of sent.entries()) t.true(time - (sent[at - 1]?.at ?? 0) <= 240, `chunk ${at} went at ${time} ms`) // a picture is 40 ms
})

test('another programme of the multiplex does not set the pace', async (t) => {
  const programs = [
    { program: 1, pmtPid: 4096, pcrPid: VIDEO_PID, streams: [{ type: 0x1b, pid: VIDEO_PID }] },
    { program: 2, pmtPid: 4097, pcrPid: 400, streams: [{ type: 0x1b, pid: 400 }] },
  ]
  const other = Buffer.concat(Array.from({ length: 50 }, (_, at) => packetOf({ pid: 400, counter: at & 15, pcr: at * 27_000_000 })))
  const own = Buffer.concat(Array.from({ length: 10 }, (_, at) => packetOf({ pid: VIDEO_PID, counter: at, pcr: at * 2_700_000 })))
  const { sent, tookMs } = await sendAll([Buffer.concat([tablesOf({ programs }), own, other])], 1)
  t.true(tookMs >= 890 && tookMs <= 910, `0.9 seconds took ${tookMs} ms`)
  t.false(sent.some(({ cut }) => cut.discontinuity))
})
