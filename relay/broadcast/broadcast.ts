/**
 * The provider's side of a channel: a source is read at its own pace, cut into chunks, signed and handed to the swarm. One call is one
 * run: it owns the source, the chunker and the numbers, and lets go of all of them before it returns.
 */
import type { Readable } from 'node:stream'
import type { Chunk } from '../chunk/chunk.ts'
import type { ChunkSigner } from '../chunk/sign.ts'
import type { Clock } from '../clock.ts'
import { RelayError } from '../errors.ts'
import type { Log } from '../log.ts'
import { tracksOf } from '../media/tracks.ts'
import { createPacketSync, type PacketSync } from '../media/ts-sync.ts'
import type { StartFfmpeg } from './ffmpeg-port.ts'
import { createPublisher } from './publisher.ts'
import { openSequence, type LastSequence } from './sequence.ts'
import { describeInput, planSource } from './source-plan.ts'
import { openSource, type Source, type SourceRequest } from './source.ts'
import { openSurveyed, type SurveyedSource } from './surveyed-source.ts'
import { createTransmission, type Transmission } from './transmission.ts'

export interface BroadcastDeps {
  readonly signer: ChunkSigner
  /** Gets each chunk in order; must not throw. */
  readonly sink: (chunk: Chunk) => void
  readonly startFfmpeg: StartFfmpeg
  readonly clock: Clock
  readonly log: Log
  readonly lastSequence: LastSequence
  /** What `-` reads. @default process.stdin */
  readonly stdin?: Readable
}

export interface BroadcastOptions {
  /** A path, a URL that ffmpeg reads, `-` for a pipe, or `test:` for a test card. */
  readonly input: string
  /** Begin again at the end, for ever. */
  readonly loop: boolean
  /** The programme of a multiplex; undefined: the first with video. */
  readonly program: number | undefined
  /** A source that gives nothing for so long has failed, ms. */
  readonly stallMs: number
}

/**
 * Resolves when the source has ended. Rejects with the signal's reason when aborted, and with `source-not-found`, `source-unreadable`,
 * `source-stalled`, `programme-not-found`, `usage` or what `startFfmpeg` throws. However it ends: if the channel was on air, a last
 * chunk, which is empty, says `ends`.
 */
export async function broadcast(deps: BroadcastDeps, options: BroadcastOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, lastSequence, stdin = process.stdin } = deps
  if (options.loop && options.input === '-') {
    throw new RelayError('usage', 'A pipe cannot be begun again; leave out --loop, or give --input a file.')
  }
  const request = { ...options, plan: planSource(options.input), where: describeInput(options.input), remux: false }
  const run: Run = { deps: { ...deps, stdin }, request, signal }
  const opened = await openSurveyed(run.deps, request, signal)
  try {
    await using sequence = await openSequence({ store: lastSequence, clock, log })
    const publisher = createPublisher(deps, sequence)
    using transmission = createTransmission({ clock, cut: publisher.cut }, opened.choice, opened.source.isStored)
    try {
      report(run, opened)
      await sendAll(run, opened, transmission)
    } finally {
      transmission.flush()
      publisher.end()
      log.info('off air', { source: request.where })
    }
  } finally {
    await opened.source[Symbol.asyncDispose]()
  }
}

interface Run {
  readonly deps: BroadcastDeps & { readonly stdin: Readable }
  readonly request: SourceRequest
  readonly signal: AbortSignal
}

function report({ deps, request }: Run, { choice, source }: SurveyedSource): void {
  const tracks = tracksOf(choice.pmt).map(({ codec }) => codec)
  deps.log.info('on air', { source: request.where, programme: choice.program, tracks: tracks.join(' '), untouched: source.isOriginal })
  if (choice.clockPid === undefined)
    deps.log.warn('the source has no clock: it is sent at the pace at which it comes', { source: request.where })
}

async function sendAll(run: Run, opened: SurveyedSource, transmission: Transmission): Promise<void> {
  const { deps, request, signal } = run
  for (const packets of opened.held) await transmission.send(packets, signal)
  await sendSource(run, opened.source, opened.sync, transmission)
  const again: SourceRequest = { ...request, remux: request.plan.kind === 'file' && !opened.source.isOriginal }
  while (request.loop) {
    await opened.source[Symbol.asyncDispose]()
    await using source = await openSource(deps, again, signal)
    transmission.discontinue()
    await sendSource(run, source, createPacketSync(source.layout), transmission)
  }
}

async function sendSource({ deps, request, signal }: Run, source: Source, sync: PacketSync, transmission: Transmission): Promise<void> {
  let told = 0
  for (;;) {
    if (sync.losses > told) {
      told = sync.losses
      deps.log.warn('the source is damaged: bytes that are no packets were left out', {
        source: request.where,
        times: told,
        bytes: sync.skippedBytes,
      })
    }
    const piece = await source.read()
    if (piece === undefined) return
    await transmission.send(sync.align(piece), signal)
  }
}
