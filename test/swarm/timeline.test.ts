import test from 'ava'
import { generateChannelKey } from '../../relay/chunk/keys.ts'
import { createSigner } from '../../relay/chunk/sign.ts'
import { Holdings } from '../../relay/swarm/holdings.ts'
import { Timeline } from '../../relay/swarm/timeline.ts'

const signer = createSigner(generateChannelKey())
const header = (epoch: number, sequence: number, ends = false) =>
  signer.sign({ epoch, sequence, time: sequence, randomAccess: false, discontinuity: false, ends, payload: new Uint8Array(188) }).header

test('between two epochs nothing exists', (t) => {
  const timeline = new Timeline()
  t.is(timeline.after(0), undefined)
  t.true(timeline.see(header(1000, 1005)))
  t.false(timeline.see(header(1000, 1003)))
  t.true(timeline.see(header(5000, 5001)))
  t.is(timeline.after(1004), 1005)
  t.is(timeline.after(1005), 5000)
  t.is(timeline.after(5001), undefined)
  t.is(timeline.before(5000), 1005)
  t.is(timeline.before(5001), 5000)
  t.is(timeline.newest, 5001)
})

test('an older epoch may be learned of later', (t) => {
  const timeline = new Timeline()
  timeline.see(header(5000, 5001))
  t.false(timeline.see(header(1000, 1002)))
  t.is(timeline.after(500), 1000)
  t.is(timeline.after(1002), 5000)
  t.is(timeline.newest, 5001)
})

test('an epoch that ends says so', (t) => {
  const timeline = new Timeline()
  timeline.see(header(1000, 1001))
  t.false(timeline.ended)
  timeline.see(header(1000, 1002, true))
  t.true(timeline.ended)
  timeline.see(header(2000, 2000))
  t.false(timeline.ended)
})

test('what a partner claims costs the same whatever it claims, and an old claim never hides a new one', (t) => {
  const holdings = new Holdings()
  holdings.add(10_000, true)
  holdings.add(10_000 - 2048, false) // the same place
  t.true(holdings.isAccess(10_000))
  t.false(holdings.has(10_000 - 2048))
  holdings.add(2 ** 47, false)
  t.is(holdings.newest, 2 ** 47)
  t.is(holdings.newestAccess(9_990, 10_010), 10_000)
  t.is(holdings.newestAccess(0, 2 ** 47), undefined) // walks back a window, not for ever
})

test('a buffer map replaces what was known of its range', (t) => {
  const holdings = new Holdings()
  holdings.addBits({ base: 100, count: 8, have: new Uint8Array([0xff]), access: new Uint8Array([1]) })
  t.true(holdings.isAccess(100))
  holdings.replaceBits({ base: 100, count: 8, have: new Uint8Array([0xf0]), access: new Uint8Array([0]) }, 104)
  t.false(holdings.has(100))
  t.true(holdings.has(107))
})
