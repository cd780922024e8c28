import test from 'ava'
import fc from 'fast-check'
import type { Channel, Partner, Programme, Recording } from '../../relay/http/schemas.ts'
import {
  exchangeOf,
  findChannel,
  neighbourOf,
  nowNextOf,
  partnerHue,
  progressOf,
  recordedSeconds,
  recordStateOf,
  rendererViewOf,
  sharesOf,
  shortPeer,
  sortedRecordings,
  viewersOf,
} from '../../web-ui/state/channels.ts'
import { channels, idOf, recordings, renderers, swarms } from './fixture-data.ts'

const T = Date.UTC(2026, 0, 1, 20)
const MINUTE = 60_000
const iso = (ms: number): string => new Date(ms).toISOString()
const programme = (title: string, start: number, end: number): Programme => ({
  id: title,
  channel: idOf(1),
  title,
  start: iso(start),
  end: iso(end),
})
const news = programme('News', T, T + 30 * MINUTE)
const film = programme('Film', T + 30 * MINUTE, T + 90 * MINUTE)
const LIST = channels(T)

test('the next programme is on when its time has come, whether the relay has said so or not', (t) => {
  t.deepEqual(nowNextOf({ now: news, next: film }, T + 29 * MINUTE), { now: news, next: film })
  t.deepEqual(nowNextOf({ now: news, next: film }, T + 30 * MINUTE), { now: film, next: undefined })
  t.deepEqual(nowNextOf({ now: news, next: film }, T + 90 * MINUTE), { now: undefined, next: undefined })
})

test('before the next programme begins there may be nothing on', (t) => {
  const late = programme('Late', T + 60 * MINUTE, T + 70 * MINUTE)
  t.deepEqual(nowNextOf({ now: news, next: late }, T + 45 * MINUTE), { now: undefined, next: late })
})

test('progress stays between nothing and all, also for programmes without length', (t) => {
  t.is(progressOf(news, T + 15 * MINUTE), 0.5)
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: -1e6, max: 1e6 }), (at, length) => {
      const share = progressOf(programme('x', T, T + length), T + at)
      return share >= 0 && share <= 1
    }),
  )
  t.pass()
})

test('a record button tells idle, starting, recording and stopping apart', (t) => {
  const [idle] = LIST as [Channel, ...Channel[]]
  const busy: Channel = { ...idle, recording: 'r' }
  t.is(recordStateOf(idle, undefined).kind, 'idle')
  t.is(recordStateOf(idle, 'starting').kind, 'starting')
  t.deepEqual(recordStateOf(busy, undefined), { kind: 'recording', id: 'r' })
  t.deepEqual(recordStateOf(busy, 'stopping'), { kind: 'stopping', id: 'r' })
  // the event that tells of the recording may come before the answer to the request
  t.deepEqual(recordStateOf(busy, 'starting'), { kind: 'recording', id: 'r' })
})

test('a recording is no viewer', (t) => {
  const tuner = { kind: 'live', readers: 2, since: iso(T) } as const
  t.is(viewersOf({ tuner }), 2)
  t.is(viewersOf({ tuner, recording: 'r1' }), 1)
  t.is(viewersOf({ tuner: { kind: 'idle' } }), 0)
})

test('a peer that only talks is none from whom, or to whom, a channel comes', (t) => {
  const rates = { bitsIn: 1_300, bitsOut: 900, bytesIn: 900, bytesOut: 900 }
  const talk: Partner = { peer: 'a', transport: 'tcp', direction: 'inbound', ...rates, parentOf: [], childOf: [] }
  const partners = [talk, { ...talk, bitsIn: 2_000_000 }, { ...talk, bitsOut: 317_000 }]
  t.deepEqual(exchangeOf({ partners }), { from: 1, to: 1 })
  t.deepEqual(exchangeOf({ partners: [{ ...talk, bitsIn: 0, bitsOut: 0, parentOf: [3], childOf: [1, 2] }] }), { from: 1, to: 1 })
})

test('channels are found by slug and by id', (t) => {
  t.is(findChannel(LIST, 'orbit')?.number, 3)
  t.is(findChannel(LIST, idOf(3))?.slug, 'orbit')
  t.is(findChannel(LIST, 'nowhere'), undefined)
})

test('channel up and down follow the numbers, round the end', (t) => {
  t.is(neighbourOf(LIST, idOf(3), 1)?.number, 12)
  t.is(neighbourOf(LIST, idOf(6), 1)?.number, 1)
  t.is(neighbourOf(LIST, idOf(1), -1)?.number, 104)
  t.is(neighbourOf([], idOf(1), 1), undefined)
})

test('what is wished of a TV is shown before what it does', (t) => {
  const [living] = renderers()
  if (living === undefined) return t.fail()
  t.is(rendererViewOf(living, undefined).kind, 'playing')
  t.is(rendererViewOf(living, { kind: 'stopping' }).kind, 'stopping')
})

const list = recordings(T, '/x', 1, 1)
const runs: Recording = { ...(list[2] as Recording), id: 'r-runs', start: iso(T - 40_000), capture: { kind: 'running' }, duration: 30 }

test('what runs stands first, then the newest, and what was deleted nowhere', (t) => {
  const ids = sortedRecordings([...list, runs], new Set(['r-gaps'])).map(({ id }) => id)
  t.deepEqual(ids, ['r-runs', 'r-done', 'r-failed'])
})

test('the length of a running recording counts on, less its gaps', (t) => {
  t.is(recordedSeconds(runs, T), 40)
  const gaps = [{ began: iso(T - 20_000), ended: iso(T - 16_000), cause: 'not-received' as const }]
  t.is(recordedSeconds({ ...runs, gaps }, T), 36)
  t.is(recordedSeconds({ ...runs, capture: { kind: 'done', reason: 'stopped' } }, T), 30)
})

test('a bar of shares has six parts at most, which are all of it', (t) => {
  const [swarm] = swarms(0)
  if (swarm === undefined) return t.fail()
  t.is(sharesOf(swarm).length, 5)
  const many = { ...swarm, shares: Array.from({ length: 20 }, (_, n) => ({ peer: `p${n}`, share: 0.05 })) }
  const parts = sharesOf(many)
  t.is(parts.length, 6)
  t.is(parts[5]?.peer, '')
  t.true(Math.abs(parts.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9)
})

test('every part of the bar has the colour of its peer in the table', (t) => {
  const [swarm] = swarms(0)
  if (swarm === undefined) return t.fail()
  t.deepEqual(
    sharesOf(swarm).map(({ peer }) => partnerHue(swarm, peer)),
    [1, 2, 3, 4, 5],
  )
  t.is(partnerHue(swarm, 'a stranger'), 6)
  // the rest's colour is nobody's own
  const many = { ...swarm, shares: Array.from({ length: 9 }, (_, n) => ({ peer: `p${n}`, share: 1 / 9 })) }
  t.deepEqual(
    [4, 5, 6].map((n) => partnerHue(many, `p${n}`)),
    [5, 6, 6],
  )
})

test('peers are told apart by the ends of their ids', (t) => {
  t.is(shortPeer('12D3KooWabcdefghijklmnop'), 'ijklmnop')
  t.is(shortPeer('short'), 'short')
})
