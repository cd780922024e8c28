/** Transcode profiles are rows of data; `arguments.ts` turns a row into what ffmpeg is told. */

export interface VideoProfile {
  /** ffmpeg's name of the encoder. */
  readonly encoder: 'libx264'
  readonly profile: 'high'
  readonly preset: 'superfast' | 'veryfast'
  /** Constant quality below the cap; lower is better, 18 to 28 is sensible. */
  readonly quality: number
  /** Never above, bit/s over one second. */
  readonly maxBitsPerSecond: number
  /** The picture is made smaller to fit, never larger. */
  readonly maxWidth: number
  readonly maxHeight: number
  /** Seconds from one random access point to the next: how long a channel change within the rendition takes at most. */
  readonly gopSeconds: number
}

export interface AudioProfile {
  readonly encoder: 'aac'
  readonly channels: number
  readonly bitsPerSecond: number
  /** Hz. */
  readonly sampleRate: number
}

export interface CopyProfile {
  readonly id: string
  readonly name: string
  /** The feed as it is: no ffmpeg. */
  readonly kind: 'copy'
}

export interface TranscodeProfile {
  readonly id: string
  readonly name: string
  readonly kind: 'transcode'
  readonly video: VideoProfile
  readonly audio: AudioProfile
}

export type Profile = CopyProfile | TranscodeProfile

export const ORIGINAL = { id: 'original', name: 'Original', kind: 'copy' } as const satisfies Profile

export const PROFILES: readonly Profile[] = [
  ORIGINAL,
  {
    id: 'h264',
    name: 'H.264, up to 1080p',
    kind: 'transcode',
    video: {
      encoder: 'libx264',
      profile: 'high', // what every television since 2008 and every browser decodes
      preset: 'superfast', // 1080i25 in: 2.3 times real time on two cores; veryfast manages 1.4
      quality: 22,
      maxBitsPerSecond: 8_000_000, // what H.264 High needs at 1080p25 with this preset, and Wi-Fi carries
      maxWidth: 1920,
      maxHeight: 1080,
      gopSeconds: 1, // two HLS segments, which a player waits for, are there after two seconds; it costs a few percent
    },
    audio: { encoder: 'aac', channels: 2, bitsPerSecond: 160_000, sampleRate: 48_000 },
  },
]

export const profileById = (id: string): Profile | undefined => PROFILES.find((profile) => profile.id === id)
