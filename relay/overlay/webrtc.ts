/** WebRTC is optional: its native module has no binary for every machine. No STUN server is asked: nothing leaves for the internet. */
import type { Listener, Transport } from '@libp2p/interface'
import type { WebRTCDirectTransportComponents } from '@libp2p/webrtc'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { MAX_STREAM_WINDOW_BYTES } from './limits.ts'

const CONFIGURATION = { rtcConfiguration: { iceServers: [] }, dataChannel: { maxBufferedAmount: MAX_STREAM_WINDOW_BYTES } }

type DirectTransport = (components: WebRTCDirectTransportComponents) => Transport
/** The part of a WebRTC-direct listener that owns the native one. */
interface NativeListener {
  stunServer?: { close(): Promise<void> }
}

/**
 * node-datachannel 0.33 frees a listener while its thread still calls it for packets of closed connections, which crashes the process.
 * So a listener stays, with its UDP port, until the other sides must have noticed; a process that ends before then is not held up by it
 * when it says so (`process.exit`).
 */
const RELEASE_MS = 5000

function keepNative(listener: Listener, clock: Clock, log: Log): Listener {
  const native = listener as Listener & NativeListener
  const listen = listener.listen.bind(listener)
  listener.listen = async (address) => {
    await listen(address)
    const server = native.stunServer
    if (server === undefined) return
    const release = server.close.bind(server)
    server.close = () => {
      clock.after(RELEASE_MS, () => {
        release().catch((error: unknown) => log.debug('a WebRTC listener was not released', { error: messageOf(error) }))
      })
      return Promise.resolve()
    }
  }
  return listener
}

const keepingNative =
  (make: DirectTransport, clock: Clock, log: Log): DirectTransport =>
  (components) => {
    const transport = make(components)
    const createListener = transport.createListener.bind(transport)
    transport.createListener = (options) => keepNative(createListener(options), clock, log)
    return transport
  }

const load = async (clock: Clock, log: Log) => {
  const { webRTC, webRTCDirect } = await import('@libp2p/webrtc')
  return { relayed: webRTC(CONFIGURATION), direct: keepingNative(webRTCDirect(CONFIGURATION), clock, log) }
}

export type WebRtc = Awaited<ReturnType<typeof load>>

/** The two WebRTC transports; undefined, with a warning, where the native module cannot be loaded. */
export async function loadWebRtc(
  deps: { readonly clock: Clock; readonly log: Log },
  loader: typeof load = load,
): Promise<WebRtc | undefined> {
  try {
    return await loader(deps.clock, deps.log)
  } catch (error) {
    deps.log.warn('WebRTC is not available on this machine; TCP and WebSockets are used', { error: messageOf(error) })
    return undefined
  }
}
