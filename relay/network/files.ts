/** Files that exist whole or not at all. */
import { randomUUID } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'

const PUBLIC = 0o644
/** Keys: for their owner only. */
export const PRIVATE = 0o600

/** Replaces a file in one step. */
export async function writeWhole(path: string, contents: string | Uint8Array, mode = PUBLIC): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  try {
    await writeFile(draft, contents, { mode, flag: 'wx', flush: true })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {}) // the first error is the one to tell
    throw error
  }
}

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
