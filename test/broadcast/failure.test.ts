import test from 'ava'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { sourceFailure } from '../../relay/broadcast/failure.ts'
import { startBroadcaster } from '../harness/broadcaster.ts'
import { madeStream } from '../harness/ts.ts'

const serve = async (status: number, bytes: Uint8Array): Promise<AsyncDisposable & { readonly url: string }> => {
  const server = createServer((_request, response) => response.writeHead(status).end(bytes))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/source`, [Symbol.asyncDispose]: close }
}

const fails = test.macro(async (t, input: string, code: string, message: RegExp) => {
  await using broadcaster = startBroadcaster({ input })
  await broadcaster.play()
  const error = await broadcaster.ended
  t.like(error, { code })
  t.regex((error as Error).message, message)
  t.notRegex((error as Error).message, /\n/)
  t.is(broadcaster.collected.length, 0)
  t.is(broadcaster.children, 0)
})

test(
  'a file that does not exist',
  fails,
  '/nowhere/film.ts',
  'source-not-found',
  /^The file \/nowhere\/film.ts does not exist; check the path/,
)
test('a folder', fails, tmpdir(), 'source-unreadable', /it is a folder/)
test('a file that is no media', fails, import.meta.filename, 'source-unreadable', /cannot be broadcast: .*Invalid data/)
test(
  'an address where nobody listens',
  fails,
  'http://127.0.0.1:9/x.ts',
  'source-not-found',
  /There is nothing at .*Connection refused.*check the address/,
)
test('a protocol that ffmpeg does not know', fails, 'gopherus://127.0.0.1/x', 'source-not-found', /Protocol not found/)

test('a page that is not there', async (t) => {
  await using server = await serve(404, new Uint8Array(0))
  await using broadcaster = startBroadcaster({ input: server.url })
  await broadcaster.play()
  t.like(await broadcaster.ended, { code: 'source-not-found' })
})

test('a transport stream over HTTP passes byte by byte', async (t) => {
  const stream = madeStream({ seconds: 2 })
  await using server = await serve(200, stream)
  await using broadcaster = startBroadcaster({ input: server.url })
  await broadcaster.play()
  t.is(await broadcaster.ended, undefined)
  t.is(broadcaster.children, 0)
  const sent = Buffer.concat(broadcaster.collected.map(({ chunk }) => chunk.payload))
  t.true(sent.length >= stream.length)
  t.true((broadcaster.collected.at(-1)?.at ?? 0) >= 1900)
})

test('an empty file, and one that may not be read', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-failure-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const path = join(folder, 'empty.ts')
  await writeFile(path, '')
  await using empty = startBroadcaster({ input: path })
  await empty.play()
  t.like(await empty.ended, {
    code: 'source-unreadable',
    message: `${path} cannot be broadcast: it is empty; give --input something that ffmpeg can play.`,
  })
  if (process.getuid?.() === 0) return // root may read everything
  await chmod(path, 0)
  await using secret = startBroadcaster({ input: path })
  await secret.play()
  t.like(await secret.ended, { code: 'source-unreadable' })
})

test('a transport stream that names no programme', async (t) => {
  const nulls = Buffer.alloc(188 * 1000, 0xff)
  for (let at = 0; at < nulls.length; at += 188) nulls.set([0x47, 0x1f, 0xff, 0x10], at)
  const stdin = new PassThrough()
  stdin.end(nulls)
  await using broadcaster = startBroadcaster({ input: '-', stdin })
  await broadcaster.play()
  t.like(await broadcaster.ended, { code: 'source-unreadable' })
  t.regex(((await broadcaster.ended) as Error).message, /names no programme/)
})

test('a source that never sends anything', async (t) => {
  await using broadcaster = startBroadcaster({ input: '-', stdin: new PassThrough(), stallMs: 5000 })
  await broadcaster.play()
  t.like(await broadcaster.ended, {
    code: 'source-stalled',
    message: 'Nothing has come from standard input for 5 s; check that it is still sending, then start again.',
  })
  t.true(broadcaster.clock.monotonic() <= 5100)
})

test('a source that stops sending takes the channel off air', async (t) => {
  const stdin = new PassThrough()
  stdin.write(madeStream({ seconds: 1 }))
  await using broadcaster = startBroadcaster({ input: '-', stdin, stallMs: 5000 })
  await broadcaster.play()
  t.like(await broadcaster.ended, { code: 'source-stalled' })
  t.true(broadcaster.collected.at(-1)?.chunk.header.ends)
})

test('a pipe cannot be looped', async (t) => {
  await using broadcaster = startBroadcaster({ input: '-', stdin: new PassThrough(), loop: true })
  await broadcaster.play()
  t.like(await broadcaster.ended, { code: 'usage' })
})

test('an empty pipe', async (t) => {
  const stdin = new PassThrough()
  stdin.end()
  await using broadcaster = startBroadcaster({ input: '-', stdin })
  await broadcaster.play()
  t.like(await broadcaster.ended, { code: 'source-unreadable' })
})

test('the last words of ffmpeg are told without its marks', (t) => {
  const error = sourceFailure(
    'a.mkv',
    '[matroska @ 0x55] [error] EBML header parsing failed\n[error] a.mkv: Invalid data found when processing input\n',
  )
  t.is(
    error.message,
    'a.mkv cannot be broadcast: a.mkv: Invalid data found when processing input; give --input something that ffmpeg can play.',
  )
  t.regex(sourceFailure('a', '').message, /gave no reason/)
})
