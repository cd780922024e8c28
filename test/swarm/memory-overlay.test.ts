import test from 'ava'
import { systemClock } from '../../relay/clock.ts'
import { seededRandom } from '../../relay/random.ts'
import { overlayContract } from '../contract/overlay-contract.ts'
import { createMemoryNetwork } from '../harness/memory-overlay.ts'
import { createLab } from './lab.ts'

overlayContract('memory', async () => {
  const network = createMemoryNetwork({
    clock: systemClock,
    random: seededRandom(1),
    conditions: { latencyMs: 1, jitterMs: 1, loss: 0.01 },
  })
  const [near, far] = [await network.start('near'), await network.start('far')]
  return {
    near,
    far,
    async connect() {
      await near.connect(far.addresses()[0] ?? '', AbortSignal.timeout(1000))
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([near[Symbol.asyncDispose](), far[Symbol.asyncDispose]()])
    },
  }
})

test('the same seed gives the same run', async (t) => {
  const run = async (seed: number): Promise<string> => {
    const lab = createLab(seed, { latencyMs: 20, jitterMs: 30, loss: 0.02 })
    const source = await lab.peer('source', { options: { role: 'source' } })
    const live = lab.broadcast(source.swarm)
    const peers = [await lab.peer('a'), await lab.peer('b'), await lab.peer('c')]
    await lab.clock.advance(5000)
    const state = peers.map(({ name, swarm }) => {
      const { chunks, partners, bytesIn, lagMs } = swarm.snapshot()
      return { name, chunks, lagMs, bytesIn, partners: partners.map(({ peer, parentOf }) => [peer, parentOf]) }
    })
    live[Symbol.dispose]()
    await lab[Symbol.asyncDispose]()
    return JSON.stringify(state)
  }
  const [first, again, other] = [await run(1), await run(1), await run(2)]
  t.is(first, again)
  t.not(first, other)
})
