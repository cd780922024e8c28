/** The only file that knows ffmpeg-static: an optional dependency whose binary is downloaded at installation, and may be absent. */
import { access, constants } from 'node:fs/promises'

/** The path of its binary, when there is one that can be run. The module answers with FFMPEG_BIN when that is set. */
export async function ffmpegStaticPath(): Promise<string | undefined> {
  try {
    // Its types describe an ES module; what Node gives for its CommonJS is the path itself.
    const { default: path } = (await import('ffmpeg-static')) as unknown as { readonly default: string | null }
    if (path === null) return undefined // no binary for this machine
    await access(path, constants.X_OK)
    return path
  } catch {
    return undefined // not installed, or its download failed
  }
}
