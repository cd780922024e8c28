/**
 * The overlay's port: what the rest of the relay needs of a peer-to-peer host. `libp2p.ts` implements it over libp2p, the test harness
 * in memory; both pass the same contract suite.
 */
import type { EventSource } from '../events.ts'

/** A peer's identity in text form; opaque. */
export type PeerId = string

/** How a connection reaches the other side. */
export type Transport = 'tcp' | 'websocket' | 'webrtc-direct' | 'webrtc' | 'relayed' | 'memory'

export interface Connection {
  readonly peer: PeerId
  /** The other side's address, a multiaddr in text form. */
  readonly address: string
  readonly transport: Transport
  readonly direction: 'inbound' | 'outbound'
  /** Round trip in ms, once measured. */
  readonly rtt: number | undefined
  /** ms since the Unix epoch. */
  readonly since: number
}

export interface StreamHandlers {
  /** Bytes as they arrive, in pieces of any size. The array is the receiver's to keep. */
  bytes(piece: Uint8Array): void
  /** The stream is over; `error` when it did not end in order. Called exactly once. */
  end(error: Error | undefined): void
}

/** One long-lived, ordered, encrypted byte stream to one peer. */
export interface OverlayStream {
  readonly peer: PeerId
  /** Starts the reading; before it, and while paused, the stream holds a bounded amount and then stops the sender. */
  read(handlers: StreamHandlers): void
  pause(): void
  resume(): void
  /** Queues bytes; the array must not change afterwards. False: wait for `drained` before sending more media. */
  send(bytes: Uint8Array): boolean
  /** Resolves when the send queue has room again; rejects when the stream or the signal ends. */
  drained(signal: AbortSignal): Promise<void>
  /** Bytes that wait to be sent. */
  readonly queued: number
  /** Sends what is queued, then ends. */
  close(): Promise<void>
  /** Ends at once; the other side sees an error. */
  abort(reason: string): void
}

export interface OverlayEvents {
  readonly connect: Connection
  readonly disconnect: { readonly peer: PeerId }
  /** Our own addresses changed. */
  readonly addresses: readonly string[]
}

export interface Overlay extends AsyncDisposable {
  readonly self: PeerId
  readonly events: EventSource<OverlayEvents>
  /** Our own addresses, with our peer id at the end, best first. */
  addresses(): readonly string[]
  connections(): readonly Connection[]
  /** Connects to a peer whose addresses are known or can be found, or to an address that ends in a peer id. */
  connect(target: PeerId, signal: AbortSignal): Promise<PeerId>
  disconnect(peer: PeerId): Promise<void>
  /** Opens a stream, connecting first where needed. Throws `peer-unreachable`. */
  open(peer: PeerId, protocol: string, signal: AbortSignal): Promise<OverlayStream>
  /** Serves a protocol; disposing stops serving. At most one handler each. */
  handle(protocol: string, onStream: (stream: OverlayStream) => void): Promise<AsyncDisposable>
  /** Says in the DHT, for as long as it is not disposed, that we hold `key` (32 bytes). Never throws for want of peers. */
  provide(key: Uint8Array): Disposable
  /** Peers that hold `key`, as they are found, without ourselves; ends when the search does. */
  find(key: Uint8Array, signal: AbortSignal): AsyncIterable<PeerId>
  /** Keeps the connection to a peer when there are too many; the heavier, the longer. Disposing lets go. */
  protect(peer: PeerId, weight: number): Disposable
  /** Teaches addresses of a peer that somebody told us about. */
  learn(peer: PeerId, addresses: readonly string[]): Promise<void>
  /** Addresses by which others could reach this peer, as far as we know. */
  knownAddresses(peer: PeerId): Promise<readonly string[]>
}
