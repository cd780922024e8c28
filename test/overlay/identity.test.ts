import { readFile, stat, writeFile, readdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { RelayError } from '../../relay/errors.ts'
import { loadIdentity, parseIdentity } from '../../relay/overlay/identity.ts'

const folder = async () => {
  const path = await mkdtemp(join(tmpdir(), 'tributary-test-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

test('a peer key is made once, for its owner’s eyes only, and stays the same', async (t) => {
  await using dir = await folder()
  const file = join(dir.path, 'deep', 'identity')
  const first = await loadIdentity(file)
  t.true((await loadIdentity(file)).equals(first))
  t.is((await stat(file)).mode & 0o777, 0o600)
  t.regex(await readFile(file, 'utf8'), /^tributary identity 1\n[0-9a-f]{64}\n$/)
  t.deepEqual(await readdir(join(dir.path, 'deep')), ['identity'], 'no draft is left')
})

test('two processes that start at once get one key', async (t) => {
  await using dir = await folder()
  const file = join(dir.path, 'identity')
  const keys = await Promise.all(Array.from({ length: 8 }, () => loadIdentity(file)))
  t.true(keys.every((key) => key.equals(keys[0])))
})

test('without a file the key is for this run', async (t) => {
  t.false((await loadIdentity(undefined)).equals(await loadIdentity(undefined)))
})

test('a damaged file is named, with what to do, and left as it is', async (t) => {
  await using dir = await folder()
  const file = join(dir.path, 'identity')
  for (const text of [
    '',
    'nonsense',
    'tributary identity 1\n',
    'tributary identity 1\nabc\n',
    `tributary identity 1\n${'0'.repeat(64)}\nmore\n`,
  ]) {
    await writeFile(file, text)
    const error = await t.throwsAsync(loadIdentity(file), { instanceOf: RelayError })
    t.is(error.code, 'config-invalid')
    t.true(error.message.includes(file))
    t.regex(error.message, /Restore it from a backup, or delete it/)
    t.is(await readFile(file, 'utf8'), text)
  }
})

test('a folder that cannot be written is named', async (t) => {
  await using dir = await folder()
  const file = join(dir.path, 'file')
  await writeFile(file, 'not a folder')
  const error = await t.throwsAsync(loadIdentity(join(file, 'identity')), { instanceOf: RelayError })
  t.is(error.code, 'data-unwritable')
})

test('what is no identity has no seed', (t) => {
  t.is(parseIdentity('tributary identity 2\n' + '0'.repeat(64)), undefined)
  t.deepEqual(parseIdentity('tributary identity 1\n' + '01'.repeat(32) + '\n'), new Uint8Array(32).fill(1))
})
