/** The peer-to-peer half, which every command that meets others stands on: overlay, networks and swarms. */
import { join } from 'node:path'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import { openDataFolder } from './data-folder.ts'
import type { Log } from './log.ts'
import { startNetworks, type Networks } from './network/networks.ts'
import { startOverlay } from './overlay/libp2p.ts'
import type { Overlay } from './overlay/overlay.ts'
import type { Random } from './random.ts'
import { startSwarms, type Swarms } from './swarm/swarms.ts'
import { createUploadBudget } from './swarm/upload-budget.ts'

export interface Surroundings {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface NodeOptions {
  /** Keeps DHT records and relays signalling for others: the bootstrap role. @default false */
  readonly serveOthers?: boolean
}

export interface Node extends AsyncDisposable {
  readonly overlay: Overlay
  readonly networks: Networks
  readonly swarms: Swarms
}

/** Resolves when others can be met. Throws `data-unwritable`, `port-in-use`, `config-invalid`. */
export async function startNode(
  config: Config,
  { clock, random, log }: Surroundings,
  options: NodeOptions,
  signal: AbortSignal,
): Promise<Node> {
  await openDataFolder(config.data)
  await using started = new AsyncDisposableStack()
  const overlay = started.use(
    await startOverlay(
      { clock, log },
      {
        listen: config.overlay.listen,
        bootstrap: config.overlay.bootstrap,
        mdns: config.overlay.mdns,
        dht: options.serveOthers === true ? 'server' : 'auto',
        block: config.overlay.block,
        goodPeersFile: join(config.data, 'good-peers.json'),
        identityFile: join(config.data, 'identity'),
        webrtc: config.overlay.webrtc,
        relay: options.serveOthers === true,
      },
      signal,
    ),
  )
  const networks = started.use(await startNetworks({ overlay, dataDir: config.data, clock, log, random }))
  const budget = createUploadBudget(clock, config.overlay.upload === Infinity ? undefined : config.overlay.upload)
  const swarms = started.use(await startSwarms({ overlay, clock, random, log, candidates: networks, budget }))
  const running = started.move()
  return { overlay, networks, swarms, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
