/**
 * Recordings on disk: one folder each, with the transport stream, a sidecar for media centres and a JSON of its gaps, all of one name.
 * This file owns the paths: nothing outside the recordings path is touched, and no symbolic link is followed.
 */
import { constants, lstatSync } from 'node:fs'
import { access, type FileHandle, lstat, mkdir, open, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, RelayError } from '../errors.ts'
import type { RecordedGap, RecordingRow } from '../store/recordings.ts'
import { isPlainName } from './names.ts'
import { wholePackets } from './plan.ts'

export interface RecordingFile extends AsyncDisposable {
  /** Bytes in the file. */
  readonly bytes: number
  /** Adds at the end. After a failure the file ends where it ended before. Throws `disk-full`, `recording-invalid`. */
  append(pieces: readonly Uint8Array[]): Promise<void>
}

export interface RecordingFiles {
  /** The transport stream, once there is something in it. */
  content(folder: string): { readonly path: string; readonly size: number } | undefined
  /** Makes the folder. Throws `data-unwritable`. */
  create(folder: string): Promise<void>
  /** Opens the transport stream for appending; a torn last packet is cut off. Throws `recording-invalid` when the folder is gone. */
  open(folder: string): Promise<RecordingFile>
  /** Writes the sidecars anew. */
  describe(row: RecordingRow): Promise<void>
  remove(folder: string): Promise<void>
  /** Bytes that are free on the disk. */
  free(): Promise<number>
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
const isFull = (error: unknown): boolean => codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT'

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
/** XML 1.0 has no way to write control characters. */
const xml = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ').replaceAll(/[&<>]/g, (letter) => ENTITIES[letter] as string)
const instant = (time: number): string => new Date(time).toISOString()

/** PURE. The sidecar that Kodi and Jellyfin read. */
export const nfoOf = (row: RecordingRow): string =>
  [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<movie>',
    `  <title>${xml(row.title)}</title>`,
    `  <studio>${xml(row.channelName)}</studio>`,
    `  <premiered>${instant(row.start).slice(0, 10)}</premiered>`,
    `  <dateadded>${instant(row.start).slice(0, 19).replace('T', ' ')}</dateadded>`,
    `  <uniqueid type="tributary" default="true">${xml(row.id)}</uniqueid>`,
    '</movie>',
    '',
  ].join('\n')

const shownGap = ({ began, ended, cause }: RecordedGap) => ({ began: instant(began), ended: instant(ended), cause })
/** PURE. */
export const gapsJson = (row: RecordingRow): string =>
  `${JSON.stringify({ recording: row.id, gaps: row.gaps.map(shownGap) }, undefined, 2)}\n`

/** A reader never sees half a file. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.part`, text)
  await rename(`${path}.part`, path)
}

async function openFile(path: string): Promise<RecordingFile> {
  const handle: FileHandle = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o644)
  let bytes = 0
  const cutTo = async (size: number): Promise<void> => {
    await handle.truncate(size)
    bytes = size
  }
  try {
    const { size } = await handle.stat()
    bytes = size
    if (size !== wholePackets(size)) await cutTo(wholePackets(size))
  } catch (error) {
    await handle.close()
    throw error
  }

  const appendAll = async (pieces: readonly Uint8Array[]): Promise<void> => {
    let left = pieces
    while (left.length > 0) {
      let { bytesWritten } = await handle.writev(left)
      bytes += bytesWritten
      const whole = left.findIndex((piece) => (bytesWritten -= piece.length) < 0)
      if (whole === -1) return
      const rest = left[whole] as Uint8Array
      left = [rest.subarray(rest.length + bytesWritten), ...left.slice(whole + 1)]
    }
  }
  return {
    get bytes() {
      return bytes
    },
    async append(pieces) {
      const before = bytes
      try {
        await appendAll(pieces)
      } catch (error) {
        await cutTo(before).catch(() => {}) // the append's failure is the one to tell; a torn end is cut at the next opening
        if (isFull(error)) throw new RelayError('disk-full', `the disk of ${path} is full`, { cause: error })
        throw new RelayError('recording-invalid', `${path} cannot be written: ${messageOf(error)}`, { cause: error })
      }
    },
    async [Symbol.asyncDispose]() {
      await handle.close()
    },
  }
}

/** @param dir made when it is not there. Throws `data-unwritable`. */
export async function openRecordingFiles(dir: string): Promise<RecordingFiles> {
  const unwritable = (path: string, error: unknown): RelayError =>
    isFull(error)
      ? new RelayError('disk-full', `the disk of ${path} is full; make room for recordings`, { cause: error })
      : new RelayError('data-unwritable', `${path} cannot be written: ${messageOf(error)}; name another folder by --recordings`, {
          cause: error,
        })
  try {
    await mkdir(dir, { recursive: true })
    await access(dir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw unwritable(dir, error)
  }

  const folderPath = (folder: string): string => {
    if (!isPlainName(folder)) throw new RelayError('recording-invalid', `${JSON.stringify(folder)} is no name of a recording's folder`)
    return join(dir, folder)
  }
  /** A link in a folder's place is not followed. */
  const mustBeFolder = async (folder: string): Promise<void> => {
    if (!(await lstat(folderPath(folder))).isDirectory()) throw new Error(`${folderPath(folder)} is not a folder`)
  }
  const pathOf = (folder: string, extension: string): string => join(folderPath(folder), folder + extension)

  return {
    content(folder) {
      const path = pathOf(folder, '.ts')
      if (lstatSync(folderPath(folder), { throwIfNoEntry: false })?.isDirectory() !== true) return undefined
      const found = lstatSync(path, { throwIfNoEntry: false })
      return found?.isFile() === true && found.size > 0 ? { path, size: found.size } : undefined
    },
    async create(folder) {
      try {
        await mkdir(folderPath(folder))
      } catch (error) {
        throw unwritable(folderPath(folder), error)
      }
    },
    async open(folder) {
      const path = pathOf(folder, '.ts')
      try {
        await mustBeFolder(folder)
        return await openFile(path)
      } catch (error) {
        throw new RelayError('recording-invalid', `${path} cannot be opened: ${messageOf(error)}`, { cause: error })
      }
    },
    async describe(row) {
      await mustBeFolder(row.folder)
      await replace(pathOf(row.folder, '.nfo'), nfoOf(row))
      await replace(join(folderPath(row.folder), 'gaps.json'), gapsJson(row))
    },
    async remove(folder) {
      try {
        await rm(folderPath(folder), { recursive: true, force: true }) // removes a link, never what it leads to
      } catch (error) {
        throw unwritable(folderPath(folder), error)
      }
    },
    async free() {
      const { bavail, bsize } = await statfs(dir)
      return bavail * bsize
    },
  }
}
