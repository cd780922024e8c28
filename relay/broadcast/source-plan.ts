/** What an input text means, and how it is to be read. Pure. */
import { fileURLToPath } from 'node:url'
import { RelayError } from '../errors.ts'

export type SourcePlan =
  | { readonly kind: 'stdin' }
  | { readonly kind: 'file'; readonly path: string }
  /** Bytes first: a transport stream passes untouched. Where it `opensAgain`, ffmpeg may read it a second time, and seek. */
  | { readonly kind: 'bytes-url'; readonly url: string; readonly opensAgain: boolean }
  /** The protocol has its own framing: ffmpeg opens it and writes a transport stream. */
  | { readonly kind: 'media-url'; readonly url: string }
  | { readonly kind: 'test-card'; readonly card: TestCard }

export interface TestCard {
  readonly width: number
  readonly height: number
  /** Frames a second. */
  readonly fps: number
  /** bit/s of the picture. */
  readonly rate: number
  /** Hz. */
  readonly tone: number
  readonly name: string
  /** What moves behind the clock: a classic test picture, or slow colours. */
  readonly picture: 'test' | 'gradient'
}

export const DEFAULT_CARD: TestCard = { width: 1280, height: 720, fps: 25, rate: 2_000_000, tone: 440, name: 'Tributary', picture: 'test' }

const MEDIA_PROTOCOLS = new Set(['rtmp', 'rtmps', 'rtmpt', 'rtmpe', 'rtmpts', 'rtsp', 'rtsps', 'rtp', 'mmsh', 'mmst'])
/** What has been received of these has been received once and for all. */
const PIPE_PROTOCOLS = new Set(['udp', 'udplite', 'srt', 'tcp', 'unix', 'rist', 'sctp'])
const MAX_SIDE = 3840
const MAX_FPS = 60
const MAX_RATE = 50_000_000
const MAX_TONE = 20_000
const MAX_NAME_LETTERS = 60

/** Throws `usage` for a test card that cannot be. */
export function planSource(input: string): SourcePlan {
  if (input === '-') return { kind: 'stdin' }
  if (input === 'test:' || input.startsWith('test:?')) return { kind: 'test-card', card: parseTestCard(input.slice('test:'.length)) }
  if (input.startsWith('file://')) return { kind: 'file', path: fileURLToPath(input) }
  const protocol = /^([a-z][a-z0-9+.-]*):\/\//i.exec(input)?.[1]?.toLowerCase()
  if (protocol === undefined) return { kind: 'file', path: input }
  if (MEDIA_PROTOCOLS.has(protocol)) return { kind: 'media-url', url: input }
  return { kind: 'bytes-url', url: protocol === 'udp' ? withUdpBuffer(input) : input, opensAgain: !PIPE_PROTOCOLS.has(protocol) }
}

/** Without this option ffmpeg ends when its receive buffer has overflowed once. */
const withUdpBuffer = (url: string): string =>
  url.includes('overrun_nonfatal') ? url : `${url}${url.includes('?') ? '&' : '?'}overrun_nonfatal=1`

const SCALES: Readonly<Record<string, number>> = { k: 1000, M: 1_000_000 }

function numberOf(options: URLSearchParams, name: string, usual: number, max: number): number {
  const text = options.get(name)
  if (text === null) return usual
  const match = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text)
  const value = match === null ? NaN : Number(match[1]) * (SCALES[match[2] ?? ''] ?? 1)
  if (value >= 1 && value <= max) return value
  throw new RelayError(
    'usage',
    `test:?${name}=${text} is not understood; expected a number from 1 to ${max}, as in test:?${name}=${usual}.`,
  )
}

function parseTestCard(query: string): TestCard {
  const options = new URLSearchParams(query)
  const known = ['size', 'fps', 'rate', 'tone', 'name', 'picture']
  const unknown = [...options.keys()].find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new RelayError('usage', `test:?${unknown}= is not understood; the options of the test card are ${known.join(', ')}.`)
  }
  const size = options.get('size') ?? `${DEFAULT_CARD.width}x${DEFAULT_CARD.height}`
  const [width = 0, height = 0] = /^\d+x\d+$/.test(size) ? size.split('x').map(Number) : []
  if (width < 16 || height < 16 || width > MAX_SIDE || height > MAX_SIDE || width % 2 > 0 || height % 2 > 0) {
    throw new RelayError('usage', `test:?size=${size} is not understood; expected even sides as in test:?size=1280x720.`)
  }
  const picture = options.get('picture') ?? DEFAULT_CARD.picture
  if (picture !== 'test' && picture !== 'gradient') {
    throw new RelayError('usage', `test:?picture=${picture} is not understood; expected test or gradient.`)
  }
  return {
    width,
    height,
    picture,
    fps: numberOf(options, 'fps', DEFAULT_CARD.fps, MAX_FPS),
    rate: numberOf(options, 'rate', DEFAULT_CARD.rate, MAX_RATE),
    tone: numberOf(options, 'tone', DEFAULT_CARD.tone, MAX_TONE),
    name: (options.get('name') ?? DEFAULT_CARD.name).slice(0, MAX_NAME_LETTERS),
  }
}

/** How an input is named to people: without what may be a password. The last part of an RTMP path is the stream's key. */
export function describeInput(input: string): string {
  if (input === '-') return 'standard input'
  if (!input.includes('://')) return input
  return input
    .replace(/\/\/[^/]*@/, '//')
    .replace(/\?.*$/s, '?...')
    .replace(/^(rtmp[a-z]*:\/\/.*\/)[^/]+$/i, '$1...')
}
