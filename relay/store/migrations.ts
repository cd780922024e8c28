/**
 * The database's shape, step by step. `user_version` counts the steps that were taken; a step, once released, never changes. Times are ms
 * since the Unix epoch.
 */
import type { DatabaseSync } from 'node:sqlite'
import { RelayError } from '../errors.ts'

export const MIGRATIONS: readonly string[] = [
  // 1: recordings. `written` is what the file holds for certain; `writing` what it holds once the append that is under way is done.
  `CREATE TABLE recordings (
     id TEXT PRIMARY KEY,
     channel TEXT NOT NULL,
     channel_name TEXT NOT NULL,
     title TEXT NOT NULL,
     folder TEXT NOT NULL UNIQUE,
     start INTEGER NOT NULL,
     until INTEGER,
     ended INTEGER,
     capture TEXT NOT NULL CHECK (capture IN ('due', 'running', 'done', 'failed')),
     reason TEXT,
     first_time INTEGER,
     written_bytes INTEGER NOT NULL DEFAULT 0,
     written_time INTEGER,
     written_sequence INTEGER,
     writing_bytes INTEGER NOT NULL DEFAULT 0,
     writing_time INTEGER,
     writing_sequence INTEGER
   ) STRICT;
   CREATE TABLE recording_gaps (
     recording TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
     began INTEGER NOT NULL,
     ended INTEGER NOT NULL,
     cause TEXT NOT NULL CHECK (cause IN ('not-received', 'relay-stopped', 'reader-slow'))
   ) STRICT;
   CREATE INDEX recording_gaps_by_recording ON recording_gaps (recording, began);`,
]

/** Takes the steps that are missing, each whole or not at all. Throws `store-failed` when the file comes from a newer relay. */
export function migrate(database: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0)
  if (version > migrations.length) {
    throw new RelayError(
      'store-failed',
      `the database has version ${version}, this relay knows ${migrations.length}; run the newer relay that wrote it`,
    )
  }
  for (let step = version; step < migrations.length; step += 1) {
    database.exec('BEGIN IMMEDIATE')
    try {
      database.exec(migrations[step] as string)
      database.exec(`PRAGMA user_version = ${step + 1}`)
      database.exec('COMMIT')
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
}
