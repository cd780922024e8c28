/**
 * One process of a chain source -> middle -> sink, which the benchmark starts with `node hop.ts KIND ROLE OPTIONS`. It says where it listens
 * and, as a sink, what it got, over the channel to its parent; it ends with that channel.
 */

export type HopKind = 'tributary' | 'libp2p' | 'libp2p-tuned' | 'tcp'
export type HopRole = 'source' | 'middle' | 'sink'

export interface HopOptions {
  /** Own data, made and deleted by the parent. */
  readonly folder: string
  /** Bit/s of the source. */
  readonly rate: number
  /** What the hop before this one said; none for a source. */
  readonly upstream: HopReady | undefined
  /** The peer that must not be reached directly. */
  readonly block: string | undefined
}

export interface HopReady {
  readonly kind: 'ready'
  /** Where the next hop connects: a port, a multiaddr, a join link. */
  readonly address: string
  readonly peer: string
}

export interface HopReceived {
  readonly kind: 'received'
  /** Media bytes so far. */
  readonly bytes: number
  /** Share of them that came from the hop before. */
  readonly direct: number
}

export type HopReport = HopReady | HopReceived

/** Starts a hop, which runs until the process ends. */
export type StartHop = (role: HopRole, options: HopOptions, report: (report: HopReport) => void) => Promise<void>

/** Each kind loads what it needs and no more. */
const HOPS: Readonly<Record<HopKind, () => Promise<StartHop>>> = {
  tributary: async () => (await import('./tributary.ts')).tributaryHop,
  libp2p: async () => (await import('./libp2p.ts')).stockHop,
  'libp2p-tuned': async () => (await import('./libp2p.ts')).tunedHop,
  tcp: async () => (await import('./tcp.ts')).tcpHop,
}

const [kind, role, options] = process.argv.slice(2)
process.on('disconnect', () => process.exit())
process.on('SIGTERM', () => process.exit())
const start = await HOPS[kind as HopKind]()
await start(role as HopRole, JSON.parse(options ?? '{}') as HopOptions, (report) => {
  if (process.connected) process.send?.(report)
})
