import type { Support } from '../state/picture.ts'

const mediaSource = (): { isTypeSupported(type: string): boolean } | undefined => {
  const scope = window as unknown as Readonly<Record<string, { isTypeSupported(type: string): boolean } | undefined>>
  return scope['MediaSource'] ?? scope['ManagedMediaSource']
}

/** What this browser can play. */
export function detectSupport(): Support {
  const source = mediaSource()
  const plays = (type: string): boolean => source?.isTypeSupported(type) === true
  const mse = plays('video/mp4; codecs="avc1.42E01E,mp4a.40.2"')
  return {
    mse,
    mpegts: mse && typeof ReadableStream === 'function' && typeof fetch === 'function',
    nativeHls: document.createElement('video').canPlayType('application/vnd.apple.mpegurl') !== '',
    hevc: plays('video/mp4; codecs="hvc1.1.6.L93.B0"'),
    ac3: plays('audio/mp4; codecs="ac-3"'),
    eac3: plays('audio/mp4; codecs="ec-3"'),
  }
}
