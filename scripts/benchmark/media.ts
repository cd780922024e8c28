/** The channel that is measured: a transport stream of constant rate, made once and kept in `.cache/`. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Of the channel, bit/s. */
export const CHANNEL_RATE = 8_000_000
/** It is looped. */
const SECONDS = 20
/** A random access point each second, as on television. */
const FRAMES_PER_SECOND = 25
const FOLDER = fileURLToPath(new URL('../../.cache/bench/', import.meta.url))

/** H.264 and AAC in MPEG-TS, filled up to CHANNEL_RATE. Returns its path. */
export async function channelFile(): Promise<string> {
  const file = `${FOLDER}channel-8m.ts`
  if (existsSync(file)) return file
  mkdirSync(FOLDER, { recursive: true })
  const draft = `${FOLDER}draft.ts`
  const picture = `testsrc2=size=1280x720:rate=${FRAMES_PER_SECOND}:duration=${SECONDS}`
  const rate = ['-b:v', '7000k', '-minrate', '7000k', '-maxrate', '7000k', '-bufsize', '3500k', '-x264-params', 'nal-hrd=cbr:force-cfr=1']
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', String(FRAMES_PER_SECOND), ...rate]
  const sound = ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${SECONDS}`]
  await promisify(execFile)(
    process.env['TRIBUTARY_FFMPEG'] ?? 'ffmpeg',
    ['-y', '-loglevel', 'error', '-f', 'lavfi', '-i', picture, ...sound, ...encode].concat([
      '-c:a',
      'aac',
      '-b:a',
      '128k',
      '-f',
      'mpegts',
      '-muxrate',
      String(CHANNEL_RATE),
      draft,
    ]),
  )
  renameSync(draft, file)
  return file
}
