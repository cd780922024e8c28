/** A swarm lab in virtual time: a source and peers over the memory overlay, every chunk real and signed. */
import { generateChannelKey } from '../../relay/chunk/keys.ts'
import type { Chunk, Gap } from '../../relay/chunk/chunk.ts'
import { createRing, type ChunkRing } from '../../relay/chunk/ring.ts'
import { createSigner, createVerifier, type ChunkSigner } from '../../relay/chunk/sign.ts'
import { silentLog } from '../../relay/log.ts'
import type { Overlay, PeerId } from '../../relay/overlay/overlay.ts'
import { seededRandom } from '../../relay/random.ts'
import type { CandidateSource } from '../../relay/swarm/candidates.ts'
import type { JoinOptions, Swarm } from '../../relay/swarm/swarm.ts'
import { startSwarms, type Swarms } from '../../relay/swarm/swarms.ts'
import { createUploadBudget } from '../../relay/swarm/upload-budget.ts'
import { fakeClock, type FakeClock } from '../harness/clock.ts'
import { createMemoryNetwork, type Conditions, type MemoryNetwork, type MemoryPeerOptions } from '../harness/memory-overlay.ts'

export const CHUNK_MS = 65
/** Of a payload; small, so that many peers run fast. */
export const PAYLOAD_BYTES = 188 * 4
/** A random access point each so many chunks: about a second. */
const ACCESS_EVERY = 15

export interface LabPeer extends AsyncDisposable {
  readonly name: PeerId
  readonly overlay: Overlay
  readonly swarms: Swarms
  readonly swarm: Swarm
  readonly ring: ChunkRing
}

export interface PeerOptions extends MemoryPeerOptions {
  /** bit/s. */
  readonly cap?: number
  /** Whom it is told of; default: all others. */
  readonly knows?: readonly PeerId[]
  readonly options?: Partial<JoinOptions>
  readonly ringBytes?: number
  /** Puts something between the relay and its overlay: a polluter, for example. */
  readonly wrap?: (overlay: Overlay) => Overlay
}

export interface Watch {
  readonly chunks: Chunk[]
  readonly gaps: Gap[]
  /** Monotonic ms of the first chunk. */
  firstAt: number | undefined
  endedAt: number | undefined
  error: unknown
  readonly done: Promise<void>
}

export interface Lab extends AsyncDisposable {
  readonly clock: FakeClock
  readonly network: MemoryNetwork
  readonly signer: ChunkSigner
  readonly key: Uint8Array
  readonly published: Chunk[]
  peer(name: PeerId, options?: PeerOptions): Promise<LabPeer>
  /** Starts to publish a chunk each CHUNK_MS on this swarm; disposing stops. */
  broadcast(swarm: Swarm, options?: { payloadBytes?: number }): Disposable
  /** Makes the next chunk. */
  next(fields?: { ends?: boolean; payloadBytes?: number }): Chunk
  watch(swarm: Swarm, signal?: AbortSignal): Watch
}

export function createLab(seed = 1, conditions: Partial<Conditions> = { latencyMs: 25, jitterMs: 5 }): Lab {
  const clock = fakeClock()
  const random = seededRandom(seed)
  const network = createMemoryNetwork({ clock, random, conditions, segmentBytes: 64 * 1024 })
  const pair = generateChannelKey()
  const signer = createSigner(pair)
  const names: PeerId[] = []
  const peers: LabPeer[] = []
  const published: Chunk[] = []
  let epoch = 0
  let sequence = 0
  let inEpoch = 0

  const next: Lab['next'] = ({ ends = false, payloadBytes = PAYLOAD_BYTES } = {}) => {
    if (epoch === 0) {
      epoch = Math.max(clock.now(), sequence + 1)
      sequence = epoch
      inEpoch = 0
    } else sequence += 1
    const payload = new Uint8Array(payloadBytes).fill(sequence & 0xff)
    const randomAccess = inEpoch % ACCESS_EVERY === 0
    inEpoch += 1
    const chunk = signer.sign({ epoch, sequence, time: clock.now(), randomAccess, discontinuity: inEpoch === 1, ends, payload })
    published.push(chunk)
    return chunk
  }

  return {
    clock,
    network,
    signer,
    key: pair.publicKey,
    published,
    next,
    async peer(name, options = {}) {
      const bare = await network.start(name, options)
      const overlay = options.wrap?.(bare) ?? bare
      names.push(name)
      const candidates: CandidateSource = {
        async *candidates() {
          for (const other of options.knows ?? names.filter((known) => known !== name)) {
            await overlay.learn(other, [`/memory/${other}/p2p/${other}`])
            yield other
          }
        },
      }
      const budget = createUploadBudget(clock, options.cap)
      const swarms = await startSwarms({ overlay, clock, random, log: silentLog, candidates, budget })
      const ring = createRing({ maxBytes: options.ringBytes ?? 16 * 1024 * 1024 })
      const swarm = await swarms.join(
        { channelKey: pair.publicKey, role: 'peer', verifier: createVerifier(pair.publicKey), ring, ...options.options },
        new AbortController().signal,
      )
      const peer: LabPeer = {
        name,
        overlay,
        swarms,
        swarm,
        ring,
        async [Symbol.asyncDispose]() {
          await swarms[Symbol.asyncDispose]()
          await overlay[Symbol.asyncDispose]()
        },
      }
      peers.push(peer)
      return peer
    },
    broadcast(swarm, options = {}) {
      epoch = 0 // each run is an epoch
      return clock.every(CHUNK_MS, () => swarm.publish(next(options)))
    },
    watch(swarm, signal = new AbortController().signal) {
      const chunks: Chunk[] = []
      const gaps: Gap[] = []
      const follow = async (): Promise<void> => {
        try {
          for await (const item of swarm.items(signal)) {
            watch.firstAt ??= clock.monotonic()
            if (item.kind === 'chunk') chunks.push(item.chunk as Chunk)
            else gaps.push(item.gap)
          }
        } catch (error) {
          watch.error = error
        }
        watch.endedAt = clock.monotonic()
      }
      const watch: Watch = { chunks, gaps, firstAt: undefined, endedAt: undefined, error: undefined, done: Promise.resolve() }
      return Object.assign(watch, { done: follow() })
    },
    async [Symbol.asyncDispose]() {
      const closing = Promise.all(peers.map((peer) => peer[Symbol.asyncDispose]()))
      await clock.advance(2000)
      await closing
    },
  }
}

/** True when the chunks follow each other without a hole. */
export const isContiguous = (chunks: readonly Chunk[]): boolean =>
  chunks.every(
    (chunk, index) => index === 0 || chunk.sequence === (chunks[index - 1] as Chunk).sequence + 1 || chunk.sequence === chunk.header.epoch,
  )
