/** A bare libp2p stream: TCP, Noise and Yamux with the overlay's windows, and nothing of ours above the stream. */
import type { Libp2p, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { createGater } from '../../../relay/overlay/gater.ts'
import { startHost } from '../../../relay/overlay/host.ts'
import { loadIdentity } from '../../../relay/overlay/identity.ts'
import * as limits from '../../../relay/overlay/limits.ts'
import { counter } from './counter.ts'
import type { StartHop } from './hop.ts'
import { MESSAGE_BYTES } from './message.ts'
import { sendPaced } from './pace.ts'

const PROTOCOL = '/tributary/bench/1.0.0'
const LISTEN = ['/ip4/127.0.0.1/tcp/0']

/** As libp2p comes. */
const stockHost = (): Promise<Libp2p> =>
  createLibp2p({
    addresses: { listen: LISTEN },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        streamOptions: {
          initialStreamWindowSize: limits.STREAM_WINDOW_BYTES,
          maxStreamWindowSize: limits.MAX_STREAM_WINDOW_BYTES,
          maxReadBufferLength: limits.MAX_STREAM_WINDOW_BYTES,
          maxWriteBufferLength: limits.MAX_STREAM_QUEUE_BYTES,
        },
      }),
    ],
  })

/** With all that the relay does for it: its sockets, its cipher, its services, its heap. */
async function tunedHost(): Promise<Libp2p> {
  await import('../../../relay/heap.ts')
  return startHost({
    key: await loadIdentity(undefined),
    listen: LISTEN,
    dhtServer: false,
    relay: false,
    gater: createGater([], () => []),
    webrtc: undefined,
    relays: undefined,
    lan: undefined,
  })
}

const drained = (stream: Stream): Promise<void> =>
  new Promise((resolve) => {
    stream.addEventListener('drain', () => resolve(), { once: true })
  })

/** Bytes on, as they come; while the next hop does not take them, the one before is paused. */
function forward(from: Stream, to: Stream): void {
  from.addEventListener('message', ({ data }) => {
    if (to.writeStatus === 'writable' && !to.send(data)) from.pause()
  })
  to.addEventListener('drain', () => {
    if (from.readStatus === 'paused') from.resume()
  })
}

const hopOver =
  (startOwn: () => Promise<Libp2p>): StartHop =>
  async (role, { rate, upstream }, report) => {
    const own = await startOwn()
    const dial = (): Promise<Stream> => own.dialProtocol(multiaddr(upstream?.address ?? ''), PROTOCOL)
    if (role === 'sink') {
      const count = counter(report)
      const stream = await dial()
      stream.addEventListener('message', ({ data }) => count(data.byteLength))
    } else if (role === 'middle') {
      await own.handle(PROTOCOL, async (to) => forward(await dial(), to))
    } else {
      const message = Buffer.alloc(MESSAGE_BYTES, 0x47)
      await own.handle(PROTOCOL, (to) =>
        sendPaced({ rate, messageBytes: MESSAGE_BYTES, send: () => to.send(message), drained: () => drained(to) }),
      )
    }
    report({ kind: 'ready', address: String(own.getMultiaddrs()[0]), peer: String(own.peerId) })
  }

export const stockHop = hopOver(stockHost)
export const tunedHop = hopOver(tunedHost)
