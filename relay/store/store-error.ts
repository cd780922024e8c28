import { isRelayError, messageOf, RelayError } from '../errors.ts'

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_READONLY = 8
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_NOTADB = 26
const PRIMARY_CODE_MASK = 0xff

const NO_SQLITE_CODE = -1

const codeOf = (error: unknown): number =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & PRIMARY_CODE_MASK : NO_SQLITE_CODE

/** PURE. What a failure of the database file means to whoever runs the relay. */
export function storeError(file: string, error: unknown): RelayError {
  if (isRelayError(error)) return error
  const options = { cause: error }
  switch (codeOf(error)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return new RelayError(
        'store-failed',
        `the database ${file} is in use by another program; stop the other relay, or give this one its own data folder`,
        options,
      )
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new RelayError(
        'store-failed',
        `the database ${file} is damaged; put a backup in its place, or move it away to begin anew (recordings stay on disk)`,
        options,
      )
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return new RelayError(
        'data-unwritable',
        `the database ${file} cannot be written; let the relay's user write to its folder, or name another one by --data`,
        options,
      )
    case SQLITE_FULL:
      return new RelayError('disk-full', `the disk of ${file} is full; make room and start again`, options)
    default:
      return new RelayError('store-failed', `the database ${file} failed: ${messageOf(error)}`, options)
  }
}
