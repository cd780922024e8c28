/**
 * All swarms of this relay. Owns the one handler of the protocol, which leads each handshake to its swarm, and what the swarms share: the
 * upload cap and the marks against peers.
 */
import { toChannelId } from '../chunk/channel-id.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Overlay, OverlayStream } from '../overlay/overlay.ts'
import type { Random } from '../random.ts'
import { SWARM_PROTOCOL } from '../wire/limits.ts'
import type { CandidateSource } from './candidates.ts'
import { greet, type Greeter } from './greet.ts'
import { MAX_UNGREETED } from './limits.ts'
import { createMarks, type Marks } from './marks.ts'
import { createSwarm, type JoinOptions, type Swarm } from './swarm.ts'
import type { UploadBudget } from './upload-budget.ts'

export interface SwarmsDeps {
  readonly overlay: Overlay
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly candidates: CandidateSource
  readonly budget: UploadBudget
}

export interface Swarms extends AsyncDisposable {
  /** One swarm a channel: joining one that is joined is a bug and rejects. Resolves at once; partners come by and by. */
  join(options: JoinOptions, signal: AbortSignal): Promise<Swarm>
  list(): Swarm[]
  /** Peers that sent wrong chunks. */
  readonly marks: Marks
}

export async function startSwarms(deps: SwarmsDeps): Promise<Swarms> {
  const { overlay, clock } = deps
  const swarms = new Map<string, Swarm>()
  const marks = createMarks(clock)
  const ungreeted = new Set<Greeter>()
  let isClosed = false

  const onStream = (stream: OverlayStream): void => {
    if (isClosed || marks.has(stream.peer) || ungreeted.size >= MAX_UNGREETED) return stream.abort('not now')
    const greeter = greet({ stream, clock, budget: deps.budget }, (greeting) => {
      ungreeted.delete(greeter)
      if (greeting.kind === 'failed') {
        if (greeting.violation !== undefined) marks.mark(stream.peer)
        return
      }
      const { link, handshake } = greeting
      const swarm = swarms.get(toChannelId(handshake.channelKey))
      if (swarm === undefined) {
        link.handOver({ message() {}, end() {} })
        link.goodbye('not-carried').catch(() => {}) // refused either way
      } else swarm.admit(link, handshake)
    })
    ungreeted.add(greeter)
    return greeter.start()
  }
  const serving = await overlay.handle(SWARM_PROTOCOL, onStream)

  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    isClosed = true
    await serving[Symbol.asyncDispose]()
    for (const greeter of ungreeted) greeter.cancel('the relay stops')
    await Promise.all([...swarms.values()].map((swarm) => swarm[Symbol.asyncDispose]()))
  }

  return {
    marks,
    join(options, signal) {
      const id = toChannelId(options.channelKey)
      if (signal.aborted) return Promise.reject(signal.reason as Error)
      if (isClosed || swarms.has(id)) return Promise.reject(new Error(`the swarm of ${id} is joined already, or the relay stops`))
      const log = deps.log.child(`swarm.${id.slice(0, 8)}`)
      const swarm = createSwarm({ ...deps, log, marks, onClosed: () => swarms.delete(id) }, options)
      swarms.set(id, swarm)
      return Promise.resolve(swarm)
    },
    list: () => [...swarms.values()],
    [Symbol.asyncDispose]: () => (closing ??= close()),
  }
}
