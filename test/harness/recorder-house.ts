import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Feed } from '../../relay/feed/feed.ts'
import { openFeed } from '../../relay/feed/feed.ts'
import { startTuner, type Tuner } from '../../relay/feed/tuner.ts'
import { silentLog } from '../../relay/log.ts'
import { type Recorder, type RecorderDeps, startRecorder } from '../../relay/pvr/recorder.ts'
import { seededRandom } from '../../relay/random.ts'
import { openStore, type Store } from '../../relay/store/store.ts'
import { fakeClock, type FakeClock } from './clock.ts'
import { type PushSource, pushSource } from './push-source.ts'

export const CHANNEL = 'a'.repeat(52)

/** A relay's recorder with all that it stands on but a network: real database, real files, a real tuner, time by hand. */
export interface RecorderHouse extends AsyncDisposable {
  readonly clock: FakeClock
  readonly dir: string
  readonly store: Store
  readonly tuner: Tuner
  readonly recorder: Recorder
  /** The source of the newest join. */
  readonly source: PushSource
  readonly feeds: readonly Feed[]
  /** How often a join was asked for. */
  readonly attempts: number
  /** What the next joins throw. */
  refuse: Error | undefined
  /** Stops the recorder in order and starts another one on the same data. */
  restart(whileStopped?: () => Promise<unknown>): Promise<void>
}

export async function recorderHouse(options: Partial<RecorderDeps> = {}): Promise<RecorderHouse> {
  const base = await mkdtemp(join(tmpdir(), 'tributary-pvr-'))
  const dir = join(base, 'recordings')
  const clock = fakeClock()
  const store = await openStore(join(base, 'tributary.sqlite'))
  const feeds: Feed[] = []
  let source = pushSource()
  let attempts = 0
  const tuner = startTuner({
    join(channel) {
      attempts += 1
      if (house.refuse !== undefined) return Promise.reject(house.refuse)
      source = pushSource()
      const feed = openFeed({ source, clock, log: silentLog, channel })
      feeds.push(feed)
      return Promise.resolve({ feed, [Symbol.asyncDispose]: () => feed[Symbol.asyncDispose]() })
    },
    render: () => Promise.reject(new Error('nothing is rendered here')),
    clock,
    log: silentLog,
    lingerMs: 0,
  })
  const random = seededRandom(1)
  const start = (): Promise<Recorder> =>
    startRecorder({ tuner, store, dir, reserveBytes: 0, free: () => Promise.resolve(1e12), clock, random, log: silentLog, ...options })
  let recorder = await start()

  const house: RecorderHouse = {
    clock,
    dir,
    store,
    tuner,
    get recorder() {
      return recorder
    },
    get source() {
      return source
    },
    feeds,
    get attempts() {
      return attempts
    },
    refuse: undefined,
    async restart(whileStopped) {
      await recorder[Symbol.asyncDispose]()
      await clock.advance(0) // the feed's linger
      await whileStopped?.()
      recorder = await start()
    },
    async [Symbol.asyncDispose]() {
      await recorder[Symbol.asyncDispose]()
      await tuner[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      await rm(base, { recursive: true, force: true })
    },
  }
  return house
}
