import test from 'ava'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { MIGRATIONS, migrate } from '../../relay/store/migrations.ts'
import type { RecordingRow } from '../../relay/store/recordings.ts'
import { openStore } from '../../relay/store/store.ts'
import { storeError } from '../../relay/store/store-error.ts'

const temporary = (): Disposable & { readonly path: string } => {
  const path = mkdtempSync(join(tmpdir(), 'tributary-store-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

const row: RecordingRow = {
  id: 'abc',
  channel: 'channel',
  channelName: 'One',
  title: 'News',
  folder: 'News abc',
  start: 1_000,
  until: undefined,
  ended: undefined,
  capture: { kind: 'due' },
  firstTime: undefined,
  written: undefined,
  writing: undefined,
  gaps: [],
}

test('a recording is there again after the file was closed and opened', async (t) => {
  using folder = temporary()
  const file = join(folder.path, 'new', 'folder', 'tributary.sqlite')
  const written = { bytes: 188, time: 1_200, sequence: 7 }
  const writing = { bytes: 376, time: 1_300, sequence: 8 }
  {
    await using store = await openStore(file)
    store.recordings.insert({ ...row, until: 9_000 })
    store.recordings.begin('abc', 1_100, 1_050)
    store.recordings.progress('abc', written, writing)
    store.recordings.addGap('abc', { began: 1_400, ended: 1_500, cause: 'relay-stopped' })
    store.recordings.addGap('abc', { began: 1_200, ended: 1_300, cause: 'not-received' })
  }
  await using store = await openStore(file)
  t.deepEqual(store.recordings.all(), [
    {
      ...row,
      start: 1_100,
      until: 9_000,
      capture: { kind: 'running' },
      firstTime: 1_050,
      written,
      writing,
      gaps: [
        { began: 1_200, ended: 1_300, cause: 'not-received' },
        { began: 1_400, ended: 1_500, cause: 'relay-stopped' },
      ],
    },
  ])
  store.recordings.close('abc', { kind: 'done', reason: 'off-air' }, 5_000)
  t.like(store.recordings.all()[0], { capture: { kind: 'done', reason: 'off-air' }, ended: 5_000 })
  store.recordings.remove('abc')
  t.deepEqual(store.recordings.all(), [])
})

test('the rows of a killed process are there', async (t) => {
  using folder = temporary()
  const file = join(folder.path, 'tributary.sqlite')
  await using writer = await openStore(file)
  writer.recordings.insert(row)
  writer.recordings.progress('abc', undefined, { bytes: 188, time: 1, sequence: 1 })
  await using reader = await openStore(file) // the first one never closed its file
  t.like(reader.recordings.all()[0], { id: 'abc', writing: { bytes: 188 } })
})

test('a row that is refused leaves the database usable', async (t) => {
  using folder = temporary()
  const file = join(folder.path, 'tributary.sqlite')
  await using store = await openStore(file)
  store.recordings.insert(row)
  t.throws(() => store.recordings.insert(row), { code: 'store-failed' })
  store.recordings.addGap('abc', { began: 1, ended: 2, cause: 'reader-slow' })
  t.is(store.recordings.all()[0]?.gaps.length, 1)
})

for (let from = 0; from <= MIGRATIONS.length; from += 1) {
  test(`a database of version ${from} becomes one of version ${MIGRATIONS.length} and keeps its rows`, (t) => {
    using database = new DatabaseSync(':memory:')
    migrate(database, MIGRATIONS.slice(0, from))
    if (from > 0) {
      database.exec(
        `INSERT INTO recordings (id, channel, channel_name, title, folder, start, capture) VALUES ('a', 'b', 'c', 'd', 'e', 1, 'running')`,
      )
    }
    migrate(database)
    t.is(database.prepare('PRAGMA user_version').get()?.['user_version'], MIGRATIONS.length)
    t.is(database.prepare('SELECT * FROM recordings').all().length, from > 0 ? 1 : 0)
  })
}

test('a step that fails leaves the version before it', (t) => {
  using database = new DatabaseSync(':memory:')
  t.throws(() => migrate(database, [...MIGRATIONS, 'CREATE TABLE other (id INTEGER); CREATE TABLE nonsense (']))
  t.is(database.prepare('PRAGMA user_version').get()?.['user_version'], MIGRATIONS.length)
  t.is(database.prepare(`SELECT name FROM sqlite_schema WHERE name = 'other'`).get(), undefined)
})

test('a database of a newer relay is left alone', async (t) => {
  using folder = temporary()
  const file = join(folder.path, 'tributary.sqlite')
  const newer = new DatabaseSync(file)
  newer.exec('PRAGMA user_version = 99')
  newer.close()
  await t.throwsAsync(openStore(file), { code: 'store-failed', message: /version 99.*newer relay/ })
})

test('a file that is no database, or a damaged one, is said in one sentence', async (t) => {
  using folder = temporary()
  const file = join(folder.path, 'tributary.sqlite')
  writeFileSync(file, 'this is not a database, however long one looks at it'.repeat(200))
  await t.throwsAsync(openStore(file), { code: 'store-failed', message: /is damaged; put a backup/ })
})

test('a database that another program holds is said in one sentence', async (t) => {
  using folder = temporary()
  const file = join(folder.path, 'tributary.sqlite')
  await using store = await openStore(file)
  using other = new DatabaseSync(file)
  other.exec('BEGIN EXCLUSIVE')
  t.throws(() => store.recordings.insert(row), { code: 'store-failed', message: /in use by another program/ })
  other.exec('ROLLBACK')
  store.recordings.insert(row)
  t.is(store.recordings.all().length, 1)
})

test('a data folder that cannot be made is said in one sentence', async (t) => {
  using folder = temporary()
  writeFileSync(join(folder.path, 'file'), '')
  await t.throwsAsync(openStore(join(folder.path, 'file', 'tributary.sqlite')), { code: 'data-unwritable', message: /cannot be made/ })
  await t.throwsAsync(openStore(folder.path), { code: 'data-unwritable', message: /cannot be written/ })
})

test('a database that may not be written is said in one sentence', async (t) => {
  using folder = temporary()
  const file = join(folder.path, 'tributary.sqlite')
  {
    await using _store = await openStore(file)
  }
  chmodSync(file, 0o400)
  if (process.getuid?.() === 0) {
    // root writes everywhere: take SQLite's own word for it
    t.like(storeError(file, Object.assign(new Error('attempt to write a readonly database'), { errcode: 8 })), { code: 'data-unwritable' })
  } else {
    await t.throwsAsync(openStore(file), { code: 'data-unwritable' })
  }
})
