/** mpegts.js, loaded with the first picture. */
import type Mpegts from 'mpegts.js'
import type { Engine, EngineListeners, Failure } from './engine.ts'

/** Behind the newest data by more than this it plays a little faster, until it is back at the target. Seconds. */
const SYNC_MAX_S = 2.5
const SYNC_TARGET_S = 1.2
const SYNC_RATE = 1.06
/** What has been seen is kept for so long, seconds. */
const KEEP_BACK_MAX_S = 40
const KEEP_BACK_MIN_S = 15

export async function loadMpegts(): Promise<typeof Mpegts> {
  const { default: mpegts } = await import('mpegts.js')
  mpegts.LoggingControl.applyConfig({ enableAll: false })
  return mpegts
}

/** The failure behind an error event of mpegts.js. */
export function failureOf(mpegts: typeof Mpegts, type: string, detail: string, info: { readonly code?: number } | undefined): Failure {
  const details = mpegts.ErrorDetails
  if (detail === details.MEDIA_CODEC_UNSUPPORTED || detail === details.MEDIA_FORMAT_UNSUPPORTED) return { kind: 'undecodable' }
  if (detail === details.NETWORK_STATUS_CODE_INVALID) return { kind: 'refused', status: info?.code ?? 0 }
  return { kind: 'broken', by: type === mpegts.ErrorTypes.MEDIA_ERROR ? 'media' : 'network' }
}

/** `src` of a video that lost its player would show the last picture for ever. */
export function dispose(player: Mpegts.Player): void {
  try {
    player.destroy()
  } catch {
    // it may be half-way through its own tear-down
  }
}

export function openMpegts(mpegts: typeof Mpegts, video: HTMLVideoElement, url: string, listeners: EngineListeners): Engine {
  const player = mpegts.createPlayer(
    { type: 'mpegts', isLive: true, url: new URL(url, location.href).href },
    {
      // a worker would need blob: URLs for scripts
      enableWorker: false,
      enableStashBuffer: false,
      stashInitialSize: 64 * 1024,
      isLive: true,
      liveSync: true,
      liveSyncMaxLatency: SYNC_MAX_S,
      liveSyncTargetLatency: SYNC_TARGET_S,
      liveSyncPlaybackRate: SYNC_RATE,
      lazyLoad: false,
      deferLoadAfterSourceOpen: false,
      autoCleanupSourceBuffer: true,
      autoCleanupMaxBackwardDuration: KEEP_BACK_MAX_S,
      autoCleanupMinBackwardDuration: KEEP_BACK_MIN_S,
    },
  )
  let closed = false
  player.on(mpegts.Events.ERROR, (type: string, detail: string, info: { code?: number } | undefined) => {
    if (!closed) listeners.onFailure(failureOf(mpegts, type, detail, info))
  })
  player.on(mpegts.Events.LOADING_COMPLETE, () => {
    if (!closed) listeners.onEnded()
  })
  player.attachMediaElement(video)
  player.load()
  return {
    close: () => {
      if (closed) return
      closed = true
      dispose(player)
    },
  }
}
