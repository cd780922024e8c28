import test from 'ava'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadPlugins, type LoadedPlugins } from '../../plugin/load.ts'
import type { HttpServer } from '../../relay/http/http.ts'
import { fakeRelay, startFakeHttp } from '../harness/http-ports.ts'
import { parseAnswer, rawRequest } from '../harness/raw-http.ts'
import { fakeHost, ONE } from './fake-host.ts'

const signal = new AbortController().signal
const projectRoot = new URL('../../', import.meta.url)

interface Served extends AsyncDisposable {
  readonly http: HttpServer
  readonly host: ReturnType<typeof fakeHost>
  readonly plugins: LoadedPlugins
}

/** The real manifest and the real surfaces behind the real HTTP server. */
async function serve(root = projectRoot): Promise<Served> {
  const host = fakeHost()
  const plugins = await loadPlugins(host, { root, settings: {} }, signal)
  const http = await startFakeHttp(fakeRelay())
  for (const mount of plugins.mounts) http.mount({ ...mount, methods: 'read' })
  return {
    http,
    host,
    plugins,
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]()
      await plugins[Symbol.asyncDispose]()
    },
  }
}

test('whatever the manifest contributes is answered, with its type, to GET and HEAD and to a Range from 0', async (t) => {
  await using given = await serve()
  t.is(given.plugins.failed.size, 0)
  const { playlists, guides } = given.plugins.manifest.contributes
  for (const { path, mediaType } of [...playlists, ...guides]) {
    const whole = await fetch(given.http.url + path)
    t.is(whole.status, 200)
    t.is(whole.headers.get('content-type'), `${mediaType}; charset=utf-8`)
    const text = await whole.text()
    t.true(text.length > 100)
    const head = await fetch(given.http.url + path, { method: 'HEAD' })
    t.is(head.status, 200)
    t.is(head.headers.get('content-type'), whole.headers.get('content-type'))
    const ranged = await fetch(given.http.url + path, { headers: { range: 'bytes=0-' } })
    t.is(ranged.status, 200)
    t.is(await ranged.text(), text)
  }
})

test('addresses in the playlist are absolute, of the host that the client asked, and end in .ts', async (t) => {
  await using given = await serve()
  const { port } = given.http
  const answer = parseAnswer(await rawRequest(port, ['GET /iptv/channels.m3u HTTP/1.1', 'Host: den.local:8080', 'Connection: close']))
  t.regex(answer.body, /^#EXTM3U url-tvg="http:\/\/den\.local:8080\/iptv\/guide\.xml"/)
  t.true(answer.body.includes(`http://den.local:8080/live/${ONE}.ts\n`))
  const old = parseAnswer(await rawRequest(port, ['GET /iptv/channels.m3u HTTP/1.0']))
  t.true(old.body.includes(`http://127.0.0.1:${port}/live/${ONE}.ts\n`))
})

test('who has the playlist or the guide already gets no bytes, until it changes', async (t) => {
  await using given = await serve()
  for (const path of ['/iptv/channels.m3u', '/iptv/guide.xml']) {
    const url = given.http.url + path
    const etag = (await fetch(url)).headers.get('etag') ?? ''
    t.regex(etag, /^".{22}"$/)
    const same = await fetch(url, { headers: { 'if-none-match': `"x", W/${etag}` } })
    t.is(same.status, 304)
    t.is(await same.text(), '')
  }
  const before = (await fetch(`${given.http.url}/iptv/guide.xml`)).headers.get('etag') ?? ''
  given.host.revisionText = 'r2'
  t.is((await fetch(`${given.http.url}/iptv/guide.xml`, { headers: { 'if-none-match': before } })).status, 200)
})

test('the guide is written at the reader’s pace', async (t) => {
  await using given = await serve()
  const hours = Array.from({ length: 200 }, (_, hour) => hour)
  given.host.channelList = Array.from({ length: 50 }, (_, number) => ({
    id: `c${number}`,
    number,
    name: `C${number}`,
    network: 'N',
    onAir: true,
    livePath: `/live/c${number}.ts`,
  }))
  let asked = 0
  given.host.programmes = ({ channel, from }) => {
    asked += 1
    return hours.map((hour) => ({
      id: `${channel}${hour}`,
      title: 'x'.repeat(4000),
      start: from + hour * 3_600_000,
      end: from + (hour + 1) * 3_600_000,
    }))
  }
  const response = await fetch(`${given.http.url}/iptv/guide.xml`)
  t.true(asked < 50, `${asked} channels made before any was read`)
  const text = await response.text()
  t.is(text.match(/<programme /g)?.length, 50 * 200)
  t.true(text.endsWith('</tv>\n'))
})

interface Folder extends AsyncDisposable {
  readonly root: URL
}

/** A project of our manifest plus surfaces of the test's own. */
async function projectWith(
  surfaces: Readonly<Record<string, string>>,
  change: (manifest: Record<string, unknown>) => void = () => {},
): Promise<Folder> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-plugin-'))
  const manifest = JSON.parse(await readFile(new URL('plugin.manifest.json', projectRoot), 'utf8')) as Record<string, unknown> & {
    entry: { surfaces: unknown }
  }
  manifest.entry.surfaces = Object.fromEntries(Object.keys(surfaces).map((name) => [name, `plugin/${name}/${name}.ts`]))
  manifest['contributes'] = { playlists: [], guides: [], mediaServers: [] }
  manifest['configSchema'] = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    additionalProperties: false,
    properties: {},
  }
  change(manifest)
  await writeFile(join(folder, 'plugin.manifest.json'), JSON.stringify(manifest))
  for (const [name, source] of Object.entries(surfaces)) {
    await mkdir(join(folder, 'plugin', name), { recursive: true })
    await writeFile(join(folder, 'plugin', name, `${name}.ts`), source)
  }
  return { root: pathToFileURL(`${folder}/`), [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

const surface = (path: string, body: string): string =>
  `export const start = async () => ({ mounts: [{ path: '${path}', handle(request, response) { ${body} } }], async [Symbol.asyncDispose]() {} })`

test('a surface that does not start, or serves at another’s path, is left out and named; the others run', async (t) => {
  await using project = await projectWith({
    good: surface('/good/x', `response.end('fine')`),
    bad: `export const start = async () => { throw new Error('no tuner') }`,
    empty: `export const other = 1`,
    greedy: surface('/api/v1/status', `response.end('mine')`),
  })
  await using given = await serve(project.root)
  t.deepEqual([...given.plugins.failed.keys()], ['bad', 'empty', 'greedy'])
  t.is(given.plugins.failed.get('bad'), 'no tuner')
  t.regex(given.plugins.failed.get('greedy') ?? '', /\/api\/v1\/status, which is not below \/greedy\//)
  t.is(await (await fetch(`${given.http.url}/good/x`)).text(), 'fine')
})

test('a surface that does not serve what the manifest promises is left out', async (t) => {
  await using project = await projectWith({ good: surface('/good/x', '') }, (manifest) => {
    manifest['contributes'] = {
      playlists: [{ id: 'list', surface: 'good', path: '/good/list.m3u', mediaType: 'audio/x-mpegurl' }],
      guides: [],
      mediaServers: [],
    }
  })
  await using plugins = await loadPlugins(fakeHost(), { root: project.root, settings: {} }, signal)
  t.regex(plugins.failed.get('good') ?? '', /promises \/good\/list\.m3u/)
  t.is(plugins.mounts.length, 0)
})

test('a handler that fails takes neither the relay nor another surface down', async (t) => {
  await using project = await projectWith({
    good: surface('/good/x', `response.end('fine')`),
    bad: surface('/bad/x', `throw new Error('boom')`),
  })
  await using given = await serve(project.root)
  t.is((await fetch(`${given.http.url}/bad/x`)).status, 500)
  t.is((await fetch(`${given.http.url}/good/x`)).status, 200)
})

test('without a manifest the sentence says which file is missing', async (t) => {
  await t.throwsAsync(loadPlugins(fakeHost(), { root: new URL('file:///nonexistent/'), settings: {} }, signal), {
    code: 'manifest-invalid',
    message: /^plugin\.manifest\.json: it cannot be read/,
  })
})
