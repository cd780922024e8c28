import test from 'ava'
import { readFile } from 'node:fs/promises'
import { parseManifest, settingsOf } from '../../plugin/load.ts'

const root = new URL('../../', import.meta.url)
const read = (file: string): Promise<string> => readFile(new URL(file, root), 'utf8')
const MAX_BYTES = 8 * 1024

type Json = Record<string, unknown>

test('our manifest is valid, small, and of the version of the package', async (t) => {
  const text = await read('plugin.manifest.json')
  t.true(Buffer.byteLength(text) <= MAX_BYTES)
  const manifest = parseManifest(text, 'plugin.manifest.json')
  const { version, engines, license } = JSON.parse(await read('package.json')) as {
    version: string
    engines: { node: string }
    license: string
  }
  t.is(manifest.version, version)
  t.is(manifest.engines.node, engines.node)
  t.is(manifest.license, license)
})

test('every default of a setting is one that the setting allows', async (t) => {
  const manifest = parseManifest(await read('plugin.manifest.json'), 'plugin.manifest.json')
  for (const [surface, { properties }] of Object.entries(manifest.configSchema.properties)) {
    const defaults = Object.fromEntries(Object.entries(properties).map(([name, setting]) => [name, setting.default]))
    t.deepEqual(settingsOf(manifest, surface, defaults), defaults)
    t.deepEqual(settingsOf(manifest, surface, {}), defaults)
  }
  t.deepEqual(
    manifest.configUi.order,
    Object.entries(manifest.configSchema.properties).flatMap(([surface, { properties }]) =>
      Object.keys(properties).map((name) => `${surface}.${name}`),
    ),
  )
})

test('a setting that is wrong is named', async (t) => {
  const manifest = parseManifest(await read('plugin.manifest.json'), 'plugin.manifest.json')
  t.throws(() => settingsOf(manifest, 'iptv', { guideDays: 99 }), { code: 'config-invalid', message: /^plugin\.iptv\.guideDays: / })
  t.throws(() => settingsOf(manifest, 'iptv', { days: 1 }), { code: 'config-invalid', message: /days/ })
})

const refuses = test.macro<[string, (manifest: Json) => void, RegExp]>({
  async exec(t, _what, spoil, message) {
    const manifest = JSON.parse(await read('plugin.manifest.json')) as Json
    spoil(manifest)
    t.throws(() => parseManifest(JSON.stringify(manifest), 'plugin.manifest.json'), { code: 'manifest-invalid', message })
  },
  title: (_given, what) => `a manifest with ${what} is refused, by the path of the key`,
})
const contribution = (manifest: Json, list: string): Json => (manifest['contributes'] as Record<string, [Json]>)[list]?.[0] ?? {}

test(refuses, 'an unknown key', (manifest) => (manifest['colour'] = 'red'), /^plugin\.manifest\.json: colour is not a known key; remove it/)
test(
  refuses,
  'an unknown key deep down',
  (manifest) => (contribution(manifest, 'playlists')['url'] = 'x'),
  /contributes\.playlists\[0\]\.url is not a known key/,
)
test(refuses, 'a key missing', (manifest) => delete manifest['engines'], /engines is wrong: .*expected object/)
test(refuses, 'a wrong version', (manifest) => (manifest['version'] = 'one'), /version is wrong: expected a version such as 0\.1\.0/)
test(
  refuses,
  'a module outside plugin/',
  (manifest) => ((manifest['entry'] as Json)['surfaces'] = { iptv: '../../etc/evil.ts' }),
  /entry\.surfaces\.iptv is wrong: expected a file such as plugin\/iptv\/iptv\.ts/,
)
test(
  refuses,
  'a module of another surface',
  (manifest) => ((manifest['entry'] as Json)['surfaces'] = { iptv: 'plugin/other/other.ts' }),
  /entry\.surfaces\.iptv .*expected plugin\/iptv\/iptv\.ts/,
)
test(
  refuses,
  'a contribution of no surface',
  (manifest) => ((manifest['entry'] as Json)['surfaces'] = {}),
  /contributes\.playlists: surface "iptv" is not in entry\.surfaces/,
)
test(
  refuses,
  'a contribution at another’s path',
  (manifest) => (contribution(manifest, 'guides')['path'] = '/dlna/guide.xml'),
  /contributes\.guides: \/dlna\/guide\.xml is not below \/iptv\//,
)
test(
  refuses,
  'permission to run anything',
  (manifest) => ((manifest['permissions'] as Json)['exec'] = ['sh']),
  /permissions\.exec\[0\] is wrong/,
)

test('a manifest that is no JSON is refused', (t) => {
  t.throws(() => parseManifest('{', 'plugin.manifest.json'), {
    code: 'manifest-invalid',
    message: /^plugin\.manifest\.json: it is not JSON/,
  })
})
