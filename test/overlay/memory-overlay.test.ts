/** The overlay in memory that other tests stand on passes what libp2p passes. */
import { systemClock } from '../../relay/clock.ts'
import { seededRandom } from '../../relay/random.ts'
import { overlayContract } from '../contract/overlay-contract.ts'
import { createMemoryNetwork } from '../harness/memory-overlay.ts'

overlayContract('in memory', async () => {
  const network = createMemoryNetwork({ clock: systemClock, random: seededRandom(1), conditions: { latencyMs: 1 } })
  const near = await network.start('near')
  const far = await network.start('far')
  return {
    near,
    far,
    async connect() {
      await near.connect(far.addresses()[0] ?? '', AbortSignal.timeout(5000))
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([near[Symbol.asyncDispose](), far[Symbol.asyncDispose]()])
    },
  }
})
