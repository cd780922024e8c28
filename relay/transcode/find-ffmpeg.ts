import { access, constants, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { RelayError } from '../errors.ts'
import { ffmpegStaticPath } from './ffmpeg-static.ts'
import { runShort } from './run-ffmpeg.ts'
import { lastWords } from './stderr-tail.ts'

export interface Ffmpeg {
  readonly path: string
  /** As ffmpeg prints it: `5.1.9-0+deb12u1`. */
  readonly version: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** `ffmpeg -version` takes 50 ms; on a Pi that has just booted from a card, seconds. */
const VERSION_DEADLINE_MS = 10_000
const VERSION = /^ffmpeg version (\S+)/

/** What to do about it stands in every such error. */
export const ffmpegMissing = (what: string): RelayError<'ffmpeg-missing'> =>
  new RelayError(
    'ffmpeg-missing',
    `${what}; install ffmpeg (on Debian and Raspberry Pi OS: sudo apt install ffmpeg) or name one in TRIBUTARY_FFMPEG`,
  )

/**
 * Finds an ffmpeg that runs: the one named by TRIBUTARY_FFMPEG or FFMPEG_BIN; else the system's, since on a Pi it is the one with the
 * hardware's codecs; else ffmpeg-static's.
 *
 * @returns undefined when there is none
 * @throws RelayError `ffmpeg-missing` when the named one does not run: a setting is not silently ignored
 */
export async function findFfmpeg(env: Environment, signal: AbortSignal): Promise<Ffmpeg | undefined> {
  for (const name of ['TRIBUTARY_FFMPEG', 'FFMPEG_BIN']) {
    const path = env[name]
    if (path === undefined || path === '') continue
    const tried = await tryVersion(path, signal)
    if (tried.ok) return tried.ffmpeg
    throw ffmpegMissing(`${name} names ${path}, which does not run as ffmpeg (${tried.reason})`)
  }
  for (const path of await candidates(env)) {
    const tried = await tryVersion(path, signal)
    if (tried.ok) return tried.ffmpeg
  }
  return undefined
}

async function candidates(env: Environment): Promise<string[]> {
  const found: string[] = []
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue
    const path = join(folder, 'ffmpeg')
    if (await isExecutable(path)) found.push(path)
  }
  const fromPackage = await ffmpegStaticPath()
  return fromPackage === undefined ? found : [...found, fromPackage]
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

type Tried = { readonly ok: true; readonly ffmpeg: Ffmpeg } | { readonly ok: false; readonly reason: string }

async function tryVersion(path: string, signal: AbortSignal): Promise<Tried> {
  const run = await runShort(path, ['-version'], VERSION_DEADLINE_MS, signal)
  switch (run.kind) {
    case 'unable':
      return { ok: false, reason: run.reason }
    case 'late':
      return { ok: false, reason: `no answer to -version in ${VERSION_DEADLINE_MS / 1000} s` }
    case 'ended': {
      const version = VERSION.exec(run.stdout)?.[1]
      if (version !== undefined) return { ok: true, ffmpeg: { path, version } }
      return { ok: false, reason: lastWords(run.stderr, 1) || `-version exits with ${run.code} and names no version` }
    }
  }
}
