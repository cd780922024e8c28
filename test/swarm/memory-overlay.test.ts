import { systemClock } from '../../relay/clock.ts'
import { seededRandom } from '../../relay/random.ts'
import { overlayContract } from '../contract/overlay-contract.ts'
import { createMemoryNetwork } from '../harness/memory-overlay.ts'

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
