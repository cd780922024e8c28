import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface FakeFfmpeg extends AsyncDisposable {
  readonly path: string
  /** The arguments of every call so far. */
  calls(): Promise<string[][]>
}

/** @param plan shell lines: `printf picture; echo reason >&2; exit 3`; a wait must be `exec sleep`, so that no child stays behind */
export async function fakeFfmpeg(plan: string): Promise<FakeFfmpeg> {
  const dir = await mkdtemp(join(tmpdir(), 'fake-ffmpeg-'))
  const path = join(dir, 'ffmpeg')
  await symlink(fileURLToPath(new URL('fake-ffmpeg', import.meta.url)), path)
  await writeFile(`${path}.plan`, plan)
  return {
    path,
    async calls() {
      const text = await readFile(`${path}.calls`, 'utf8').catch(() => '')
      return text
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split('\t'))
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}
