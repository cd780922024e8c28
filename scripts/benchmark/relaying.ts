/** CPU of the middle process of a chain source -> middle -> sink, for what it passes on. */
import { fork, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { plainEnvironment, relayEnvironment } from './environment.ts'
import type { HopKind, HopOptions, HopReady, HopReport, HopRole } from './hops/hop.ts'
import { cpuSeconds, residentBytes } from './process-cpu.ts'

const HOP = fileURLToPath(new URL('hops/hop.ts', import.meta.url))
/** Twenty channels of 8 Mbit/s. */
export const RELAY_RATE = 160_000_000
/** Code is compiled and windows are open by then. */
const WARM_UP_BYTES = 32 * 2 ** 20
/** Of one round. */
export const ROUND_BYTES = 128 * 2 ** 20
/** More than a round takes at the rate, by far. */
const DEADLINE_MS = 45_000
const IS_OURS: Readonly<Record<HopKind, boolean>> = { tributary: true, 'libp2p-tuned': true, libp2p: false, tcp: false }

export interface Round {
  readonly bytes: number
  /** CPU seconds of the middle process. */
  readonly cpu: number
  readonly seconds: number
  /** Of the sink's bytes, the share that came from the middle process. */
  readonly direct: number
  /** Of the middle process. */
  readonly rss: number
}

class Hop implements AsyncDisposable {
  readonly ready: Promise<HopReady>
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  #onReceived: ((bytes: number, direct: number) => void) | undefined

  constructor(kind: HopKind, role: HopRole, options: HopOptions) {
    const env = IS_OURS[kind] ? relayEnvironment : plainEnvironment
    this.#child = fork(HOP, [kind, role, JSON.stringify(options)], { env, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()))
    this.ready = new Promise((resolve, reject) => {
      this.#child.once('close', () => reject(new Error(`the ${role} of the ${kind} chain has ended`)))
      this.#child.on('message', (report: HopReport) => {
        if (report.kind === 'ready') resolve(report)
        else this.#onReceived?.(report.bytes, report.direct)
      })
    })
    this.ready.catch(() => {}) // seen by who waits for it
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** Resolves when the sink has got so many bytes. */
  received(bytes: number, signal: AbortSignal): Promise<{ readonly bytes: number; readonly direct: number }> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('the chain is too slow, or stands still')), { once: true })
      this.#child.once('close', () => reject(new Error('a process of the chain has ended')))
      this.#onReceived = (got, direct) => {
        if (got >= bytes) resolve({ bytes: got, direct })
      }
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM')
    await this.#ended
  }
}

/** One chain, from its start to its end. */
export async function relayRound(kind: HopKind, signal: AbortSignal): Promise<Round> {
  await using chain = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'tributary-bench-'))
  chain.defer(() => rm(folder, { recursive: true, force: true }))
  const start = async (role: HopRole, upstream?: HopReady, block?: string): Promise<{ hop: Hop; ready: HopReady }> => {
    const hop = chain.use(new Hop(kind, role, { folder: join(folder, role), rate: RELAY_RATE, upstream, block }))
    return { hop, ready: await hop.ready }
  }
  const source = await start('source')
  const middle = await start('middle', source.ready)
  const sink = await start('sink', middle.ready, source.ready.peer)
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)])
  const first = await sink.hop.received(WARM_UP_BYTES, deadline)
  const began = { cpu: cpuSeconds(middle.hop.pid), at: performance.now() }
  const last = await sink.hop.received(first.bytes + ROUND_BYTES, deadline)
  return {
    bytes: last.bytes - first.bytes,
    cpu: cpuSeconds(middle.hop.pid) - began.cpu,
    seconds: (performance.now() - began.at) / 1000,
    direct: last.direct,
    rss: residentBytes(middle.hop.pid),
  }
}
