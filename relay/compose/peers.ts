/** Whom we get channels from and give them to, for the API. */
import { toChannelId } from '../chunk/channel-id.ts'
import type { ViolationCount } from '../http/ports.ts'
import type { Peer, Swarm as SwarmView } from '../http/schemas.ts'
import type { Networks } from '../network/networks.ts'
import type { Overlay } from '../overlay/overlay.ts'
import type { Swarm, Swarms } from '../swarm/swarms.ts'

/** Strangers choose these names: the oldest goes. */
const MAX_VIOLATIONS = 200

export const peersView = (overlay: Overlay): Peer[] =>
  overlay.connections().map(({ peer, address, transport, direction, rtt, since }) => ({
    peer,
    address,
    transport,
    direction,
    ...(rtt === undefined ? {} : { rttMs: rtt }),
    since: new Date(since).toISOString(),
  }))

export function swarmsView(swarms: Swarms, networks: Pick<Networks, 'channel'>): SwarmView[] {
  return swarms.list().map((swarm) => {
    const snapshot = swarm.snapshot()
    const channel = toChannelId(swarm.channelKey)
    return { ...snapshot, channel, channelName: networks.channel(channel)?.name ?? channel }
  })
}

/** Counts who broke the protocol, and how; it outlives the swarms. */
export class Violations {
  readonly #counts = new Map<string, ViolationCount>()

  watch(swarm: Swarm): Disposable {
    return swarm.events.on('violation', ({ peer, violation }) => {
      const key = `${peer} ${violation}`
      const count = (this.#counts.get(key)?.count ?? 0) + 1
      this.#counts.delete(key)
      this.#counts.set(key, { peer, violation, count })
      const oldest = this.#counts.keys().next().value
      if (this.#counts.size > MAX_VIOLATIONS && oldest !== undefined) this.#counts.delete(oldest)
    })
  }

  list(): ViolationCount[] {
    return [...this.#counts.values()]
  }
}
