/** Whom we get channels from and give them to, for the API. */
import { toChannelId } from '../chunk/channel-id.ts'
import type { ViolationCount } from '../http/ports.ts'
import type { Partner, Peer, Swarm as SwarmView } from '../http/schemas.ts'
import type { Networks } from '../network/networks.ts'
import type { Overlay } from '../overlay/overlay.ts'
import type { PartnerSnapshot } from '../swarm/snapshot.ts'
import type { Swarm } from '../swarm/swarm.ts'
import type { Swarms } from '../swarm/swarms.ts'

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

const partnerView = (partner: PartnerSnapshot): Partner => ({
  peer: partner.peer,
  transport: partner.transport,
  direction: partner.direction,
  ...(partner.rttMs === undefined ? {} : { rttMs: partner.rttMs }),
  bitsIn: partner.bitsIn,
  bitsOut: partner.bitsOut,
  bytesIn: partner.bytesIn,
  bytesOut: partner.bytesOut,
  parentOf: [...partner.parentOf],
  childOf: [...partner.childOf],
})

export function swarmsView(swarms: Swarms, networks: Pick<Networks, 'channel'>): SwarmView[] {
  return swarms.list().map((swarm) => {
    const { role, partners, bitsIn, bitsOut, bytesIn, bytesOut, lagMs, chunks, shares, uploadCap } = swarm.snapshot()
    const channel = toChannelId(swarm.channelKey)
    return {
      channel,
      channelName: networks.channel(channel)?.name ?? channel,
      role,
      partners: partners.map(partnerView),
      bitsIn,
      bitsOut,
      bytesIn,
      bytesOut,
      ...(lagMs === undefined ? {} : { lagMs }),
      chunks,
      shares: [...shares],
      ...(uploadCap === undefined ? {} : { uploadCap }),
    }
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
