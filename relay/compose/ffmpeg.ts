/** ffmpeg is looked for when it is first needed: a channel that plays as it is needs none. */
import type { Config } from '../config.ts'
import type { Clock } from '../clock.ts'
import type { StartFfmpeg } from '../transcode/ffmpeg.ts'
import { ffmpegMissing, findFfmpeg, type Ffmpeg } from '../transcode/find-ffmpeg.ts'
import { startFfmpeg } from '../transcode/fluent-ffmpeg.ts'

/** Throws `ffmpeg-missing` when the one that the configuration names does not run. */
export const configuredFfmpeg = async (config: Config, signal: AbortSignal): Promise<Ffmpeg | undefined> =>
  findFfmpeg({ ...process.env, ...(config.ffmpeg === undefined ? {} : { TRIBUTARY_FFMPEG: config.ffmpeg }) }, signal)

export function lazyFfmpeg(config: Config, clock: Clock): StartFfmpeg {
  let found: StartFfmpeg | undefined
  return async (job, signal) => {
    if (found === undefined) {
      const ffmpeg = await configuredFfmpeg(config, signal)
      if (ffmpeg === undefined) throw ffmpegMissing('This needs ffmpeg, and there is none on this machine')
      found = startFfmpeg(ffmpeg.path, clock)
    }
    return found(job, signal)
  }
}
