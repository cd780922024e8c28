/** WebRTC is optional: its native module has no binary for every machine. No STUN server is asked: nothing leaves for the internet. */
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { MAX_STREAM_WINDOW_BYTES } from './limits.ts'

const CONFIGURATION = { rtcConfiguration: { iceServers: [] }, dataChannel: { maxBufferedAmount: MAX_STREAM_WINDOW_BYTES } }

const load = async () => {
  const { webRTC, webRTCDirect } = await import('@libp2p/webrtc')
  return { relayed: webRTC(CONFIGURATION), direct: webRTCDirect(CONFIGURATION) }
}

export type WebRtc = Awaited<ReturnType<typeof load>>

/** The two WebRTC transports; undefined, with a warning, where the native module cannot be loaded. */
export async function loadWebRtc(log: Log, loader: () => Promise<WebRtc> = load): Promise<WebRtc | undefined> {
  try {
    return await loader()
  } catch (error) {
    log.warn('WebRTC is not available on this machine; TCP and WebSockets are used', { error: messageOf(error) })
    return undefined
  }
}
