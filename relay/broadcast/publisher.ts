/** Numbers, dates and signs what was cut, and says at the end that this was the end. */
import type { Chunk } from '../chunk/chunk.ts'
import type { ChunkCut } from '../chunk/chunker.ts'
import type { ChunkSigner } from '../chunk/sign.ts'
import type { Clock } from '../clock.ts'
import type { Sequence } from './sequence.ts'

export interface Publisher {
  readonly cut: (cut: ChunkCut) => void
  /** Publishes the empty chunk that ends the epoch, if there is an epoch to end. */
  end(): void
}

export interface PublisherDeps {
  readonly signer: ChunkSigner
  readonly sink: (chunk: Chunk) => void
  readonly clock: Clock
}

const NOTHING = new Uint8Array(0)

export function createPublisher({ signer, sink, clock }: PublisherDeps, sequence: Sequence): Publisher {
  const { epoch } = sequence
  let time = 0
  let isOnAir = false

  const publish = (cut: ChunkCut, ends: boolean): void => {
    time = Math.max(time, clock.now()) // a wall clock that is set back does not take the channel with it
    const discontinuity = cut.discontinuity || !isOnAir
    isOnAir = !ends
    sink(signer.sign({ epoch, sequence: sequence.next(), time, randomAccess: cut.randomAccess, discontinuity, ends, payload: cut.payload }))
  }

  return {
    cut: (cut) => publish(cut, false),
    end() {
      if (isOnAir) publish({ randomAccess: false, discontinuity: false, payload: NOTHING }, true)
    },
  }
}
