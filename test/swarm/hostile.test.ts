import test from 'ava'
import { encode } from '../../relay/wire/encode.ts'
import { FLOOD_REJECTS, REQUEST_BURST } from '../../relay/swarm/limits.ts'
import { SWARM_PROTOCOL } from '../../relay/wire/limits.ts'
import type { Message, Violation } from '../../relay/wire/wire.ts'
import { handshakeOf, knock, openStream, polluting, rawPeer } from './hostile.ts'
import { createLab, isContiguous } from './lab.ts'

test('a peer that flips a bit in one chunk of a hundred is dropped and named; nothing wrong is played, and nothing is missed', async (t) => {
  await using lab = createLab(21)
  const source = await lab.peer('source', { options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  const polluter = polluting(100)
  await lab.peer('polluter', { knows: ['source'], wrap: polluter.wrap })
  await lab.clock.advance(2000)
  lab.network.partition(['source'], ['viewer'], 'reset')
  await lab.peer('honest', { knows: ['source'] })
  const viewer = await lab.peer('viewer', { knows: ['polluter', 'honest'] })
  const violations: unknown[] = []
  using _heard = viewer.swarm.events.on('violation', (violation) => violations.push(violation))
  const watch = lab.watch(viewer.swarm)
  await lab.clock.advance(40_000)
  t.true(polluter.flipped >= 1)
  t.deepEqual(violations, [{ peer: 'polluter', violation: 'hash' }])
  const { chunks, partners, violations: recorded } = viewer.swarm.snapshot()
  t.is(chunks.rejected, 1)
  t.is(recorded[0]?.peer, 'polluter')
  t.deepEqual(
    partners.map(({ peer }) => peer),
    ['honest'],
  )
  t.deepEqual(watch.gaps, [])
  t.true(isContiguous(watch.chunks))
  t.true(watch.chunks.length > 500)
  const original = new Map(lab.published.map((chunk) => [chunk.sequence, chunk.payload]))
  for (const { sequence, payload } of watch.chunks) t.is(Buffer.compare(payload, original.get(sequence) ?? new Uint8Array()), 0)
  t.true(viewer.swarms.marks.has('polluter'))
})

test('a replayed old header does not pull a joiner into the past', async (t) => {
  await using lab = createLab(22)
  const source = await lab.peer('source', { knows: [], options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  await lab.clock.advance(30_000)
  const old = lab.published[15]
  await lab.clock.advance(30_000)
  const replayer = await lab.network.start('replayer')
  const asked: Message[] = []
  await replayer.handle(SWARM_PROTOCOL, (stream) => {
    rawPeer(stream, (message, raw) => {
      if (message.kind === 'request') asked.push(message)
      if (message.kind !== 'handshake') return
      raw.send(handshakeOf(lab.key, old?.header.encoded))
      raw.send({
        kind: 'buffer-map',
        oldest: 0,
        free: 64,
        depths: new Uint8Array(8),
        bits: { base: old?.sequence ?? 0, count: 8, have: new Uint8Array([255]), access: new Uint8Array([1]) },
      })
    })
  })
  const viewer = await lab.peer('viewer', { knows: ['replayer'] })
  const watch = lab.watch(viewer.swarm)
  await lab.clock.advance(2000)
  t.is(viewer.swarm.edge(), undefined)
  t.deepEqual(asked, [])
  await viewer.overlay.learn('source', source.overlay.addresses())
  const guide = await knock(lab, 'guide', 'viewer')
  guide.send({ kind: 'pex', peers: [{ peer: 'source', addresses: [...source.overlay.addresses()] }] })
  await lab.clock.advance(3000)
  t.true((watch.chunks[0]?.time ?? 0) > lab.clock.now() - 10_000)
  t.true(watch.chunks.length > 20)
})

test('a forged buffer map costs time, not the picture', async (t) => {
  await using lab = createLab(23)
  const source = await lab.peer('source', { knows: [], options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  await lab.clock.advance(3000)
  const liar = await lab.network.start('liar')
  await liar.handle(SWARM_PROTOCOL, (stream) => {
    rawPeer(stream, (message, raw) => {
      if (message.kind !== 'handshake') return
      raw.send(handshakeOf(lab.key, lab.published.at(-1)?.header.encoded))
      const all = new Uint8Array(256).fill(255)
      const bits = { base: (lab.published.at(-1)?.sequence ?? 0) - 100, count: 2048, have: all, access: all }
      raw.send({ kind: 'buffer-map', oldest: 0, free: 64, depths: new Uint8Array(8), bits })
    })
  })
  const viewer = await lab.peer('viewer', { knows: ['liar', 'source'] })
  const watch = lab.watch(viewer.swarm)
  await lab.clock.advance(15_000)
  t.true(watch.chunks.length > 120, `${watch.chunks.length}`)
  t.true(watch.chunks[0]?.randomAccess)
  t.true(isContiguous(watch.chunks.slice(-80)))
})

test('a flood of requests is rejected beyond the quota, then the flooder is dropped', async (t) => {
  await using lab = createLab(24)
  const source = await lab.peer('source', { knows: [], options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  await lab.clock.advance(3000)
  const raw = await knock(lab, 'flooder', 'source')
  const sequence = lab.published[5]?.sequence ?? 0
  for (let index = 0; index < REQUEST_BURST + FLOOD_REJECTS / 2; index += 1) raw.send({ kind: 'request', sequence, deadline: 1000 })
  await lab.clock.advance(300)
  t.is(raw.heard.filter(({ kind }) => kind === 'chunk').length, 1) // what is on its way is not sent again
  t.true(raw.heard.some((message) => message.kind === 'reject' && message.reason === 'quota'))
  t.false(raw.ended)
  for (let index = 0; index < FLOOD_REJECTS; index += 1) raw.send({ kind: 'request', sequence, deadline: 1000 })
  await lab.clock.advance(300)
  t.true(raw.ended)
  t.deepEqual(
    source.swarm.snapshot().violations.map(({ violation }) => violation),
    ['request-flood'],
  )
})

test('garbage, a second handshake and an unsigned header each end the session with a mark', async (t) => {
  const acts: Record<string, [Violation, Uint8Array]> = {
    garbage: ['unknown-type', new Uint8Array([0, 0, 0, 2, 200, 1])],
    endless: ['too-large', new Uint8Array([255, 255, 255, 255, 11])],
    again: ['out-of-turn', encode(handshakeOf(new Uint8Array(32)))],
    forger: ['unsigned-header', encode({ kind: 'header', encoded: new Uint8Array(120).fill(1) })],
  }
  await using lab = createLab(25)
  const peer = await lab.peer('peer', { knows: [] })
  for (const [name, [violation, bytes]] of Object.entries(acts)) {
    const overlay = await lab.network.start(name)
    const raw = await knock(lab, overlay, 'peer')
    t.is(peer.swarm.snapshot().partners.length, 1, name)
    raw.sendBytes(bytes)
    await lab.clock.advance(200)
    t.true(raw.ended, name)
    t.is(peer.swarm.snapshot().violations.at(-1)?.violation, violation)
    t.true(peer.swarms.marks.has(name))
    const again = await knock(lab, overlay, 'peer')
    t.true(again.ended, `${name} was let in again`)
  }
})

test('streams that never greet are cut, and do not keep others out for long', async (t) => {
  await using lab = createLab(26)
  const peer = await lab.peer('peer', { knows: [] })
  const mute = await lab.network.start('mute')
  await mute.learn('peer', peer.overlay.addresses())
  const ended: boolean[] = []
  for (let index = 0; index < 40; index += 1) {
    const stream = await openStream(lab, mute, 'peer')
    stream.read({ bytes() {}, end: () => void ended.push(true) })
  }
  await lab.clock.advance(6000)
  t.is(ended.length, 40)
  const raw = await knock(lab, 'honest', 'peer')
  t.is(raw.heard[0]?.kind, 'handshake')
})

test('two different chunks with one number, both signed, are kept as proof against the source', async (t) => {
  await using lab = createLab(27)
  const source = await lab.peer('source', { options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  const viewer = await lab.peer('viewer')
  await lab.clock.advance(3000)
  const held = viewer.ring.newest()
  t.truthy(held)
  if (held === undefined) return
  const twin = lab.signer.sign({ ...held.header, payload: new Uint8Array(188) })
  const raw = await knock(lab, 'witness', 'viewer')
  const framed = Buffer.concat([Buffer.alloc(4), Buffer.from([11]), twin.encoded])
  framed.writeUInt32BE(1 + twin.encoded.length)
  raw.sendBytes(framed)
  await lab.clock.advance(200)
  const { equivocation, violations } = viewer.swarm.snapshot()
  t.is(equivocation?.sequence, held.sequence)
  t.notDeepEqual(equivocation?.headers[0], equivocation?.headers[1])
  t.deepEqual(violations, [])
  t.false(raw.ended) // whoever shows the proof did nothing wrong
})
