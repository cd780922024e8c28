/** A broadcast whose chunks are collected, in virtual time: it goes on as fast as its source is read. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import { broadcast, type BroadcastOptions } from '../../relay/broadcast/broadcast.ts'
import type { StartFfmpeg } from '../../relay/broadcast/ffmpeg-port.ts'
import type { Chunk } from '../../relay/chunk/chunk.ts'
import { generateChannelKey } from '../../relay/chunk/keys.ts'
import { createSigner, createVerifier } from '../../relay/chunk/sign.ts'
import { createLog } from '../../relay/log.ts'
import { startFfmpeg } from '../../relay/transcode/fluent-ffmpeg.ts'
import { fakeClock, type FakeClock } from './clock.ts'

export interface Collected {
  readonly chunk: Chunk
  /** Virtual ms since the start. */
  readonly at: number
}

export interface Broadcaster extends AsyncDisposable {
  readonly clock: FakeClock
  readonly collected: readonly Collected[]
  readonly warnings: readonly string[]
  /** What was saved last. */
  readonly saved: number
  /** ffmpegs that were started and are not gone. */
  readonly children: number
  /** Settles as the broadcast does; never rejects. */
  readonly ended: Promise<unknown>
  readonly stop: (reason: Error) => void
  /** Lets virtual time pass until `enough`, or the end of the broadcast. */
  play(enough?: () => boolean): Promise<void>
}

export interface BroadcasterOptions extends Partial<BroadcastOptions> {
  readonly input: string
  readonly stdin?: Readable
  readonly lastSequence?: number
}

/** Real reading and encoding takes turns; virtual stalls must not come first. */
export const NEVER_MS = 2 ** 40
/** Shorter than what lies between two PCRs. */
const STEP_MS = 10
/** Turns of the event loop in each step: for files and pipes to be read meanwhile. */
const TURNS = 3

export function startBroadcaster(options: BroadcasterOptions): Broadcaster {
  const clock = fakeClock()
  const pair = generateChannelKey()
  const verifier = createVerifier(pair.publicKey)
  const collected: Collected[] = []
  const warnings: string[] = []
  const stopping = new AbortController()
  let saved = options.lastSequence ?? 0
  let children = 0
  const start = startFfmpeg('ffmpeg')
  const counted: StartFfmpeg = async (job, signal) => {
    const process = await start(job, signal)
    children += 1
    process.ended.finally(() => (children -= 1)).catch(() => {})
    return process
  }
  const log = createLog({ level: 'warn', format: 'text', now: () => clock.now(), write: (line) => warnings.push(line) })
  const running = broadcast(
    {
      signer: createSigner(pair),
      sink(chunk) {
        const verified = verifier.verify(chunk.encoded)
        if (!verified.ok) throw new Error(`chunk ${chunk.sequence} does not verify: ${verified.violation}`)
        collected.push({ chunk, at: clock.monotonic() })
      },
      startFfmpeg: counted,
      clock,
      log,
      lastSequence: {
        load: () => Promise.resolve(saved),
        save: (sequence) => {
          saved = sequence
          return Promise.resolve()
        },
      },
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    },
    { loop: false, program: undefined, stallMs: NEVER_MS, ...options },
    stopping.signal,
  )
  let isOver = false
  const ended = running
    .then(
      () => undefined,
      (error: unknown) => error,
    )
    .finally(() => (isOver = true))
  return {
    clock,
    collected,
    warnings,
    get saved() {
      return saved
    },
    get children() {
      return children
    },
    ended,
    stop: (reason) => stopping.abort(reason),
    async play(enough = () => false) {
      while (!isOver && !enough()) {
        await clock.advance(STEP_MS)
        for (let left = TURNS; left > 0; left -= 1) await turn()
      }
    },
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the test is over'))
      while (!isOver) {
        await clock.advance(STEP_MS)
        await turn()
      }
    },
  }
}
