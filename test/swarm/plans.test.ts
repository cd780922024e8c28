import test from 'ava'
import fc from 'fast-check'
import { planParents, type ParentCandidate, type SubStreamView } from '../../relay/swarm/plan-parents.ts'
import { planPulls, type HoleView, type Holder } from '../../relay/swarm/plan-pulls.ts'
import { planRechoke, planSlots, planSubscribe } from '../../relay/swarm/plan-uploads.ts'

const candidate = (peer: string, fields: Partial<ParentCandidate> = {}): ParentCandidate => ({
  peer,
  isChoking: false,
  free: 8,
  rtt: 50,
  lateness: undefined,
  depths: new Uint8Array(8).fill(1),
  newestOf: () => 100,
  isChild: () => false,
  isRefusing: () => false,
  ...fields,
})
const orphan: SubStreamView = { parent: undefined, changedAt: 0, newest: 99, stalledMs: 0, pulled: 0 }
const fed = (parent: string, fields: Partial<SubStreamView> = {}): SubStreamView => ({ ...orphan, parent, ...fields })
const orphans = Array.from({ length: 8 }, () => orphan)

test('equal partners share the sub-streams evenly', (t) => {
  const changes = planParents({
    now: 1000,
    subStreams: orphans,
    candidates: ['a', 'b', 'c', 'd'].map((peer) => candidate(peer)),
    mayImprove: false,
    slack: 0,
  })
  t.is(changes.length, 8)
  for (const peer of ['a', 'b', 'c', 'd']) t.is(changes.filter(({ parent }) => parent === peer).length, 2)
})

test('nobody becomes a parent who chokes, is full, refused, is fed by us, is behind us, or has no way to the source', (t) => {
  const unfit = [
    candidate('chokes', { isChoking: true }),
    candidate('full', { free: 0 }),
    candidate('refused', { isRefusing: () => true }),
    candidate('child', { isChild: () => true }),
    candidate('behind', { newestOf: () => 10 }),
    candidate('loop', { depths: new Uint8Array(8).fill(255) }),
  ]
  t.deepEqual(planParents({ now: 1000, subStreams: orphans, candidates: unfit, mayImprove: true, slack: 0 }), [])
})

test('no more sub-streams go to a partner than it has free', (t) => {
  const changes = planParents({ now: 0, subStreams: orphans, candidates: [candidate('thin', { free: 3 })], mayImprove: false, slack: 0 })
  t.is(changes.length, 3)
})

test('a parent that does not push is replaced after its grace, not before', (t) => {
  const at = (now: number, view: Partial<SubStreamView>) =>
    planParents({ now, subStreams: [fed('idle', view)], candidates: [candidate('idle'), candidate('other')], mayImprove: false, slack: 0 })
  t.deepEqual(at(1000, { stalledMs: 900 }), [])
  t.deepEqual(at(2000, { stalledMs: 1600 }), [{ subStream: 0, parent: 'other', why: 'stalled' }])
  t.deepEqual(at(2000, { pulled: 3 }), [{ subStream: 0, parent: 'other', why: 'stalled' }])
  t.deepEqual(at(1000, { pulled: 3 }), [])
})

test('a much better parent takes over one sub-stream at a time, after the cool-down', (t) => {
  const view = (changedAt: number) => ({
    now: 10_000,
    subStreams: [fed('far', { changedAt }), fed('far', { changedAt })],
    candidates: [candidate('far', { lateness: 900 }), candidate('near', { lateness: 0 })],
    mayImprove: true,
    slack: 0,
  })
  t.is(planParents(view(0)).length, 1)
  t.is(planParents(view(0))[0]?.why, 'better')
  t.deepEqual(planParents(view(9000)), [])
  t.deepEqual(planParents({ ...view(0), mayImprove: false, slack: 0 }), [])
})

const hole = (sequence: number, fields: Partial<HoleView> = {}): HoleView => ({
  sequence,
  noticedAt: 0,
  deadline: 3000,
  isExpected: false,
  asked: [],
  ...fields,
})
const holder = (peer: string, fields: Partial<Holder> = {}): Holder => ({
  peer,
  isChoking: false,
  isSource: false,
  rtt: 50,
  requestsOut: 0,
  window: 16,
  has: () => true,
  ...fields,
})

test('what a parent is to push is pulled only when it is late', (t) => {
  const view = (now: number) => ({ now, holes: [hole(1, { isExpected: true })], holders: [holder('a')] })
  t.deepEqual(planPulls(view(100)), [])
  t.deepEqual(planPulls(view(400)), [{ peer: 'a', sequence: 1, deadline: 2600 }])
})

test('a second partner is asked when the first is overdue, or close to the deadline', (t) => {
  const view = (now: number, at: number) => ({
    now,
    holes: [hole(1, { asked: [{ peer: 'a', at }] })],
    holders: [holder('a'), holder('b', { rtt: 90 })],
  })
  t.deepEqual(planPulls(view(500, 300)), [])
  t.is(planPulls(view(1300, 300))[0]?.peer, 'b')
  t.is(planPulls(view(2500, 2400))[0]?.peer, 'b')
})

test('the source is asked last', (t) => {
  t.is(planPulls({ now: 0, holes: [hole(1)], holders: [holder('source', { isSource: true, rtt: 20 }), holder('peer')] })[0]?.peer, 'peer')
})

test('whatever the holes and holders: no held or past chunk is asked for, no window overrun, no chunk asked twice', (t) => {
  const anyHole = fc.record({
    sequence: fc.nat(50),
    noticedAt: fc.nat(2000),
    deadline: fc.nat(5000),
    isExpected: fc.boolean(),
    asked: fc.array(fc.record({ peer: fc.constantFrom('a', 'b', 'c', 'gone'), at: fc.nat(2000) }), { maxLength: 3 }),
  })
  const anyHolder = fc.record({
    isChoking: fc.boolean(),
    isSource: fc.boolean(),
    rtt: fc.option(fc.nat(500), { nil: undefined }),
    requestsOut: fc.nat(16),
    window: fc.integer({ min: 1, max: 16 }),
    held: fc.uniqueArray(fc.nat(50)),
  })
  fc.assert(
    fc.property(
      fc.uniqueArray(anyHole, { selector: ({ sequence }) => sequence }),
      fc.tuple(anyHolder, anyHolder, anyHolder),
      (holes, three) => {
        const holders = three.map((fields, index) => ({
          ...fields,
          peer: 'abc'[index] ?? '',
          has: (sequence: number) => fields.held.includes(sequence),
        }))
        const pulls = planPulls({ now: 2000, holes, holders })
        t.is(new Set(pulls.map(({ sequence }) => sequence)).size, pulls.length)
        for (const { peer, sequence, deadline } of pulls) {
          const from = holders.find((item) => item.peer === peer)
          t.true(from?.has(sequence) === true && !from.isChoking && deadline > 0)
        }
        for (const { peer, requestsOut, window } of holders) {
          const asked = pulls.filter((pull) => pull.peer === peer).length
          t.true(asked === 0 || requestsOut + asked <= window)
        }
      },
    ),
  )
})

test('slots follow from cap and bitrate; a source pushes three copies, evenly', (t) => {
  t.is(planSlots({ role: 'peer', available: 8_000_000, bitrate: 8_000_000 }), 8)
  t.is(planSlots({ role: 'peer', available: 0, bitrate: 8_000_000 }), 0)
  t.is(planSlots({ role: 'peer', available: Infinity, bitrate: 8_000_000 }), 64)
  t.is(planSlots({ role: 'source', available: Infinity, bitrate: 8_000_000 }), 24)
  t.is(planSubscribe({ role: 'source', slots: 24, used: 3, siblings: 3, isParent: false }), 'full')
  t.is(planSubscribe({ role: 'peer', slots: 24, used: 3, siblings: 3, isParent: false }), 'accept')
  t.is(planSubscribe({ role: 'peer', slots: 24, used: 24, siblings: 0, isParent: false }), 'full')
  t.is(planSubscribe({ role: 'peer', slots: 24, used: 0, siblings: 0, isParent: true }), 'full')
})

test('the weakest child makes room: for fewer slots, for a worthier partner, for a chance, and for nobody else', (t) => {
  const children = [
    { peer: 'strong', subStreams: [0, 1, 2, 3], worth: 900 },
    { peer: 'weak', subStreams: [4, 5, 6, 7], worth: 100 },
  ]
  const released = (fields: object) =>
    planRechoke({ slots: 8, children, waiting: [], optimistic: false, ...fields }).map(({ peer, subStream }) => `${peer} ${subStream}`)
  t.deepEqual(released({}), [])
  t.deepEqual(released({ slots: 6 }), ['weak 4', 'weak 5'])
  t.deepEqual(released({ waiting: [{ peer: 'new', worth: 120 }] }), [])
  t.deepEqual(released({ waiting: [{ peer: 'new', worth: 500 }] }), ['weak 4', 'weak 5', 'weak 6', 'weak 7'])
  t.deepEqual(released({ waiting: [{ peer: 'new', worth: 0 }], optimistic: true }), ['weak 4', 'weak 5', 'weak 6', 'weak 7'])
  t.deepEqual(released({ waiting: [{ peer: 'new', worth: 500 }], slots: 20 }), [])
})
