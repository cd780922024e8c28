import { runShort } from './run-ffmpeg.ts'
import { lastWords } from './stderr-tail.ts'

export type EncoderTrial = { readonly ok: true; readonly ms: number } | { readonly ok: false; readonly reason: string }

/** One second of 720p takes a Pi 4 about one second; a wedged driver never comes back. */
const TRIAL_DEADLINE_MS = 10_000

/**
 * Encodes one second of a test card: that ffmpeg lists an encoder proves nothing, hardware encoders above all.
 *
 * @param name as ffmpeg calls it: `libx264`, `h264_v4l2m2m`
 */
export async function tryEncoder(path: string, name: string, signal: AbortSignal): Promise<EncoderTrial> {
  const began = performance.now()
  const run = await runShort(path, trialArguments(name), TRIAL_DEADLINE_MS, signal)
  switch (run.kind) {
    case 'unable':
      return { ok: false, reason: run.reason }
    case 'late':
      return { ok: false, reason: `no end after ${TRIAL_DEADLINE_MS / 1000} s` }
    case 'ended':
      // A short run of our own choosing: here the exit code is the verdict.
      if (run.code === 0) return { ok: true, ms: Math.round(performance.now() - began) }
      return { ok: false, reason: lastWords(run.stderr, 1) || `exit code ${run.code}` }
  }
}

const trialArguments = (name: string): string[] =>
  [
    ['-hide_banner', '-nostdin', '-loglevel', 'error'],
    ['-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=25', '-t', '1'],
    ['-pix_fmt', 'yuv420p', '-c:v', name, '-b:v', '2M', '-f', 'null', '-'],
  ].flat()
