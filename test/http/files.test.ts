import test from 'ava'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HttpServer } from '../../relay/http/http.ts'
import type { RecordingInfo } from '../../relay/http/ports.ts'
import { type FakeRelay, fakeRelay, ONE, startFakeHttp } from '../harness/http-ports.ts'
import { parseAnswer, rawRequest } from '../harness/raw-http.ts'

const BYTES = Uint8Array.from({ length: 1000 }, (_, at) => at % 251)

const recording: RecordingInfo = {
  id: 'r1',
  channel: ONE,
  channelName: 'One',
  title: 'News',
  start: '2026-01-01T20:00:00Z',
  capture: { kind: 'running' },
  bytes: 0,
  duration: 0,
  gaps: [],
}

interface Recorded extends AsyncDisposable {
  readonly relay: FakeRelay
  readonly path: string
  readonly url: string
  readonly http: HttpServer
}

async function recorded(): Promise<Recorded> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-files-'))
  const path = join(folder, 'recording.ts')
  await writeFile(path, BYTES)
  const relay = fakeRelay()
  relay.recordings.push(recording)
  relay.files.set('r1', { path, growing: true })
  const http = await startFakeHttp(relay)
  return {
    relay,
    path,
    http,
    url: `${http.url}/recordings/r1/file`,
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

const bytesOf = async (response: Response): Promise<number[]> => [...new Uint8Array(await response.arrayBuffer())]

test('a recording comes whole, with its length and type and nothing that a cache could keep', async (t) => {
  await using given = await recorded()
  const response = await fetch(given.url)
  t.is(response.status, 200)
  t.is(response.headers.get('content-type'), 'video/mp2t')
  t.is(response.headers.get('content-length'), '1000')
  t.is(response.headers.get('accept-ranges'), 'bytes')
  t.is(response.headers.get('etag'), null)
  t.is(response.headers.get('last-modified'), null)
  t.deepEqual(await bytesOf(response), [...BYTES])
})

test('ranges are exact to the byte', async (t) => {
  await using given = await recorded()
  const cases = [
    ['bytes=0-0', 0, 0],
    ['bytes=100-199', 100, 199],
    ['bytes=990-', 990, 999],
    ['bytes=-5', 995, 999],
    ['bytes=990-5000', 990, 999],
  ] as const
  for (const [range, start, end] of cases) {
    const response = await fetch(given.url, { headers: { range } })
    t.is(response.status, 206, range)
    t.is(response.headers.get('content-range'), `bytes ${start}-${end}/1000`)
    t.is(response.headers.get('content-length'), String(end - start + 1))
    t.deepEqual(await bytesOf(response), [...BYTES.subarray(start, end + 1)])
  }
})

test('a range that is not there, or is none, is refused with the size', async (t) => {
  await using given = await recorded()
  for (const range of ['bytes=1000-', 'bytes=7-3', 'bytes=-0', 'bytes=x']) {
    const lines = ['GET /recordings/r1/file HTTP/1.1', 'Host: localhost', 'Connection: close', `Range: ${range}`]
    const answer = parseAnswer(await rawRequest(given.http.port, lines))
    t.is(answer.status, 416, range)
    t.is(answer.headers['content-range'], 'bytes */1000')
    t.is(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
    t.regex(answer.body, /1000 bytes/)
  }
})

test('an If-Range gets the whole, as we never gave a validator', async (t) => {
  await using given = await recorded()
  const response = await fetch(given.url, { headers: { range: 'bytes=5-6', 'if-range': '"x"' } })
  t.is(response.status, 200)
  t.is((await bytesOf(response)).length, 1000)
})

test('HEAD says what GET would, also of a range', async (t) => {
  await using given = await recorded()
  const whole = await fetch(given.url, { method: 'HEAD' })
  t.is(whole.headers.get('content-length'), '1000')
  t.is(await whole.text(), '')
  const part = await fetch(given.url, { method: 'HEAD', headers: { range: 'bytes=10-' } })
  t.is(part.status, 206)
  t.is(part.headers.get('content-length'), '990')
})

test('a recording that grows is as long as it is now', async (t) => {
  await using given = await recorded()
  await appendFile(given.path, Uint8Array.of(1, 2, 3))
  const response = await fetch(given.url, { headers: { range: 'bytes=1000-' } })
  t.is(response.status, 206)
  t.is(response.headers.get('content-range'), 'bytes 1000-1002/1003')
  t.deepEqual(await bytesOf(response), [1, 2, 3])
})

test('an empty recording is empty; one without a file, or unknown, is not found', async (t) => {
  await using given = await recorded()
  await writeFile(given.path, '')
  const empty = await fetch(given.url)
  t.is(empty.status, 200)
  t.is(empty.headers.get('content-length'), '0')
  given.relay.files.delete('r1')
  t.is((await fetch(given.url)).status, 404)
  given.relay.files.set('r1', { path: `${given.path}.gone`, growing: false })
  const gone = await fetch(given.url)
  t.is(gone.status, 404)
  t.notRegex(await gone.text(), /tmp/)
  t.is((await fetch(`${given.http.url}/recordings/..%2f..%2fetc%2fpasswd/file`)).status, 404)
})
