import test from 'ava'
import { generateChannelKey } from '../../relay/chunk/keys.ts'
import { createRing } from '../../relay/chunk/ring.ts'
import { createSigner, createVerifier } from '../../relay/chunk/sign.ts'
import { systemClock } from '../../relay/clock.ts'
import { silentLog } from '../../relay/log.ts'
import type { Overlay, PeerId } from '../../relay/overlay/overlay.ts'
import { systemRandom } from '../../relay/random.ts'
import type { SwarmItem } from '../../relay/swarm/delivery.ts'
import { startSwarms } from '../../relay/swarm/swarms.ts'
import { createUploadBudget } from '../../relay/swarm/upload-budget.ts'
import { startPeer } from '../overlay/libp2p-pair.ts'

const CHUNK_MS = 20
const WANTED_CHUNKS = 60

test('over real libp2p: source, middle and viewer in a chain, bit for bit', async (t) => {
  await using started = new AsyncDisposableStack()
  const pair = generateChannelKey()
  const signal = AbortSignal.timeout(30_000)
  const join = async (role: 'source' | 'peer', overlay: Overlay, knows: readonly PeerId[], maxPartners: number) => {
    const candidates = {
      async *candidates() {
        yield* await Promise.resolve(knows)
      },
    }
    const budget = createUploadBudget(systemClock, undefined)
    const swarms = started.use(await startSwarms({ overlay, clock: systemClock, random: systemRandom, log: silentLog, candidates, budget }))
    const ring = createRing({ maxBytes: 32 * 1024 * 1024 })
    return swarms.join({ channelKey: pair.publicKey, role, verifier: createVerifier(pair.publicKey), ring, maxPartners }, signal)
  }
  const [one, two, three] = [started.use(await startPeer()), started.use(await startPeer()), started.use(await startPeer())]
  await two.connect(one.addresses()[0] ?? '', signal)
  await three.connect(two.addresses()[0] ?? '', signal)
  const source = await join('source', one, [], 1)
  await join('peer', two, [one.self], 2)
  const viewer = await join('peer', three, [two.self], 1)

  const signer = createSigner(pair)
  const epoch = Date.now()
  const sent = new Map<number, Uint8Array>()
  let sequence = epoch
  using _live = systemClock.every(CHUNK_MS, () => {
    const payload = systemRandom.bytes(188 * 348)
    const randomAccess = (sequence - epoch) % 10 === 0
    const chunk = signer.sign({ epoch, sequence, time: Date.now(), randomAccess, discontinuity: false, ends: false, payload })
    sent.set(sequence, payload)
    sequence += 1
    source.publish(chunk)
  })
  const items: SwarmItem[] = []
  for await (const item of viewer.items(signal)) {
    items.push(item)
    if (items.length >= WANTED_CHUNKS) break
  }
  const chunks = items.flatMap((item) => (item.kind === 'chunk' ? [item.chunk] : []))
  t.is(chunks.length, WANTED_CHUNKS)
  t.true(chunks[0]?.randomAccess)
  chunks.forEach((chunk, index) => t.is(chunk.sequence, (chunks[0]?.sequence ?? 0) + index))
  t.true(chunks.every((chunk) => Buffer.compare(chunk.payload, sent.get(chunk.sequence) ?? new Uint8Array()) === 0))
  const { partners, chunks: counts } = viewer.snapshot()
  t.deepEqual(
    partners.map(({ peer, transport }) => [peer, transport]),
    [[two.self, 'tcp']],
  )
  t.is(counts.rejected, 0)
})
