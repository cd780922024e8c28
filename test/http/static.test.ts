import test from 'ava'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeRelay, startFakeHttp } from '../harness/http-ports.ts'
import { parseAnswer, rawRequest } from '../harness/raw-http.ts'

const asBrowser = { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } }

async function builtPage() {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-page-'))
  const page = join(folder, 'dist')
  await mkdir(join(page, 'assets'), { recursive: true })
  await writeFile(join(folder, 'secret.txt'), 'secret')
  await writeFile(join(page, 'index.html'), '<!doctype html><script type="module" src="/assets/page-1a2b3c4d.js"></script>')
  await writeFile(join(page, 'assets', 'page-1a2b3c4d.js'), 'export {}')
  const http = await startFakeHttp(fakeRelay(), { page })
  return {
    page,
    http,
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

test('the page is served for every place within it, always asked for again, under a strict policy', async (t) => {
  await using given = await builtPage()
  for (const path of ['/', '/recordings', '/channels/one']) {
    const response = await fetch(given.http.url + path, asBrowser)
    t.is(response.status, 200, path)
    t.is(response.headers.get('content-type'), 'text/html; charset=utf-8')
    t.is(response.headers.get('cache-control'), 'no-cache')
    const policy = response.headers.get('content-security-policy') ?? ''
    t.regex(policy, /default-src 'none'; script-src 'self';/)
    t.regex(policy, /media-src 'self' blob:/)
    t.notRegex(policy, /unsafe|\*/)
    t.is(response.headers.get('x-content-type-options'), 'nosniff')
    t.regex(await response.text(), /page-1a2b3c4d/)
  }
  const first = await fetch(`${given.http.url}/`)
  const etag = first.headers.get('etag') ?? ''
  const again = await fetch(`${given.http.url}/`, { headers: { 'if-none-match': etag } })
  t.is(again.status, 304)
})

test('what is named by its content is kept for ever', async (t) => {
  await using given = await builtPage()
  const response = await fetch(`${given.http.url}/assets/page-1a2b3c4d.js`)
  t.is(response.headers.get('content-type'), 'text/javascript; charset=utf-8')
  t.is(response.headers.get('cache-control'), 'public, max-age=31536000, immutable')
  t.is(await response.text(), 'export {}')
})

test('a page that is built anew is found without a restart', async (t) => {
  await using given = await builtPage()
  await (await fetch(`${given.http.url}/`)).text()
  await writeFile(join(given.page, 'assets', 'page-5e6f7a8b.js'), 'export const x = 1')
  await writeFile(join(given.page, 'index.html'), 'anew')
  t.is(await (await fetch(`${given.http.url}/`)).text(), 'anew')
  t.is((await fetch(`${given.http.url}/assets/page-5e6f7a8b.js`)).status, 200)
})

test('nothing outside the page’s folder can be reached, and a program is not given the page for what is missing', async (t) => {
  await using given = await builtPage()
  for (const path of [
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/assets/../../secret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '/secret.txt',
    '//etc/passwd',
    '/dlna/x',
  ])
    t.is(parseAnswer(await rawRequest(given.http.port, [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close'])).status, 404, path)
  t.is((await fetch(`${given.http.url}/api/nope`, asBrowser)).status, 404)
  t.is((await fetch(`${given.http.url}/recordings/nope/file`, asBrowser)).status, 404)
})

test('without a built page a plain one says what to do', async (t) => {
  await using http = await startFakeHttp(fakeRelay())
  const response = await fetch(`${http.url}/`, asBrowser)
  t.is(response.status, 503)
  t.is(response.headers.get('content-type'), 'text/html; charset=utf-8')
  t.regex(await response.text(), /npm run build:page/)
})
