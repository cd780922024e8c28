import type { TranscodeProfile } from './profile.ts'

/** How much ffmpeg may read before it decides what the input is. */
export interface Probe {
  readonly bytes: number
  readonly ms: number
}

/**
 * Measured: 0.7 s from spawn to the first byte of a paced source, 0.2 s when the input begins with a burst out of the ring. Below
 * 200 kB an input with several audio tracks is not always understood; ffmpeg's own 5 MB and 5 s cost five seconds.
 */
export const QUICK_PROBE: Probe = { bytes: 500_000, ms: 500 }
/** For a source that the quick one did not understand. */
export const PATIENT_PROBE: Probe = { bytes: 5_000_000, ms: 3000 }

/** Packets that wait for a stream which begins late, as audio does behind a random access point. */
const MAX_MUXING_PACKETS = 1024
/** PAT and PMT come this often, in seconds: a renderer that joins in the middle needs them first (ETSI TR 101 290: at most 0.5). */
const TABLES_PERIOD = '0.1'
/** Audio is stretched, or filled with silence, by at most so many samples a second to keep to its time stamps. */
const MAX_STRETCH = 1000

export interface RenditionArguments {
  /** Options of the input, a transport stream in a pipe. */
  readonly input: readonly string[]
  readonly output: readonly string[]
}

/**
 * PURE. What ffmpeg is told for a live rendition. The input must begin at a random access point; it is read without `nobuffer`, which
 * would throw away the packets that were probed and wait for the next one.
 *
 * @param options.offsetSeconds added to the time stamps, so that they go on where the ffmpeg before has ended
 */
export const renditionArguments = (
  profile: TranscodeProfile,
  options: { readonly probe: Probe; readonly offsetSeconds: number },
): RenditionArguments => ({
  input: [
    ['-f', 'mpegts', '-probesize', String(options.probe.bytes), '-analyzeduration', String(options.probe.ms * 1000)],
    // Not discardcorrupt: streams whose PES packets have a wrong length are common, and it drops every picture of them.
    ['-fflags', '+genpts'],
  ].flat(),
  output: [
    // The first of each: in a broadcast the main programme, whose language goes along. A radio channel has no picture.
    ['-map', '0:v:0?', '-map', '0:a:0?', '-sn', '-dn'],
    videoArguments(profile),
    audioArguments(profile),
    ['-max_muxing_queue_size', String(MAX_MUXING_PACKETS)],
    options.offsetSeconds > 0 ? ['-output_ts_offset', options.offsetSeconds.toFixed(3)] : [],
    ['-muxdelay', '0', '-muxpreload', '0', '-flush_packets', '1'],
    ['-pat_period', TABLES_PERIOD, '-mpegts_flags', '+resend_headers+initial_discontinuity'],
  ].flat(),
})

function videoArguments({ video }: TranscodeProfile): string[] {
  const rate = String(video.maxBitsPerSecond)
  return [
    // Frames that are marked as interlaced become one frame each; others pass as they are.
    ['-vf', `yadif=mode=send_frame:deint=interlaced,${fitInto(video.maxWidth, video.maxHeight)},format=yuv420p`],
    ['-c:v', video.encoder, '-profile:v', video.profile, '-preset', video.preset],
    ['-tune', 'zerolatency'], // no B frames and no look-ahead: half a second less, and a third less CPU
    ['-crf', String(video.quality), '-maxrate', rate, '-bufsize', rate],
    // Closed GOPs by the clock, whatever the frame rate: each begins with IDR, SPS and PPS.
    ['-force_key_frames', `expr:gte(t,n_forced*${video.gopSeconds})`, '-forced-idr', '1', '-sc_threshold', '0'],
  ].flat()
}

const fitInto = (width: number, height: number): string =>
  `scale=w='min(${width},iw)':h='min(${height},ih)':force_original_aspect_ratio=decrease:force_divisible_by=2`

const audioArguments = ({ audio }: TranscodeProfile): string[] =>
  [
    ['-c:a', audio.encoder, '-ac', String(audio.channels), '-ar', String(audio.sampleRate), '-b:a', String(audio.bitsPerSecond)],
    ['-af', `aresample=async=${MAX_STRETCH}`],
  ].flat()
