/** Relays find each other in the house by multicast DNS. Without multicast there is a warning, and the relay runs. */
import type { PeerDiscovery } from '@libp2p/interface'
import { mdns, type MulticastDNSComponents } from '@libp2p/mdns'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { PeerId } from './overlay.ts'

/** Our own name, so that other libp2p programs on the LAN are left alone. */
const SERVICE_TAG = '_tributary._udp.local'
const QUERY_INTERVAL_MS = 10_000

export const lanDiscovery =
  (log: Log, onFound: (peer: PeerId, addresses: readonly string[]) => void) =>
  (components: MulticastDNSComponents): PeerDiscovery => {
    const service = mdns({ serviceTag: SERVICE_TAG, interval: QUERY_INTERVAL_MS })(components)
    service.addEventListener('peer', ({ detail }) => onFound(detail.id.toString(), detail.multiaddrs.map(String)))
    const startable = service as PeerDiscovery & { start(): Promise<void>; stop(): Promise<void> }
    const start = startable.start.bind(service)
    startable.start = async () => {
      try {
        await start()
      } catch (error) {
        log.warn('relays on the LAN are not looked for: multicast DNS does not work here', { error: messageOf(error) })
      }
    }
    return service
  }
