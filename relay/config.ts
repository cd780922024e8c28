/**
 * The configuration: every option has a flag, an environment variable `TRIBUTARY_*` and a key in `DATA/config.yaml`; flags beat
 * environment beats file. Pure: the caller reads the file.
 */
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { RelayError } from './errors.ts'
import { LEVELS, type Level } from './log.ts'

type Kind = 'text' | 'texts' | 'port' | 'bytes' | 'rate' | 'yes' | 'level' | 'number'

interface Option {
  /** Dotted key in `config.yaml`. */
  readonly key: string
  readonly kind: Kind
  /** Placeholder in the help text. */
  readonly value: string
  readonly help: string
}

/** Flag names without the dashes. */
export const OPTIONS = {
  data: { key: 'data', kind: 'text', value: 'DIR', help: 'where identity, catalogue and recordings are kept' },
  'http-port': { key: 'http.port', kind: 'port', value: 'PORT', help: 'port of the page and the API (default 8080; 0: any free one)' },
  'http-host': { key: 'http.host', kind: 'text', value: 'ADDRESS', help: 'address to listen on (default: every LAN interface)' },
  listen: { key: 'overlay.listen', kind: 'texts', value: 'MULTIADDR', help: 'overlay address to listen on; may be repeated' },
  bootstrap: { key: 'overlay.bootstrap', kind: 'texts', value: 'MULTIADDR', help: 'node to meet others through; may be repeated' },
  block: { key: 'overlay.block', kind: 'texts', value: 'PEER', help: 'peer never to connect with; may be repeated' },
  mdns: { key: 'overlay.mdns', kind: 'yes', value: '', help: 'find peers on the LAN (default; --no-mdns turns it off)' },
  webrtc: { key: 'overlay.webrtc', kind: 'yes', value: '', help: 'serve browsers and peers behind NATs by WebRTC (default)' },
  'upload-cap': {
    key: 'overlay.upload',
    kind: 'rate',
    value: 'RATE',
    help: 'most to upload, as in 8M bit/s; 0 uploads nothing (default: no cap)',
  },
  name: { key: 'dlna.name', kind: 'text', value: 'NAME', help: 'what TVs call this relay (default: Tributary (hostname))' },
  dlna: { key: 'dlna.enabled', kind: 'yes', value: '', help: 'announce to TVs (default; --no-dlna turns it off)' },
  'dlna-interface': { key: 'dlna.interfaces', kind: 'texts', value: 'NAME', help: 'network interface to announce on; may be repeated' },
  recordings: { key: 'recordings.path', kind: 'text', value: 'DIR', help: 'where recordings go (default: DATA/recordings)' },
  'recordings-reserve': { key: 'recordings.reserve', kind: 'bytes', value: 'SIZE', help: 'disk space to keep free (default 5G)' },
  carry: {
    key: 'carry',
    kind: 'texts',
    value: 'CHANNEL',
    help: 'channel to carry for others though nobody watches here, or "all"; may be repeated',
  },
  join: { key: 'join', kind: 'texts', value: 'LINK', help: 'network to join for this run only, by its join link; may be repeated' },
  ffmpeg: { key: 'ffmpeg', kind: 'text', value: 'FILE', help: 'the ffmpeg to use (default: the system’s, else ffmpeg-static)' },
  'log-level': { key: 'log.level', kind: 'level', value: 'LEVEL', help: `one of ${LEVELS.join(', ')} (default info)` },
} as const satisfies Record<string, Option>

export type OptionName = keyof typeof OPTIONS

export interface Config {
  readonly data: string
  readonly http: { readonly port: number; readonly host: string | undefined }
  readonly overlay: {
    readonly listen: readonly string[]
    readonly bootstrap: readonly string[]
    readonly block: readonly string[]
    readonly mdns: boolean
    readonly webrtc: boolean
    /** bit/s; Infinity: no cap. */
    readonly upload: number
  }
  readonly dlna: { readonly enabled: boolean; readonly name: string; readonly interfaces: readonly string[] }
  readonly recordings: { readonly path: string; readonly reserve: number }
  readonly carry: readonly string[]
  /** Join links of networks to join for this run only. */
  readonly join: readonly string[]
  readonly ffmpeg: string | undefined
  readonly logLevel: Level
}

export type RawValue = string | number | boolean | readonly string[]
export type RawOptions = Partial<Record<OptionName, RawValue>>

const GIB = 2 ** 30
/** Left free for the rest of the machine. */
const DEFAULT_RESERVE_BYTES = 5 * GIB
const DEFAULT_HTTP_PORT = 8080
/** Numbers stay the same over restarts, so that a router's port forwarding does. */
export const DEFAULT_LISTEN = ['/ip4/0.0.0.0/tcp/4001', '/ip4/0.0.0.0/tcp/4002/ws', '/ip4/0.0.0.0/udp/4003/webrtc-direct'] as const
const MAX_PORT = 65_535

const SCALE: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9 }
const BINARY_SCALE: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: GIB, t: 2 ** 40 }

const refuse = (where: string, value: unknown, expected: string): never => {
  throw new RelayError('config-invalid', `${where} is ${JSON.stringify(value)}; expected ${expected}`)
}

function parseScaled(where: string, value: RawValue, scale: Readonly<Record<string, number>>, expected: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b|bit\/s)?$/i.exec(String(value).trim())
  const factor = scale[(match?.[2] ?? '').toLowerCase()]
  if (match === null || factor === undefined) return refuse(where, value, expected)
  return Number(match[1]) * factor
}

/** One raw value to its typed form; `where` names it in errors, such as `--http-port` or `http.port in config.yaml`. */
function parseValue(kind: Kind, where: string, value: RawValue): unknown {
  switch (kind) {
    case 'text':
      return typeof value === 'string' && value !== '' ? value : refuse(where, value, 'some text')
    case 'texts':
      if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
      return typeof value === 'string' ? value.split(',').filter((item) => item !== '') : refuse(where, value, 'a list of texts')
    case 'port': {
      const port = Number(value)
      return String(value).trim() !== '' && Number.isInteger(port) && port >= 0 && port <= MAX_PORT
        ? port
        : refuse(where, value, 'a port from 0 to 65535')
    }
    case 'number':
      return String(value).trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : refuse(where, value, 'a number')
    case 'bytes':
      return parseScaled(where, value, BINARY_SCALE, 'a size such as 500M or 5G')
    case 'rate':
      return value === 'unlimited' ? Infinity : parseScaled(where, value, SCALE, 'bit/s such as 800k or 8M, or "unlimited"')
    case 'yes':
      if (typeof value === 'boolean') return value
      if (/^(true|yes|on|1)$/i.test(String(value))) return true
      return /^(false|no|off|0)$/i.test(String(value)) ? false : refuse(where, value, 'true or false')
    case 'level':
      return LEVELS.includes(value as Level) ? value : refuse(where, value, `one of ${LEVELS.join(', ')}`)
  }
}

/** The options that `config.yaml` holds, or an error that names the unknown key. @param document what the YAML parser returned */
export function optionsFromFile(file: string, document: unknown): RawOptions {
  if (document === null || document === undefined) return {}
  const found: RawOptions = {}
  const byKey = new Map<string, OptionName>()
  for (const name of Object.keys(OPTIONS) as OptionName[]) byKey.set(OPTIONS[name].key, name)
  const walk = (value: unknown, path: string): void => {
    const name = byKey.get(path)
    if (name !== undefined) {
      found[name] = value as RawValue
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`)
    } else {
      throw new RelayError(
        'config-invalid',
        `${file}: ${path === '' ? 'the document' : `the key ${path}`} is not known; known keys are ${[...byKey.keys()].join(', ')}`,
      )
    }
  }
  walk(document, '')
  return found
}

export const envName = (name: OptionName): string => `TRIBUTARY_${name.replaceAll('-', '_').toUpperCase()}`

export function optionsFromEnvironment(env: Readonly<Record<string, string | undefined>>): RawOptions {
  const found: RawOptions = {}
  for (const name of Object.keys(OPTIONS) as OptionName[]) {
    const value = env[envName(name)]
    if (value !== undefined && value !== '') found[name] = value
  }
  return found
}

/** Where everything is kept when nothing says otherwise (XDG Base Directory Specification). */
export const defaultData = (env: Readonly<Record<string, string | undefined>>): string =>
  join(env['XDG_DATA_HOME'] ?? join(env['HOME'] ?? homedir(), '.local', 'share'), 'tributary')

export interface ConfigSources {
  readonly flags: RawOptions
  readonly environment: RawOptions
  readonly file: RawOptions
  readonly defaultData: string
}

/** Merges and checks. Throws `config-invalid` naming option, value and what would be right. */
export function resolveConfig(sources: ConfigSources): Config {
  const get = (name: OptionName): unknown => {
    const { kind, key } = OPTIONS[name]
    if (sources.flags[name] !== undefined) return parseValue(kind, `--${name}`, sources.flags[name])
    if (sources.environment[name] !== undefined) return parseValue(kind, envName(name), sources.environment[name])
    if (sources.file[name] !== undefined) return parseValue(kind, `${key} in config.yaml`, sources.file[name])
    return undefined
  }
  const data = (get('data') as string | undefined) ?? sources.defaultData
  return {
    data,
    http: { port: (get('http-port') as number | undefined) ?? DEFAULT_HTTP_PORT, host: get('http-host') as string | undefined },
    overlay: {
      listen: (get('listen') as string[] | undefined) ?? DEFAULT_LISTEN,
      bootstrap: (get('bootstrap') as string[] | undefined) ?? [],
      block: (get('block') as string[] | undefined) ?? [],
      mdns: (get('mdns') as boolean | undefined) ?? true,
      webrtc: (get('webrtc') as boolean | undefined) ?? true,
      upload: (get('upload-cap') as number | undefined) ?? Infinity,
    },
    dlna: {
      enabled: (get('dlna') as boolean | undefined) ?? true,
      name: (get('name') as string | undefined) ?? `Tributary (${hostname()})`,
      interfaces: (get('dlna-interface') as string[] | undefined) ?? [],
    },
    recordings: {
      path: (get('recordings') as string | undefined) ?? join(data, 'recordings'),
      reserve: (get('recordings-reserve') as number | undefined) ?? DEFAULT_RESERVE_BYTES,
    },
    carry: (get('carry') as string[] | undefined) ?? [],
    join: (get('join') as string[] | undefined) ?? [],
    ffmpeg: get('ffmpeg') as string | undefined,
    logLevel: (get('log-level') as Level | undefined) ?? 'info',
  }
}
