/** Media for tests: made once by a real ffmpeg in a cache folder under the system's temporary one, and the captures where there are any. */
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const CAPTURES = ['web-576p-h264-aac', 'dvb-hd-1080i-h264-eac3', 'dvb-sd-mux-mpeg2-mp2'] as const
export type Capture = (typeof CAPTURES)[number]

/** The path of a capture; undefined where the captures are not there. */
export function capture(name: Capture): string | undefined {
  const path = join(import.meta.dirname, '../../../shared/media', `${name}.ts`)
  return existsSync(path) ? path : undefined
}

const SIZE = '320x180'
const picture = (seconds: number): string[] => ['-f', 'lavfi', '-i', `testsrc2=size=${SIZE}:rate=25:duration=${seconds}`]
const tone = (seconds: number): string[] => ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`]
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-g', '25']
const mpegts = ['-muxdelay', '0', '-muxpreload', '0', '-f', 'mpegts']

/** What there is, with ffmpeg's arguments. All last three seconds, with a key frame every second. */
const RECIPES = {
  /** H.264 and AAC. */
  'h264-aac.ts': [...picture(3), ...tone(3), ...h264, '-c:a', 'aac', ...mpegts],
  /** H.264 with B frames, open GOPs without IDR frames, and MP2. */
  'open-gop.ts': [
    ...picture(3),
    ...tone(3),
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-pix_fmt',
    'yuv420p',
    '-g',
    '25',
    '-x264-params',
    'open-gop=1:bframes=2:keyint=25:min-keyint=25:scenecut=0',
    '-c:a',
    'mp2',
    ...mpegts,
  ],
  'hevc-ac3.ts': [
    ...picture(3),
    ...tone(3),
    '-c:v',
    'libx265',
    '-preset',
    'ultrafast',
    '-pix_fmt',
    'yuv420p',
    '-x265-params',
    'keyint=25:min-keyint=25:log-level=error',
    '-c:a',
    'ac3',
    ...mpegts,
  ],
  'mpeg2-mp2.ts': [...picture(3), ...tone(3), '-c:v', 'mpeg2video', '-g', '25', '-bf', '2', '-c:a', 'mp2', ...mpegts],
  /** 576i as broadcast: MPEG-2 in fields, MP2 with a language. */
  'mpeg2-interlaced.ts': [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=720x576:rate=50:duration=3',
    ...tone(3),
    '-vf',
    'tinterlace=interleave_top,fieldorder=tff',
    '-flags',
    '+ilme+ildct',
    '-c:v',
    'mpeg2video',
    '-b:v',
    '3M',
    '-g',
    '12',
    '-bf',
    '2',
    '-c:a',
    'mp2',
    '-metadata:s:a:0',
    'language=ita',
    ...mpegts,
  ],
  'radio.ts': [...tone(3), '-c:a', 'mp2', ...mpegts],
  /** Two programmes: 1 is radio, 2 television. */
  'two-programmes.ts': [
    ...picture(3),
    ...tone(3),
    '-map',
    '1',
    '-map',
    '0',
    '-map',
    '1',
    ...h264,
    '-c:a',
    'mp2',
    '-program',
    'program_num=1:title=Radio:st=0',
    '-program',
    'program_num=2:title=Television:st=1:st=2',
    ...mpegts,
  ],
  /** The programme's clock wraps in the middle. */
  'wrap.ts': [...picture(3), ...tone(3), ...h264, '-c:a', 'aac', '-output_ts_offset', '95442.2', ...mpegts],
  'h264-aac.mp4': [...picture(3), ...tone(3), ...h264, '-c:a', 'aac'],
  'h264-aac.mkv': [...picture(3), ...tone(3), ...h264, '-c:a', 'aac'],
  /** Codecs that no TV takes: they must be encoded. */
  'vp8-vorbis.webm': [...picture(3), ...tone(3), '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-c:a', 'libvorbis'],
} as const satisfies Record<string, readonly string[]>
export type Made = keyof typeof RECIPES

const making = new Map<Made, Promise<string>>()

/** The path of a file that ffmpeg makes when it is not in the cache yet. */
export function made(name: Made): Promise<string> {
  let path = making.get(name)
  if (path === undefined) {
    path = make(name)
    making.set(name, path)
  }
  return path
}

async function make(name: Made): Promise<string> {
  const recipe = RECIPES[name]
  const key = createHash('sha256').update(recipe.join('\0')).digest('hex').slice(0, 12)
  const folder = join(tmpdir(), 'tributary-test-media', key)
  const path = join(folder, name)
  if (existsSync(path)) return path
  await mkdir(folder, { recursive: true })
  const unfinished = join(folder, `${process.pid}-${Math.trunc(performance.now())}-${name}`)
  await run('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...recipe, unfinished])
  await rename(unfinished, path) // whole or not there: test files run side by side
  return path
}

/** Streams that ffprobe finds, as `video h264`; those that it knows no codec of are left out. */
export async function probeStreams(bytes: Uint8Array): Promise<string[]> {
  const child = spawn('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_type,codec_name', '-of', 'csv=p=0', '-'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.stdin.on('error', () => {}) // it has seen enough
  Readable.from([bytes]).pipe(child.stdin)
  let text = ''
  for await (const piece of child.stdout) text += String(piece)
  return [...new Set(text.split('\n').filter((line) => /^\w+,(video|audio|subtitle)/.test(line)))].map((line) =>
    line.split(',', 2).toReversed().join(' '),
  )
}
