/** Peers that do not keep to the rules. */
import type { Overlay, OverlayStream, PeerId } from '../../relay/overlay/overlay.ts'
import { encode } from '../../relay/wire/encode.ts'
import { decode } from '../../relay/wire/decode.ts'
import { createFrameReader } from '../../relay/wire/frame-reader.ts'
import { LENGTH_BYTES, SWARM_PROTOCOL } from '../../relay/wire/limits.ts'
import type { Lab } from './lab.ts'
import { TYPES, type ControlMessage, type Handshake, type Message } from '../../relay/wire/wire.ts'

/** Flips one bit in each `every`th chunk that leaves through this overlay; counts them in `flipped`. */
export function polluting(every: number): { wrap: (overlay: Overlay) => Overlay; flipped: number } {
  let count = 0
  const spoil = (stream: OverlayStream): OverlayStream => ({
    peer: stream.peer,
    read: (handlers) => stream.read(handlers),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    send(bytes) {
      if (bytes[LENGTH_BYTES] !== TYPES.chunk) return stream.send(bytes)
      count += 1
      if (count % every !== 0) return stream.send(bytes)
      const spoiled = bytes.slice()
      spoiled[spoiled.length - 7] = (spoiled[spoiled.length - 7] as number) ^ 1
      polluter.flipped += 1
      return stream.send(spoiled)
    },
    drained: (signal) => stream.drained(signal),
    get queued() {
      return stream.queued
    },
    close: () => stream.close(),
    abort: (reason) => stream.abort(reason),
  })
  const polluter = {
    flipped: 0,
    wrap: (overlay: Overlay): Overlay => ({
      self: overlay.self,
      events: overlay.events,
      addresses: () => overlay.addresses(),
      connections: () => overlay.connections(),
      connect: (target, signal) => overlay.connect(target, signal),
      disconnect: (peer) => overlay.disconnect(peer),
      open: async (peer, protocol, signal) => spoil(await overlay.open(peer, protocol, signal)),
      handle: (protocol, onStream) => overlay.handle(protocol, (stream) => onStream(spoil(stream))),
      provide: (key) => overlay.provide(key),
      find: (key, signal) => overlay.find(key, signal),
      protect: (peer, weight) => overlay.protect(peer, weight),
      learn: (peer, addresses) => overlay.learn(peer, addresses),
      knownAddresses: (peer) => overlay.knownAddresses(peer),
      [Symbol.asyncDispose]: () => overlay[Symbol.asyncDispose](),
    }),
  }
  return polluter
}

export interface RawPeer {
  readonly heard: Message[]
  readonly stream: OverlayStream
  send(message: ControlMessage): void
  sendBytes(bytes: Uint8Array): void
  ended: boolean
}

/** Speaks the protocol by hand. Answers nothing by itself. */
export function rawPeer(stream: OverlayStream, onMessage: (message: Message, raw: RawPeer) => void = () => {}): RawPeer {
  const raw: RawPeer = {
    heard: [],
    stream,
    ended: false,
    send: (message) => void stream.send(encode(message)),
    sendBytes: (bytes) => void stream.send(bytes),
  }
  const reader = createFrameReader((frame) => {
    const decoded = decode(frame)
    if (!decoded.ok) return
    raw.heard.push(decoded.message)
    onMessage(decoded.message, raw)
  })
  stream.read({
    bytes: (piece) => void reader.push(piece),
    end: () => {
      raw.ended = true
    },
  })
  return raw
}

export const handshakeOf = (channelKey: Uint8Array, header?: Uint8Array): Handshake => ({
  kind: 'handshake',
  role: 'peer',
  channelKey,
  window: 100,
  uploadKbps: 10_000,
  features: 0,
  header,
})

/** Longer than a dial and a handshake take in the lab. */
const KNOCK_MS = 300

export async function openStream(lab: Lab, overlay: Overlay, peer: PeerId): Promise<OverlayStream> {
  await overlay.learn(peer, [`/memory/${peer}/p2p/${peer}`])
  const opening = overlay.open(peer, SWARM_PROTOCOL, new AbortController().signal)
  await lab.clock.advance(KNOCK_MS)
  return opening
}

/** A new peer of this name, or the one before, opens a stream to `peer` and shakes hands. */
export async function knock(lab: Lab, name: PeerId | Overlay, peer: PeerId): Promise<RawPeer> {
  const overlay = typeof name === 'string' ? await lab.network.start(name) : name
  const raw = rawPeer(await openStream(lab, overlay, peer))
  raw.send(handshakeOf(lab.key))
  await lab.clock.advance(KNOCK_MS)
  return raw
}
