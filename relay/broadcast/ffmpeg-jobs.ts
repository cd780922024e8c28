/** The jobs that the broadcaster has for ffmpeg. Pure. */
import type { Readable } from 'node:stream'
import { RelayError } from '../errors.ts'
import type { FfmpegJob } from './ffmpeg-port.ts'
import type { InputInfo } from './stream-info.ts'

/** What every TV takes in MPEG-TS; the rest is encoded. */
const VIDEO_KEPT: ReadonlySet<string> = new Set(['h264', 'hevc', 'mpeg2video'])
const AUDIO_KEPT: ReadonlySet<string> = new Set(['aac', 'mp2', 'ac3', 'eac3'])

/** Every packet is written at once, and the programme's clock runs without a head start. */
export const OUTPUT_OPTIONS = [
  '-muxdelay',
  '0',
  '-muxpreload',
  '0',
  '-pcr_period',
  '20',
  '-max_muxing_queue_size',
  '1024',
  '-flush_packets',
  '1',
]
/** A key frame every two seconds: a viewer waits for the next one. */
const ENCODE_VIDEO = ['libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-profile:v', 'high', '-pix_fmt', 'yuv420p', '-crf', '22']
const VIDEO_LIMITS = ['-maxrate', '6M', '-bufsize', '6M', '-sc_threshold', '0', '-force_key_frames', 'expr:gte(t,n_forced*2)']
const ENCODE_AUDIO = ['aac', '-b:a', '160k', '-ac', '2']
/** What ffmpeg may take of a live source to know it: longer than the interval between most key frames' parameter sets. */
export const ANALYSE_MS = 1500
const PROBE = ['-probesize', '2M', '-analyzeduration', String(ANALYSE_MS * 1000)]

/** The bytes of a URL as they are, whatever they are. */
export const bytesJob = (url: string): FfmpegJob => ({
  inputs: [{ source: url, options: ['-f', 'data'] }],
  options: ['-map', '0', '-c', 'copy', '-flush_packets', '1'],
  format: 'data',
})

const inputOptions = (source: string | Readable): string[] => [
  ...PROBE,
  ...(typeof source === 'string' && source.startsWith('rtsp') ? ['-rtsp_transport', 'tcp'] : []),
]

/** Opens the input, tells about it on stderr, and ends. */
export const probeJob = (source: string | Readable): FfmpegJob => ({
  inputs: [{ source, options: inputOptions(source) }],
  options: ['-loglevel', 'info', '-map', '0', '-c', 'copy', '-t', '0'],
  format: 'null',
})

export interface RemuxRequest {
  readonly source: string | Readable
  readonly info: InputInfo
  /** Begin again at the end, for ever. */
  readonly loop: boolean
  readonly program: number | undefined
}

/** An input as a transport stream: copied where a TV takes the codec, encoded where not. Throws `programme-not-found`. */
export function remuxJob({ source, info, loop, program }: RemuxRequest): FfmpegJob {
  if (program !== undefined && !info.programs.includes(program)) {
    const there = info.programs.length === 0 ? 'leave out --program' : `choose one of ${info.programs.join(', ')} with --program`
    throw new RelayError('programme-not-found', `The source has no programme ${program}; ${there}.`)
  }
  const video = info.streams.filter((stream) => stream.kind === 'video' && !stream.isStill)
  const audio = info.streams.filter((stream) => stream.kind === 'audio')
  const from = program === undefined ? '0' : `0:p:${program}`
  // Variants of a playlist are programmes: all of them at once would be too many.
  const isAmbiguous = program === undefined && info.programs.length > 1
  const maps = isAmbiguous ? [] : [...(video.length > 0 ? ['-map', `${from}:V:0`] : []), ...(audio.length > 0 ? ['-map', `${from}:a`] : [])]
  const keepsVideo = (isAmbiguous || program !== undefined ? video : video.slice(0, 1)).every(({ codec }) => VIDEO_KEPT.has(codec))
  const keepsAudio = audio.every(({ codec }) => AUDIO_KEPT.has(codec))
  return {
    inputs: [{ source, options: ['-fflags', '+genpts', ...inputOptions(source), ...(loop ? ['-stream_loop', '-1'] : [])] }],
    options: [
      maps,
      ['-c:v', ...(keepsVideo ? ['copy'] : [...ENCODE_VIDEO, ...VIDEO_LIMITS])],
      ['-c:a', ...(keepsAudio ? ['copy'] : ENCODE_AUDIO)],
      ['-sn', '-dn', ...OUTPUT_OPTIONS],
    ].flat(),
    format: 'mpegts',
  }
}
