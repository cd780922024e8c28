/**
 * Overlays in memory: latency, jitter, loss, bandwidth, capacity and partitions, all from one clock and one seed, so that a run repeats
 * exactly. Streams are ordered and reliable as TCP's are: a lost segment costs a retransmission, not its bytes.
 */
import type { Clock } from '../../relay/clock.ts'
import { RelayError } from '../../relay/errors.ts'
import { Events } from '../../relay/events.ts'
import type { Connection, Overlay, OverlayEvents, OverlayStream, PeerId } from '../../relay/overlay/overlay.ts'
import type { Random } from '../../relay/random.ts'
import { streamPair, type Passage, type StreamEnd } from './memory-stream.ts'

export interface Conditions {
  /** One way, ms. */
  readonly latencyMs: number
  /** At most this much more, evenly spread, ms. */
  readonly jitterMs: number
  /** Share of segments that have to be sent again, 0 to 1. */
  readonly loss: number
}

export interface MemoryPeerOptions {
  /** What the peer can send, bit/s, over all its streams. @default no limit */
  readonly uplink?: number
  /** Connections at most. @default no limit */
  readonly capacity?: number
}

export interface MemoryNetwork {
  start(name: PeerId, options?: MemoryPeerOptions): Promise<Overlay>
  /** Between these two, in both directions. */
  setConditions(one: PeerId, two: PeerId, conditions: Partial<Conditions>): void
  /** Nothing passes between the two groups. `reset`: connections break and say so; `silent`: bytes just stop. */
  partition(one: readonly PeerId[], two: readonly PeerId[], how: 'reset' | 'silent'): void
  heal(): void
  /** As SIGKILL does: connections break, nothing more is sent. */
  kill(name: PeerId): void
  /** Payload bytes that left a peer. */
  sent(name: PeerId): number
}

export interface MemoryNetworkDeps {
  readonly clock: Clock
  readonly random: Random
  readonly conditions?: Partial<Conditions>
  /** @default 16 KiB */
  readonly segmentBytes?: number
}

interface Node {
  readonly name: PeerId
  readonly options: MemoryPeerOptions
  readonly events: Events<OverlayEvents>
  readonly handlers: Map<string, (stream: OverlayStream) => void>
  readonly book: Map<PeerId, readonly string[]>
  readonly connections: Map<PeerId, Connection>
  readonly streams: Set<{ readonly peer: PeerId; readonly end: StreamEnd }>
  uplinkFreeAt: number
  sent: number
  alive: boolean
}

const ADDRESS = /^\/memory\/([^/]+)\/p2p\/([^/]+)$/
const addressOf = (name: PeerId): string => `/memory/${name}/p2p/${name}`
/** TCP's shortest retransmission timeout, ms. */
const RETRANSMIT_MS = 200
const CLOSE_LINGER_MS = 50

export function createMemoryNetwork({ clock, random, conditions = {}, segmentBytes = 16 * 1024 }: MemoryNetworkDeps): MemoryNetwork {
  const usual: Conditions = { latencyMs: 0, jitterMs: 0, loss: 0, ...conditions }
  const nodes = new Map<PeerId, Node>()
  const special = new Map<string, Conditions>()
  const cuts: { readonly one: ReadonlySet<PeerId>; readonly two: ReadonlySet<PeerId>; readonly how: 'reset' | 'silent' }[] = []
  const providers = new Map<string, Map<PeerId, number>>()

  const pairKey = (one: PeerId, two: PeerId): string => (one < two ? `${one} ${two}` : `${two} ${one}`)
  const conditionsOf = (one: PeerId, two: PeerId): Conditions => special.get(pairKey(one, two)) ?? usual
  const cutOf = (one: PeerId, two: PeerId) =>
    cuts.find((cut) => (cut.one.has(one) && cut.two.has(two)) || (cut.one.has(two) && cut.two.has(one)))?.how
  const latency = (one: PeerId, two: PeerId): number => {
    const { latencyMs, jitterMs, loss } = conditionsOf(one, two)
    const again = loss > 0 && random.next() < loss ? RETRANSMIT_MS + 2 * latencyMs : 0
    return latencyMs + (jitterMs > 0 ? random.next() * jitterMs : 0) + again
  }
  const unreachable = (peer: string, why: string): RelayError => new RelayError('peer-unreachable', `${peer} cannot be reached: ${why}`)

  const route =
    (from: Node, to: Node) =>
    (bytes: number): Passage => {
      if (cutOf(from.name, to.name) !== undefined) return { kind: 'held' }
      from.sent += bytes
      const now = clock.monotonic()
      let departs = now
      if (from.options.uplink !== undefined) {
        departs = Math.max(now, from.uplinkFreeAt) + (bytes * 8000) / from.options.uplink
        from.uplinkFreeAt = departs
      }
      return { kind: 'passes', departs, arrives: departs + latency(from.name, to.name) }
    }

  const disconnect = (one: Node, two: Node, error: Error): void => {
    if (!one.connections.delete(two.name)) return
    two.connections.delete(one.name)
    for (const [node, peer] of [
      [one, two.name],
      [two, one.name],
    ] as const) {
      for (const held of node.streams) {
        if (held.peer !== peer) continue
        node.streams.delete(held)
        held.end.fail(error)
      }
      node.events.emit('disconnect', { peer })
    }
  }
  const stop = (node: Node): void => {
    if (!node.alive) return
    node.alive = false
    for (const peer of node.connections.keys()) {
      const other = nodes.get(peer)
      if (other !== undefined) disconnect(node, other, new Error('the connection was lost'))
    }
    for (const holders of providers.values()) holders.delete(node.name)
    if (nodes.get(node.name) === node) nodes.delete(node.name)
  }

  const dial = async (node: Node, target: string, signal: AbortSignal): Promise<Node> => {
    signal.throwIfAborted()
    const match = ADDRESS.exec(target)
    const name = match?.[2] ?? target
    if (match === null && !node.book.has(name) && !node.connections.has(name)) throw unreachable(target, 'nobody knows an address')
    const other = nodes.get(name)
    if (other !== undefined && node.connections.has(name)) return other
    const waits = conditionsOf(node.name, name).latencyMs * 3
    if (waits > 0) await clock.sleep(waits, signal)
    if (cutOf(node.name, name) === 'silent') {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }))
    }
    if (!node.alive || other === undefined || !other.alive || other === node || cutOf(node.name, name) !== undefined)
      throw unreachable(target, 'nobody answers')
    if (node.connections.has(name)) return other
    for (const side of [node, other]) {
      if (side.connections.size >= (side.options.capacity ?? Infinity)) throw unreachable(target, `${side.name} is full`)
    }
    const made = (peer: PeerId, direction: Connection['direction']): Connection => ({
      peer,
      address: addressOf(peer),
      transport: 'memory',
      direction,
      rtt: 2 * conditionsOf(node.name, name).latencyMs,
      since: clock.now(),
    })
    const connections = [made(other.name, 'outbound'), made(node.name, 'inbound')] as const
    node.connections.set(other.name, connections[0])
    other.connections.set(node.name, connections[1])
    node.book.set(other.name, [addressOf(other.name)])
    other.book.set(node.name, [addressOf(node.name)])
    node.events.emit('connect', connections[0])
    other.events.emit('connect', connections[1])
    return other
  }

  const open = async (node: Node, peer: PeerId, protocol: string, signal: AbortSignal): Promise<OverlayStream> => {
    const other = await dial(node, peer, signal)
    if (!other.handlers.has(protocol)) throw unreachable(peer, `it does not speak ${protocol}`)
    const waits = conditionsOf(node.name, peer).latencyMs
    if (waits > 0) await clock.sleep(waits, signal)
    const handler = other.handlers.get(protocol)
    if (handler === undefined || !node.connections.has(peer)) throw unreachable(peer, 'the connection was lost')
    const [near, far] = streamPair(
      clock,
      segmentBytes,
      { peer: other.name, route: route(node, other) },
      { peer: node.name, route: route(other, node) },
    )
    for (const [owner, held] of [
      [node, { peer: other.name, end: near }],
      [other, { peer: node.name, end: far }],
    ] as const) {
      for (const old of owner.streams) if (old.end.over) owner.streams.delete(old)
      owner.streams.add(held)
    }
    handler(far.stream)
    return near.stream
  }

  const overlayOf = (node: Node): Overlay => ({
    self: node.name,
    events: node.events,
    addresses: () => [addressOf(node.name)],
    connections: () => [...node.connections.values()],
    async connect(target, signal) {
      return (await dial(node, target, signal)).name
    },
    disconnect(peer) {
      const other = nodes.get(peer)
      if (other !== undefined) disconnect(node, other, new Error('the connection was closed'))
      return Promise.resolve()
    },
    open: (peer, protocol, signal) => open(node, peer, protocol, signal),
    handle(protocol, onStream) {
      if (node.handlers.has(protocol)) return Promise.reject(new Error(`${protocol} has a handler`))
      node.handlers.set(protocol, onStream)
      return Promise.resolve({
        [Symbol.asyncDispose]() {
          if (node.handlers.get(protocol) === onStream) node.handlers.delete(protocol)
          return Promise.resolve()
        },
      })
    },
    provide(key) {
      const id = Buffer.from(key).toString('hex')
      const holders = providers.get(id) ?? new Map<PeerId, number>()
      providers.set(id, holders)
      holders.set(node.name, (holders.get(node.name) ?? 0) + 1)
      return {
        [Symbol.dispose]() {
          const left = (holders.get(node.name) ?? 0) - 1
          if (left > 0) holders.set(node.name, left)
          else holders.delete(node.name)
        },
      }
    },
    async *find(key, signal) {
      await clock.sleep(2 * usual.latencyMs, signal)
      for (const peer of providers.get(Buffer.from(key).toString('hex'))?.keys() ?? []) {
        if (peer === node.name || cutOf(peer, node.name) !== undefined) continue
        node.book.set(peer, [addressOf(peer)])
        yield peer
      }
    },
    protect: () => ({ [Symbol.dispose]() {} }),
    learn(peer, addresses) {
      const good = addresses.filter((address) => ADDRESS.exec(address)?.[2] === peer)
      if (good.length > 0) node.book.set(peer, good)
      return Promise.resolve()
    },
    knownAddresses: (peer) => Promise.resolve(node.book.get(peer) ?? []),
    async [Symbol.asyncDispose]() {
      // what was sent in order just before, a goodbye for example, still leaves
      if ([...node.streams].some(({ end }) => !end.over && end.stream.queued > 0))
        await clock.sleep(CLOSE_LINGER_MS, new AbortController().signal)
      stop(node)
    },
  })

  return {
    start(name, options = {}) {
      const node: Node = {
        name,
        options,
        events: new Events(),
        handlers: new Map(),
        book: new Map(),
        connections: new Map(),
        streams: new Set(),
        uplinkFreeAt: 0,
        sent: 0,
        alive: true,
      }
      nodes.set(name, node)
      return Promise.resolve(overlayOf(node))
    },
    setConditions(one, two, changed) {
      special.set(pairKey(one, two), { ...conditionsOf(one, two), ...changed })
    },
    partition(one, two, how) {
      cuts.push({ one: new Set(one), two: new Set(two), how })
      if (how === 'silent') return
      for (const a of one) {
        for (const b of two) {
          const [near, far] = [nodes.get(a), nodes.get(b)]
          if (near !== undefined && far !== undefined) disconnect(near, far, new Error('the connection was lost'))
        }
      }
    },
    heal() {
      cuts.length = 0
      for (const node of nodes.values()) for (const { end } of node.streams) end.stir()
    },
    kill(name) {
      const node = nodes.get(name)
      if (node !== undefined) stop(node)
    },
    sent: (name) => nodes.get(name)?.sent ?? 0,
  }
}
