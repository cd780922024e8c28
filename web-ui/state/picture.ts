/** Decisions about the picture: from where to play, when to jump, when to try again. All pure; player/ acts. */
import type { Channel, Track } from '../../relay/http/schemas.ts'

/** What this browser can decode through Media Source Extensions, and without them. */
export interface Support {
  /** MSE and a streaming fetch: what mpegts.js needs. */
  readonly mpegts: boolean
  /** MSE alone: what hls.js needs. */
  readonly mse: boolean
  readonly nativeHls: boolean
  readonly hevc: boolean
  readonly ac3: boolean
  readonly eac3: boolean
}

export type Source =
  | { readonly kind: 'mpegts' | 'hls-js' | 'hls-native'; readonly profile: string | undefined }
  /** Nothing that this browser has plays television. */
  | { readonly kind: 'none' }

/** H.264 High progressive and AAC: what every browser decodes. */
export const BROWSER_PROFILE = 'h264'

const name = (codec: string): string => codec.toLowerCase().replace(/[^a-z0-9]/g, '')

const VIDEO = new Set(['h264', 'avc', 'avc1', 'mpeg4avc'])
const AUDIO = new Set(['aac', 'aaclatm', 'mp4a', 'mp3', 'opus'])
const HEVC = new Set(['hevc', 'h265', 'hvc1'])

const fits = (track: Track, support: Support): boolean => {
  const codec = name(track.codec)
  if (track.kind === 'video') return VIDEO.has(codec) || (support.hevc && HEVC.has(codec))
  return AUDIO.has(codec) || (support.ac3 && codec === 'ac3') || (support.eac3 && codec === 'eac3')
}

/** True when the browser plays the channel as it is. The first track of a kind is the one a browser plays. */
export function playsAsIs(tracks: readonly Track[], support: Support): boolean {
  const video = tracks.find((track) => track.kind === 'video')
  const audio = tracks.find((track) => track.kind === 'audio')
  return (video === undefined || fits(video, support)) && (audio === undefined || fits(audio, support))
}

/**
 * From where to play. `refused`: the browser could not decode the original. While the tracks are not known the original is tried;
 * opening it makes the relay tune, and then they are known.
 */
export function planSource(tracks: readonly Track[], support: Support, refused: boolean, mpegtsFailures: number): Source {
  const profile = refused || !playsAsIs(tracks, support) ? BROWSER_PROFILE : undefined
  if (support.mpegts && (mpegtsFailures < MPEGTS_FAILURES || !(support.mse || support.nativeHls))) return { kind: 'mpegts', profile }
  if (support.nativeHls && !support.mse) return { kind: 'hls-native', profile }
  if (support.mse) return { kind: 'hls-js', profile }
  return support.nativeHls ? { kind: 'hls-native', profile } : { kind: 'none' }
}
/** Media errors of mpegts.js in a row before HLS is tried. */
const MPEGTS_FAILURES = 3

export const sourceUrl = (source: Source, channel: Pick<Channel, 'slug'>): string => {
  const path =
    source.kind === 'mpegts' ? `/live/${encodeURIComponent(channel.slug)}.ts` : `/live/${encodeURIComponent(channel.slug)}/index.m3u8`
  return source.kind !== 'none' && source.profile !== undefined ? `${path}?profile=${encodeURIComponent(source.profile)}` : path
}

const RETRY_PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000]
export const retryPause = (attempt: number): number => RETRY_PAUSES_MS[Math.min(attempt, RETRY_PAUSES_MS.length - 1)] ?? 8_000

/** One look at the video element. Seconds, except where said. */
export interface PictureView {
  readonly currentTime: number
  /** Buffered ranges, in order. */
  readonly buffered: readonly { readonly start: number; readonly end: number }[]
  readonly paused: boolean
  /** Since currentTime last moved, ms. */
  readonly stillMs: number
}
export type PictureStep = { readonly kind: 'none' } | { readonly kind: 'jump'; readonly to: number } | { readonly kind: 'restart' }

/** Behind the buffer's end by more than this the picture jumps; below it, it plays a little faster. */
const MAX_BEHIND_S = 8
/** Where a jump lands: a second to spare, so that it does not stall at once. */
const LAND_BEHIND_S = 1.5
/** A hole in the buffer that stops the picture is jumped after this time. */
const GAP_MS = 700
/** A picture that stands still so long does not come back by itself. */
const STILL_MS = 10_000

export function planPicture({ currentTime, buffered, paused, stillMs }: PictureView): PictureStep {
  if (paused) return { kind: 'none' }
  const last = buffered[buffered.length - 1]
  if (stillMs > STILL_MS) return { kind: 'restart' }
  if (last === undefined) return { kind: 'none' }
  if (last.end - currentTime > MAX_BEHIND_S) return { kind: 'jump', to: Math.max(last.start, last.end - LAND_BEHIND_S) }
  const inside = buffered.some(({ start, end }) => currentTime >= start && currentTime < end - 0.05)
  const ahead = buffered.find(({ start }) => start > currentTime)
  if (!inside && ahead !== undefined && stillMs > GAP_MS) return { kind: 'jump', to: ahead.start + 0.05 }
  return { kind: 'none' }
}

/** How far the playing picture is behind what has arrived, seconds. */
export const aheadOf = ({ currentTime, buffered }: Pick<PictureView, 'currentTime' | 'buffered'>): number => {
  const last = buffered[buffered.length - 1]
  return last === undefined ? 0 : Math.max(0, last.end - currentTime)
}

/** Bytes of one MPEG-TS packet (ISO/IEC 13818-1 clause 2.4.3.2). */
const TS_PACKET_BYTES = 188

/** Where in a recording's file the second `at` lies, to the packet; a recording's rate is near enough even. */
export const byteAt = (at: number, duration: number, bytes: number): number =>
  duration <= 0 ? 0 : Math.floor((Math.min(Math.max(at / duration, 0), 1) * bytes) / TS_PACKET_BYTES) * TS_PACKET_BYTES
