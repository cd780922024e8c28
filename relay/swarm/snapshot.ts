/** A swarm in numbers, for the API, the page and the metrics. Rates bit/s over the last 5 s, times ms. */
import type { Clock } from '../clock.ts'
import type { Connection, Overlay, PeerId } from '../overlay/overlay.ts'
import type { Role } from '../wire/wire.ts'
import type { Delivery } from './delivery.ts'
import type { Air, Edge } from './edge.ts'
import type { Parents } from './parents.ts'
import type { Partner } from './partner.ts'
import type { Equivocation, Tallies, ViolationRecord } from './tallies.ts'
import type { UploadBudget } from './upload-budget.ts'

export interface PartnerSnapshot {
  readonly peer: PeerId
  readonly transport: string
  readonly direction: 'inbound' | 'outbound'
  readonly role: Role
  readonly rttMs: number | undefined
  readonly bitsIn: number
  readonly bitsOut: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Sub-streams that it pushes to us, and we to it. */
  readonly parentOf: readonly number[]
  readonly childOf: readonly number[]
  /** Bytes that wait to be sent to it. */
  readonly queuedBytes: number
}

export interface ChunkCounts {
  /** Verified and new. */
  readonly received: number
  readonly duplicate: number
  /** Given up: they did not come in time. */
  readonly missed: number
  /** Wrong; each cost its sender the session. */
  readonly rejected: number
  /** Came because we asked for them. */
  readonly pulled: number
  /** Neither asked for nor of use. */
  readonly unwanted: number
}

export interface SwarmSnapshot {
  readonly role: Role
  readonly air: Air
  readonly partners: readonly PartnerSnapshot[]
  readonly bitsIn: number
  readonly bitsOut: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly lagMs: number | undefined
  readonly chunks: ChunkCounts
  /** Share of the chunks' bytes by the partner they came from, 0 to 1, largest first; partners that left included. */
  readonly shares: readonly { readonly peer: PeerId; readonly share: number }[]
  /** bit/s; undefined: no cap. */
  readonly uploadCap: number | undefined
  /** Of the channel, bit/s. */
  readonly bitrate: number
  readonly violations: readonly ViolationRecord[]
  readonly equivocation: Equivocation | undefined
}

export interface SnapshotDeps {
  readonly role: Role
  readonly clock: Clock
  readonly overlay: Pick<Overlay, 'connections'>
  readonly budget: UploadBudget
  readonly edge: Edge
  readonly delivery: Delivery
  readonly tallies: Tallies
  readonly parents: Parents
  readonly partners: ReadonlyMap<PeerId, Partner>
}

function partnerSnapshot(partner: Partner, connection: Connection | undefined, parentOf: readonly number[], now: number): PartnerSnapshot {
  const { bytesIn, bytesOut, queued } = partner.link
  return {
    peer: partner.peer,
    transport: connection?.transport ?? 'unknown',
    direction: partner.direction,
    role: partner.theirs.role,
    rttMs: partner.rtt ?? connection?.rtt,
    bitsIn: bytesIn.rate(now),
    bitsOut: bytesOut.rate(now),
    bytesIn: bytesIn.total,
    bytesOut: bytesOut.total,
    parentOf,
    childOf: [...partner.pushed].toSorted((a, b) => a - b),
    queuedBytes: queued,
  }
}

export function takeSnapshot({ role, clock, overlay, budget, edge, delivery, tallies, parents, partners }: SnapshotDeps): SwarmSnapshot {
  const now = clock.monotonic()
  const connections = new Map(overlay.connections().map((connection) => [connection.peer, connection]))
  const all = [...partners.values()].map((partner) =>
    partnerSnapshot(partner, connections.get(partner.peer), parents.subStreamsOf(partner), now),
  )
  const sum = (of: (partner: PartnerSnapshot) => number): number => all.reduce((total, partner) => total + of(partner), 0)
  const { received, duplicate, rejected, pulled, unwanted } = tallies
  return {
    role,
    air: edge.air,
    partners: all,
    bitsIn: sum(({ bitsIn }) => bitsIn),
    bitsOut: sum(({ bitsOut }) => bitsOut),
    bytesIn: tallies.past.bytesIn + sum(({ bytesIn }) => bytesIn),
    bytesOut: tallies.past.bytesOut + sum(({ bytesOut }) => bytesOut),
    lagMs: tallies.lagMs,
    chunks: { received, duplicate, missed: delivery.missed, rejected, pulled, unwanted },
    shares: tallies.shares(),
    uploadCap: budget.cap,
    bitrate: tallies.media.rate(now),
    violations: [...tallies.violations],
    equivocation: tallies.equivocation,
  }
}
