import test from 'ava'
import { defaultData, optionsFromEnvironment, optionsFromFile, resolveConfig, type RawOptions } from '../relay/config.ts'

const resolve = (given: { flags?: RawOptions; environment?: RawOptions; file?: RawOptions } = {}) =>
  resolveConfig({ flags: {}, environment: {}, file: {}, defaultData: '/data', ...given })

test('flags beat the environment, and the environment beats the file', (t) => {
  const file = optionsFromFile('config.yaml', { http: { port: 1 }, dlna: { name: 'file' }, recordings: { reserve: '1G' } })
  const environment = optionsFromEnvironment({ TRIBUTARY_HTTP_PORT: '2', TRIBUTARY_NAME: 'environment' })
  const config = resolve({ flags: { 'http-port': '3' }, environment, file })
  t.is(config.http.port, 3)
  t.is(config.dlna.name, 'environment')
  t.is(config.recordings.reserve, 2 ** 30)
})

test('what nobody says has a default', (t) => {
  const config = resolve()
  t.is(config.http.port, 8080)
  t.is(config.recordings.path, '/data/recordings')
  t.is(config.overlay.upload, Infinity)
  t.deepEqual(config.overlay.listen, ['/ip4/0.0.0.0/tcp/4001', '/ip4/0.0.0.0/tcp/4002/ws', '/ip4/0.0.0.0/udp/4003/webrtc-direct'])
})

const refused = test.macro({
  exec(t, flags: RawOptions, message: string) {
    t.throws(() => resolve({ flags }), { code: 'config-invalid', message })
  },
  title: (_, __, message: string = '') => message,
})
test(refused, { 'http-port': '99999' }, '--http-port is "99999"; expected a port from 0 to 65535')
test(refused, { 'upload-cap': 'fast' }, '--upload-cap is "fast"; expected bit/s such as 800k or 8M, or "unlimited"')
test(refused, { 'recordings-reserve': 'much' }, '--recordings-reserve is "much"; expected a size such as 500M or 5G')
test(refused, { 'log-level': 'loud' }, '--log-level is "loud"; expected one of trace, debug, info, warn, error')

test('an upload cap of nothing is honoured', (t) => {
  t.is(resolve({ flags: { 'upload-cap': '0' } }).overlay.upload, 0)
  t.is(resolve({ flags: { 'upload-cap': '1.5M' } }).overlay.upload, 1_500_000)
})

test('a key that config.yaml cannot have is named with those it can', (t) => {
  const error = t.throws(() => optionsFromFile('/data/config.yaml', { http: { prot: 80 } }))
  t.regex(error.message, /^\/data\/config\.yaml: the key http\.prot is not known; known keys are data, http\.port, /)
})

test('data lives where XDG says', (t) => {
  t.is(defaultData({ XDG_DATA_HOME: '/x' }), '/x/tributary')
  t.is(defaultData({ HOME: '/home/a' }), '/home/a/.local/share/tributary')
})
