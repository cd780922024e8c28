/**
 * The relay's database: SQLite with a write-ahead log. A write survives the death of the process; one that must survive a power cut waits
 * for the disk. The store owns the connection and the shape; each table has a file with its rows.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf, RelayError } from '../errors.ts'
import { migrate } from './migrations.ts'
import { type Recordings, recordingsIn } from './recordings.ts'
import { storeError } from './store-error.ts'

export interface Store extends AsyncDisposable {
  /** Each call may throw `store-failed`, `data-unwritable` or `disk-full`. */
  readonly recordings: Recordings
}

/** Another program's short write (a backup) is waited for; a second relay is not. */
const BUSY_TIMEOUT_MS = 500

/** The same object, with every method's failure said in one sentence. */
function translated<Repository extends object>(file: string, repository: Repository): Repository {
  const guarded = Object.entries(repository).map(([name, method]) => [
    name,
    (...parameters: unknown[]): unknown => {
      try {
        return (method as (...given: unknown[]) => unknown)(...parameters)
      } catch (error) {
        throw storeError(file, error)
      }
    },
  ])
  return Object.fromEntries(guarded) as Repository
}

/** @param file created when it is not there, with its folder; `:memory:` for none. Throws `store-failed`, `data-unwritable`. */
export async function openStore(file: string): Promise<Store> {
  let database: DatabaseSync | undefined
  try {
    makeFolder(file)
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON')
    migrate(database)
    return storeOver(database, file)
  } catch (error) {
    database?.close()
    throw storeError(file, error)
  }
}

function makeFolder(file: string): void {
  if (file === ':memory:') return
  try {
    mkdirSync(dirname(file), { recursive: true })
  } catch (error) {
    throw new RelayError(
      'data-unwritable',
      `the data folder ${dirname(file)} cannot be made: ${messageOf(error)}; name another one by --data`,
      { cause: error },
    )
  }
}

function storeOver(database: DatabaseSync, file: string): Store {
  const durably = (run: () => void): void => {
    database.exec('PRAGMA synchronous = FULL; BEGIN IMMEDIATE')
    try {
      run()
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    } finally {
      database.exec('PRAGMA synchronous = NORMAL')
    }
  }
  return {
    recordings: translated(file, recordingsIn({ database, durably })),
    async [Symbol.asyncDispose]() {
      if (database.isOpen) database.close()
    },
  }
}
