/** HLS: by the browser itself, or by hls.js, loaded when it is needed. */
import type { Engine, EngineListeners } from './engine.ts'

/** So many segments behind the live edge; at 2 s each. */
const SYNC_SEGMENTS = 2

export function openNativeHls(video: HTMLVideoElement, url: string, listeners: EngineListeners): Engine {
  const onError = (): void => {
    const code = video.error?.code
    listeners.onFailure(code === MediaError.MEDIA_ERR_DECODE ? { kind: 'undecodable' } : { kind: 'broken', by: 'network' })
  }
  const onEnded = (): void => listeners.onEnded()
  video.addEventListener('error', onError)
  video.addEventListener('ended', onEnded)
  video.src = url
  return {
    close: () => {
      video.removeEventListener('error', onError)
      video.removeEventListener('ended', onEnded)
      video.removeAttribute('src')
      video.load()
    },
  }
}

export async function openHlsJs(video: HTMLVideoElement, url: string, listeners: EngineListeners): Promise<Engine> {
  const { default: Hls } = await import('hls.js/light')
  const hls = new Hls({ enableWorker: false, liveSyncDurationCount: SYNC_SEGMENTS, backBufferLength: 30 })
  hls.on(Hls.Events.ERROR, (_event, error) => {
    if (!error.fatal) return
    const status = error.response?.code ?? 0
    if (error.details === Hls.ErrorDetails.BUFFER_ADD_CODEC_ERROR || error.details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR)
      listeners.onFailure({ kind: 'undecodable' })
    else if (status >= 400) listeners.onFailure({ kind: 'refused', status })
    else listeners.onFailure({ kind: 'broken', by: error.type === Hls.ErrorTypes.MEDIA_ERROR ? 'media' : 'network' })
  })
  const onEnded = (): void => listeners.onEnded()
  video.addEventListener('ended', onEnded)
  hls.loadSource(url)
  hls.attachMedia(video)
  return {
    close: () => {
      video.removeEventListener('ended', onEnded)
      hls.destroy()
    },
  }
}
