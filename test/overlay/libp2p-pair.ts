import { systemClock } from '../../relay/clock.ts'
import { silentLog } from '../../relay/log.ts'
import { startOverlay, type OverlayOptions } from '../../relay/overlay/libp2p.ts'
import type { Overlay } from '../../relay/overlay/overlay.ts'
import type { OverlayPair } from '../contract/overlay-contract.ts'

const DEADLINE_MS = 20_000

/** A real peer that keeps nothing on disk. */
export const startPeer = (options: Partial<OverlayOptions> = {}): Promise<Overlay> =>
  startOverlay(
    { clock: systemClock, log: silentLog },
    {
      listen: ['/ip4/127.0.0.1/tcp/0'],
      bootstrap: [],
      mdns: false,
      dht: 'auto',
      block: [],
      goodPeersFile: undefined,
      identityFile: undefined,
      webrtc: false,
      ...options,
    },
    AbortSignal.timeout(DEADLINE_MS),
  )

export async function peerPair(
  options: Partial<OverlayOptions> = {},
  reach = (address: string): boolean => address !== '',
): Promise<OverlayPair> {
  await using started = new AsyncDisposableStack()
  const near = started.use(await startPeer(options))
  const far = started.use(await startPeer(options))
  const running = started.move()
  return {
    near,
    far,
    async connect() {
      await near.connect(far.addresses().find(reach) ?? '', AbortSignal.timeout(DEADLINE_MS))
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
