/**
 * One neighbour: the stream to it, what it said it knows and carries, the catalogue it is sending us, and those that we are sending.
 * What arrives is bounded and total; a violation ends the session.
 */
import { PUBLIC_KEY_BYTES, toChannelId } from '../chunk/channel-id.ts'
import type { Clock } from '../clock.ts'
import { isAbort } from '../errors.ts'
import type { OverlayStream, PeerId } from '../overlay/overlay.ts'
import type { SignedCatalogue } from './catalogue.ts'
import {
  CATALOGUE_PIECE_BYTES,
  createDeframer,
  encodeMessage,
  MAX_CARRIED,
  type DecodedMessage,
  type KnownNetwork,
  type MessageViolation,
  type NetworkMessage,
} from './messages.ts'

export type SessionViolation = MessageViolation | 'flood' | 'order' | 'catalogue' | 'edge'

export interface SessionHandlers {
  /** The neighbour said what it knows, for the first time or anew. */
  hello(): void
  /** Is a catalogue worth receiving? Asked before the first piece is kept. */
  wants(networkId: string, sequence: number): boolean
  /** A whole catalogue, not verified. False when it does not verify: the session ends. */
  catalogue(networkId: string, bytes: Uint8Array): boolean
  /** The channels it carries have changed. */
  carried(): void
  /** False when the header does not verify: the session ends. */
  edge(channelId: string, header: Uint8Array): boolean
  /** Called once. */
  end(violation: SessionViolation | undefined): void
}

export interface Session extends Disposable {
  readonly peer: PeerId
  /** Starts the reading; handlers are called from then on. */
  begin(): void
  /** The networks it knows, with the sequence of the catalogue it has; by id. Empty before its HELLO. */
  readonly networks: ReadonlyMap<string, number>
  /** Ids of the channels it can give. */
  readonly carries: ReadonlySet<string>
  hello(networks: readonly KnownNetwork[], carried: readonly Uint8Array[]): void
  carry(added: readonly Uint8Array[], removed: readonly Uint8Array[]): void
  edge(channel: Uint8Array, header: Uint8Array): void
  /** Sends a catalogue in pieces, as fast as the neighbour takes it; a newer one of the network replaces one that waits. */
  push(network: Uint8Array, signed: SignedCatalogue): void
  /** Ends it for what the neighbour did. */
  refuse(violation: SessionViolation): void
}

/** A neighbour of a hundred channels sends one edge a second each; the rest is rare. */
const MESSAGES_PER_SECOND = 250
/** A whole catalogue in pieces, and some. */
const MESSAGE_BURST = 1000
/** Beyond it a neighbour does not read; edges are left out, and anything else ends the session. */
const MAX_QUEUED_BYTES = 1024 * 1024

type Assembly =
  | { readonly kind: 'none' }
  /** Pieces that we have no use for. */
  | { readonly kind: 'skipping' }
  | {
      readonly kind: 'receiving'
      readonly id: string
      readonly sequence: number
      readonly size: number
      received: number
      readonly pieces: Uint8Array[]
    }

export function openSession(stream: OverlayStream, clock: Clock, handlers: SessionHandlers): Session {
  const lifetime = new AbortController()
  const networks = new Map<string, number>()
  const carries = new Set<string>()
  const pending = new Map<string, { readonly network: Uint8Array; readonly signed: SignedCatalogue }>()
  let pushing = false
  let assembly: Assembly = { kind: 'none' }
  let tokens = MESSAGE_BURST
  let refilled = clock.monotonic()

  const end = (violation: SessionViolation | undefined): void => {
    if (lifetime.signal.aborted) return
    lifetime.abort(new DOMException('the session is over', 'AbortError'))
    handlers.end(violation)
    stream.abort(violation ?? 'the session is over')
  }
  const isFlood = (): boolean => {
    const now = clock.monotonic()
    tokens = Math.min(MESSAGE_BURST, tokens + ((now - refilled) / 1000) * MESSAGES_PER_SECOND)
    refilled = now
    tokens -= 1
    return tokens < 0
  }
  const send = (message: NetworkMessage): boolean => {
    if (lifetime.signal.aborted) return false
    return stream.send(encodeMessage(message))
  }
  /** For what must not be lost. */
  const sendSurely = (message: NetworkMessage): void => {
    if (stream.queued > MAX_QUEUED_BYTES) end('flood')
    else send(message)
  }

  const receive = (decoded: DecodedMessage): void => {
    if (lifetime.signal.aborted) return
    if (!decoded.ok) return end(decoded.violation)
    if (isFlood()) return end('flood')
    const { message } = decoded
    switch (message.kind) {
      case 'hello':
        networks.clear()
        for (const { key, sequence } of message.networks) networks.set(toChannelId(key), sequence)
        carries.clear()
        for (const key of message.carried) carries.add(toChannelId(key))
        return handlers.hello()
      case 'carry':
        for (const key of message.removed) carries.delete(toChannelId(key))
        for (const key of message.added) if (carries.size < MAX_CARRIED) carries.add(toChannelId(key))
        return handlers.carried()
      case 'edge':
        if (!handlers.edge(toChannelId(message.channel), message.header)) end('edge')
        return
      case 'catalogue':
        return receivePiece(message)
    }
  }
  const receivePiece = (message: NetworkMessage & { kind: 'catalogue' }): void => {
    const id = toChannelId(message.network)
    if (message.offset === 0) {
      const { sequence, size } = message
      assembly = handlers.wants(id, sequence) ? { kind: 'receiving', id, sequence, size, received: 0, pieces: [] } : { kind: 'skipping' }
    }
    if (assembly.kind === 'skipping') return
    if (assembly.kind === 'none' || assembly.id !== id || assembly.sequence !== message.sequence || assembly.received !== message.offset)
      return end('order')
    assembly.pieces.push(message.piece)
    assembly.received += message.piece.length
    if (assembly.received < assembly.size) return
    const whole = Buffer.concat(assembly.pieces)
    networks.set(id, Math.max(networks.get(id) ?? 0, assembly.sequence))
    assembly = { kind: 'none' }
    if (!handlers.catalogue(id, whole)) end('catalogue')
  }

  const pump = async (): Promise<void> => {
    for (let next = first(); next !== undefined && !lifetime.signal.aborted; next = first()) {
      const [id, { network, signed }] = next
      pending.delete(id)
      const { bytes, catalogue } = signed
      for (let offset = 0; offset < bytes.length; offset += CATALOGUE_PIECE_BYTES) {
        const piece = bytes.subarray(offset, offset + CATALOGUE_PIECE_BYTES)
        const hasRoom = send({ kind: 'catalogue', network, sequence: catalogue.sequence, size: bytes.length, offset, piece })
        if (!hasRoom) await stream.drained(lifetime.signal)
      }
      networks.set(id, Math.max(networks.get(id) ?? 0, catalogue.sequence))
    }
  }
  const first = () => pending.entries().next().value

  return {
    peer: stream.peer,
    begin: () => stream.read({ bytes: createDeframer(receive), end: () => end(undefined) }),
    networks,
    carries,
    hello: (known, carried) => sendSurely({ kind: 'hello', networks: known, carried }),
    carry: (added, removed) => sendSurely({ kind: 'carry', added, removed }),
    edge(channel, header) {
      if (channel.length === PUBLIC_KEY_BYTES && stream.queued <= MAX_QUEUED_BYTES) send({ kind: 'edge', channel, header })
    },
    push(network, signed) {
      pending.set(toChannelId(network), { network, signed })
      if (pushing) return
      pushing = true
      pump()
        .catch((error: unknown) => {
          if (!isAbort(error)) end(undefined) // the stream has ended
        })
        .finally(() => (pushing = false))
    },
    refuse: end,
    [Symbol.dispose]: () => end(undefined),
  }
}
