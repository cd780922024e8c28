import { access, constants, mkdir, statfs } from 'node:fs/promises'
import { messageOf, RelayError } from './errors.ts'

/** Makes the folder where it is missing and sees that it can be written. Throws `data-unwritable`. */
export async function openDataFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o750 })
    await access(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new RelayError(
      'data-unwritable',
      `the data folder ${path} cannot be written (${messageOf(error)}); make it writable for this user, or choose another with --data`,
      { cause: error },
    )
  }
}

/** Bytes that an ordinary user can still write where `path` is. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}
