import test from 'ava'
import { remuxJob } from '../../relay/broadcast/ffmpeg-jobs.ts'
import { parseInputInfo, type StreamInfo } from '../../relay/broadcast/stream-info.ts'

const FLV = `Input #0, flv, from 'rtmp://localhost/live/x':
  Duration: 00:00:00.00, start: 0.000000, bitrate: N/A
  Stream #0:0: Video: h264 (High), yuv420p(progressive), 1280x720 [SAR 1:1 DAR 16:9], 25 fps, 25 tbr, 1k tbn
  Stream #0:1: Audio: aac (LC), 48000 Hz, stereo, fltp, 128 kb/s
Output #0, null, to 'pipe:':
  Stream #0:0: Video: wrapped_avframe, yuv420p
`
const MARKED = `[info] Input #0, matroska,webm, from 'file:a.mkv':
[info]   Stream #0:0(eng): Video: vp9 (Profile 0), yuv420p(tv), 1920x1080, 25 fps, 25 tbr, 1k tbn (default)
[info]   Stream #0:1(eng): Audio: opus, 48000 Hz, stereo, fltp (default)
[info]   Stream #0:2(eng): Subtitle: subrip
[info]   Stream #0:3: Video: mjpeg (Baseline), yuvj420p, 600x600, 90k tbr, 90k tbn (attached pic)
`
const VARIANTS = `Input #0, hls, from 'http://host/a.m3u8':
  Program 0
    Metadata:
      variant_bitrate : 800000
  Stream #0:0: Video: h264 (Main) ([27][0][0][0] / 0x001B), yuv420p, 640x360, 25 fps
  Stream #0:1: Audio: aac (LC) ([15][0][0][0] / 0x000F), 48000 Hz, stereo, fltp
  Program 1
  Stream #0:2: Video: h264 (Main) ([27][0][0][0] / 0x001B), yuv420p, 1280x720, 25 fps
  Stream #0:1: Audio: aac (LC) ([15][0][0][0] / 0x000F), 48000 Hz, stereo, fltp
`
const video = (codec: string): StreamInfo => ({ kind: 'video', codec, isStill: false })
const audio = (codec: string): StreamInfo => ({ kind: 'audio', codec, isStill: false })
const argumentsOf = (streams: readonly StreamInfo[], programs: readonly number[] = []) =>
  remuxJob({ source: 'x', info: { streams, programs }, loop: false, program: undefined }).options.join(' ')

test('the streams of an input are read from what ffmpeg says of it, and not from what it makes of it', (t) => {
  t.deepEqual(parseInputInfo(FLV), { streams: [video('h264'), audio('aac')], programs: [] })
})

test('marked lines, subtitles and covers are understood', (t) => {
  t.deepEqual(parseInputInfo(MARKED).streams, [
    video('vp9'),
    audio('opus'),
    { kind: 'subtitle', codec: 'subrip', isStill: false },
    { kind: 'video', codec: 'mjpeg', isStill: true },
  ])
})

test('a stream that several variants share counts once', (t) => {
  t.deepEqual(parseInputInfo(VARIANTS), { streams: [video('h264'), audio('aac'), video('h264')], programs: [0, 1] })
})

test('any text is survived', (t) => {
  t.deepEqual(parseInputInfo(''), { streams: [], programs: [] })
  t.deepEqual(parseInputInfo('  Stream #0:x\n\u0000\n  Program abc'), { streams: [], programs: [] })
})

test('what a TV takes is copied, the rest encoded', (t) => {
  t.regex(argumentsOf([video('h264'), audio('aac')]), /-map 0:V:0 -map 0:a -c:v copy -c:a copy/)
  t.regex(argumentsOf([video('vp9'), audio('ac3')]), /-c:v libx264 .*-c:a copy/)
  t.regex(argumentsOf([video('mpeg2video'), audio('opus')]), /-c:v copy -c:a aac/)
  t.notRegex(argumentsOf([audio('mp2')]), /-map 0:V/)
})

test('of several variants ffmpeg takes the best', (t) => {
  t.notRegex(argumentsOf([video('h264'), audio('aac')], [0, 1]), /-map/)
})

test('a programme that is not there is named with those that are', (t) => {
  const info = { streams: [video('h264')], programs: [1, 2] }
  t.throws(() => remuxJob({ source: 'x', info, loop: false, program: 3 }), {
    code: 'programme-not-found',
    message: /3; choose one of 1, 2/,
  })
  t.regex(remuxJob({ source: 'x', info, loop: false, program: 2 }).options.join(' '), /-map 0:p:2:V:0/)
})
