import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../relay/clock.ts'
import { silentLog } from '../../relay/log.ts'
import { startNetworks, type Networks } from '../../relay/network/networks.ts'
import { createNetwork, type NewNetwork, type Provider } from '../../relay/network/provider.ts'
import type { OverlayOptions } from '../../relay/overlay/libp2p.ts'
import type { Overlay } from '../../relay/overlay/overlay.ts'
import { seededRandom } from '../../relay/random.ts'
import { startPeer } from '../overlay/libp2p-pair.ts'

/** A folder that is gone at the end. */
export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'tributary-test-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export interface Node extends AsyncDisposable {
  readonly overlay: Overlay
  readonly networks: Networks
}

/** A real peer with its networks, keeping everything in one folder. */
export async function startNode(dataDir: string, options: Partial<OverlayOptions> = {}): Promise<Node> {
  await using starting = new AsyncDisposableStack()
  const overlay = starting.use(
    await startPeer({ identityFile: join(dataDir, 'identity'), goodPeersFile: join(dataDir, 'good-peers.json'), ...options }),
  )
  const networks = starting.use(await startNetworks({ overlay, dataDir, clock: systemClock, log: silentLog, random: seededRandom(1) }))
  const running = starting.move()
  return { overlay, networks, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

export const makeNetwork = (dir: string, network: Partial<NewNetwork> = {}): Promise<Provider> =>
  createNetwork(dir, { name: 'Test Network', channels: [{ name: 'One' }, { name: 'Two' }], ...network }, { clock: systemClock })

/** Waits for something that real peers do in their own time. */
export async function eventually(holds: () => boolean, what: string, deadlineMs = 20_000): Promise<void> {
  const deadline = systemClock.monotonic() + deadlineMs
  while (!holds()) {
    if (systemClock.monotonic() > deadline) throw new Error(`not in time: ${what}`)
    await systemClock.sleep(20, AbortSignal.timeout(deadlineMs))
  }
}
