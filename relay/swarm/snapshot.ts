/** A swarm in numbers, for the API, the page and the metrics. Rates bit/s over the last 5 s, times ms. */
import type { Connection, PeerId } from '../overlay/overlay.ts'
import type { Role, Violation } from '../wire/wire.ts'
import type { Air } from './edge.ts'
import type { Partner } from './partner.ts'

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

export interface ViolationRecord {
  readonly peer: PeerId
  readonly violation: Violation
  /** Wall clock, ms since the Unix epoch. */
  readonly at: number
}

/** Two different headers with one sequence number, both signed by the channel: proof against the source. */
export interface Equivocation {
  readonly sequence: number
  readonly headers: readonly [Uint8Array, Uint8Array]
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

export const partnerSnapshot = (
  partner: Partner,
  connection: Connection | undefined,
  parentOf: readonly number[],
  now: number,
): PartnerSnapshot => ({
  peer: partner.peer,
  transport: connection?.transport ?? 'unknown',
  direction: partner.direction,
  role: partner.theirs.role,
  rttMs: partner.rtt ?? connection?.rtt,
  bitsIn: partner.link.bytesIn.rate(now),
  bitsOut: partner.link.bytesOut.rate(now),
  bytesIn: partner.link.bytesIn.total,
  bytesOut: partner.link.bytesOut.total,
  parentOf,
  childOf: [...partner.pushed].toSorted((a, b) => a - b),
  queuedBytes: partner.link.queued,
})
