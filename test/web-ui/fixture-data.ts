/** What the fixture server tells the page: a house with a network, six channels, recordings, TVs and a swarm. */
import type { Channel, Network, Peer, Programme, Recording, Renderer, Status, Swarm } from '../../relay/http/schemas.ts'

const MINUTE = 60_000

/** A stable id of 52 base32 letters for channel `n`. */
export const idOf = (n: number): string => 'abcdefghijklmnopqrstuvwxyz234567'.charAt(n).repeat(52)
const peerOf = (n: number): string =>
  `12D3KooWFixturePeer${'x'.repeat(24)}${['q7Hw2mPz', 'bN4kTs9e', 'Vc8RyD3u', 'jL6gXa5f', 'Zp1MoE7i', 'tW2hQv8s', 'kB5nUd4r', 'yF9cJi6o'][n] ?? String(n).padStart(8, '0')}`
const iso = (ms: number): string => new Date(ms).toISOString()

const programme = (channel: string, title: string, start: number, minutes: number, rest: Partial<Programme> = {}): Programme => ({
  id: `${channel.slice(0, 4)}-${start}`,
  channel,
  title,
  start: iso(start),
  end: iso(start + minutes * MINUTE),
  ...rest,
})

interface ChannelSpec {
  readonly slug: string
  readonly number: number
  readonly name: string
  readonly now?: readonly [string, string?]
  readonly next?: string
  readonly air?: Channel['air']
}

const SPECS: readonly ChannelSpec[] = [
  {
    slug: 'harbour',
    number: 1,
    name: 'Harbour One',
    now: [
      'The Tide Tables',
      'Three pilots bring a container ship through the narrows at night, and the youngest of them is on the bridge for the first time.',
    ],
    next: 'News at eight',
  },
  { slug: 'meadow', number: 2, name: 'Meadow', now: ['A Year in the Orchard'], next: 'Kitchen Stories: Rye' },
  {
    slug: 'orbit',
    number: 3,
    name: 'Orbit',
    now: ['Live from the Observatory: the long exposure of an ordinary winter night'],
    next: 'Small Bodies',
  },
  { slug: 'arena', number: 12, name: 'Arena', now: ['Handball: quarter-final'], next: 'Extra time' },
  {
    slug: 'attic',
    number: 21,
    name: 'Attic Cinema',
    air: { kind: 'off-air', since: iso(Date.now() - 42 * MINUTE) },
    next: 'Night Train (1959)',
  },
  { slug: 'junction', number: 104, name: 'Junction Radio', air: { kind: 'unknown' } },
]

export function channels(now: number): Channel[] {
  return SPECS.map((spec, index) => {
    const id = idOf(index + 1)
    const began = now - (12 + 9 * index) * MINUTE
    const [title, description] = spec.now ?? []
    return {
      id,
      slug: spec.slug,
      number: spec.number,
      name: spec.name,
      network: 'Fixture Television',
      air: spec.air ?? { kind: 'on-air' },
      tuner: index === 0 ? { kind: 'live', readers: 2, since: iso(now - 9 * MINUTE) } : { kind: 'idle' },
      tracks:
        index === 0
          ? [
              { kind: 'video', codec: 'h264', pid: 256 },
              { kind: 'audio', codec: 'aac', language: 'eng', pid: 257 },
            ]
          : [],
      ...(title === undefined
        ? {}
        : {
            now: programme(id, title, began, 50 + 10 * index, {
              subtitle: 'Series 2, part 4',
              ...(description === undefined ? {} : { description }),
            }),
          }),
      ...(spec.next === undefined ? {} : { next: programme(id, spec.next, began + (50 + 10 * index) * MINUTE, 45) }),
      urls: { ts: `/live/${spec.slug}.ts`, hls: `/live/${spec.slug}/index.m3u8` },
    }
  })
}

export const networks = (now: number): Network[] => [
  {
    id: 'n'.repeat(52),
    name: 'Fixture Television',
    channels: SPECS.length,
    catalogue: 7,
    link: `tributary:v1:${'n'.repeat(52)}?at=/ip4/192.0.2.7/tcp/4001/p2p/${peerOf(0)}`,
    joined: iso(now - 3 * 24 * 60 * MINUTE),
  },
]

export const recordings = (now: number, url: string, bytes: number, seconds: number): Recording[] => [
  {
    id: 'r-done',
    channel: idOf(2),
    channelName: 'Meadow',
    title: 'A Year in the Orchard',
    start: iso(now - 26 * 60 * MINUTE),
    ended: iso(now - 25 * 60 * MINUTE),
    capture: { kind: 'done', reason: 'reached-end' },
    bytes,
    duration: seconds,
    gaps: [],
    url,
  },
  {
    id: 'r-gaps',
    channel: idOf(3),
    channelName: 'Orbit',
    title: 'Small Bodies',
    start: iso(now - 180 * MINUTE),
    ended: iso(now - 120 * MINUTE),
    capture: { kind: 'done', reason: 'off-air' },
    bytes: 1_840_000_000,
    duration: 3524,
    gaps: [
      { began: iso(now - 170 * MINUTE), ended: iso(now - 170 * MINUTE + 4_200), cause: 'not-received' },
      { began: iso(now - 141 * MINUTE), ended: iso(now - 141 * MINUTE + 71_000), cause: 'relay-stopped' },
    ],
    url: '/recordings/r-gaps/file',
  },
  {
    id: 'r-failed',
    channel: idOf(4),
    channelName: 'Arena',
    title: 'Handball: qualification',
    start: iso(now - 50 * 60 * MINUTE),
    capture: { kind: 'failed', reason: 'no chunk arrived within 30 s' },
    bytes: 0,
    duration: 0,
    gaps: [],
    url: '/recordings/r-failed/file',
  },
]

export const renderers = (): Renderer[] => [
  {
    id: 'tv-living',
    name: 'Living room',
    manufacturer: 'Panel & Sons',
    model: 'PS-55',
    state: { kind: 'playing', channel: idOf(1), position: 732 },
  },
  { id: 'tv-kitchen', name: 'Kitchen', manufacturer: 'Norrsken', model: 'K32', state: { kind: 'idle' } },
  { id: 'tv-attic', name: 'Projector', state: { kind: 'failed', reason: 'it did not answer within 5 s' } },
]

export function swarms(tick: number): Swarm[] {
  const wave = (n: number, size: number): number => Math.round(size * (1 + 0.12 * Math.sin(tick / 3 + n)))
  const rates = [1_900_000, 1_250_000, 840_000, 420_000, 130_000]
  const partners = rates.map((rate, n) => ({
    peer: peerOf(n),
    transport: n === 3 ? 'webrtc' : n === 4 ? 'ws' : 'tcp',
    direction: n % 2 === 0 ? ('outbound' as const) : ('inbound' as const),
    rttMs: 8 + n * 17,
    bitsIn: wave(n, rate),
    bitsOut: n > 1 ? wave(n + 2, 700_000 * n) : 0,
    bytesIn: rate * 60,
    bytesOut: n > 1 ? 5_200_000 * n : 0,
    parentOf: n < 4 ? [n, n + 4] : [],
    childOf: n > 1 ? [0, 1, 2, 3] : [],
  }))
  const total = rates.reduce((sum, rate) => sum + rate, 0)
  return [
    {
      channel: idOf(1),
      channelName: 'Harbour One',
      role: 'peer',
      partners,
      bitsIn: partners.reduce((sum, { bitsIn }) => sum + bitsIn, 0),
      bitsOut: partners.reduce((sum, { bitsOut }) => sum + bitsOut, 0),
      bytesIn: 312_000_000,
      bytesOut: 448_000_000,
      lagMs: wave(1, 1_400),
      chunks: { received: 41_200 + tick * 8, duplicate: 210, missed: 3, rejected: 1 },
      shares: rates.map((rate, n) => ({ peer: peerOf(n), share: rate / total })),
      uploadCap: 12_000_000,
    },
  ]
}

export const peers = (now: number): Peer[] =>
  [0, 1, 2, 3, 4, 5, 6].map((n) => ({
    peer: peerOf(n),
    address: `/ip4/192.0.2.${10 + n}/tcp/4001/p2p/${peerOf(n)}`,
    transport: n === 3 ? 'webrtc' : 'tcp',
    direction: n % 2 === 0 ? 'outbound' : 'inbound',
    rttMs: 8 + n * 17,
    since: iso(now - (n + 1) * 7 * MINUTE),
  }))

export const status = (tick: number): Status => ({
  name: 'Tributary (fixture)',
  version: '0.1.0',
  peerId: peerOf(7),
  addresses: ['/ip4/127.0.0.1/tcp/4001'],
  uptime: 4_000 + tick,
  data: { free: 412_000_000_000, recordings: 3_260_000_000 },
  memory: { rss: 120_000_000, heap: 60_000_000 },
  blockedMs: 4,
  upload: { cap: 12_000_000, now: 6_300_000 },
  download: { now: 4_540_000 },
  ffmpeg: { kind: 'found', version: '5.1' },
  profiles: [{ id: 'h264', name: 'H.264 and AAC' }],
})
