/**
 * The API's shapes: requests are validated against them, the OpenAPI document is generated from them, and the page imports their types.
 * Times are RFC 3339 in UTC, rates bit/s, sizes bytes.
 */
import { z } from 'zod'

const instant = z.iso.datetime()
/** A channel's stable id, base32 of its key; paths take the slug as well. */
const channelId = z.string().regex(/^[a-z2-7]{52}$/)

export const Programme = z.object({
  id: z.string(),
  channel: channelId,
  title: z.string(),
  subtitle: z.string().optional(),
  description: z.string().optional(),
  category: z.string().optional(),
  start: instant,
  end: instant,
})

export const AirState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('on-air') }),
  z.object({ kind: z.literal('off-air'), since: instant.optional() }),
  /** Nobody has told us yet. */
  z.object({ kind: z.literal('unknown') }),
])

/** What this relay does with the channel now. */
export const TunerState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('idle') }),
  z.object({ kind: z.literal('joining'), since: instant }),
  z.object({ kind: z.literal('live'), readers: z.number().int(), since: instant }),
  z.object({ kind: z.literal('lingering'), until: instant }),
])

export const Track = z.object({
  kind: z.enum(['video', 'audio', 'subtitle', 'teletext', 'data']),
  codec: z.string(),
  language: z.string().optional(),
  pid: z.number().int(),
})

export const Channel = z.object({
  id: channelId,
  slug: z.string(),
  number: z.number().int(),
  name: z.string(),
  network: z.string(),
  air: AirState,
  tuner: TunerState,
  /** Known once the channel is tuned. */
  tracks: z.array(Track),
  now: Programme.optional(),
  next: Programme.optional(),
  recording: z.string().optional(),
  urls: z.object({ ts: z.string(), hls: z.string() }),
})

export const Network = z.object({
  id: z.string(),
  name: z.string(),
  channels: z.number().int(),
  /** The catalogue's sequence; 0 before the first has arrived. */
  catalogue: z.number().int(),
  link: z.string(),
  joined: instant,
})
export const JoinNetwork = z.strictObject({ link: z.string().min(1).max(4096) })

export const RecordingGap = z.object({ began: instant, ended: instant, cause: z.enum(['not-received', 'relay-stopped', 'reader-slow']) })
export const Capture = z.discriminatedUnion('kind', [
  /** Booked, not yet begun. */
  z.object({ kind: z.literal('due') }),
  z.object({ kind: z.literal('running') }),
  z.object({ kind: z.literal('done'), reason: z.enum(['stopped', 'reached-end', 'off-air', 'disk-full', 'relay-stopped']) }),
  z.object({ kind: z.literal('failed'), reason: z.string() }),
])
export const Recording = z.object({
  id: z.string(),
  channel: channelId,
  channelName: z.string(),
  title: z.string(),
  /** When the first byte was recorded, or will be. */
  start: instant,
  /** Planned end; absent: until stopped. */
  until: instant.optional(),
  ended: instant.optional(),
  capture: Capture,
  bytes: z.number().int(),
  /** Recorded length, seconds. */
  duration: z.number(),
  gaps: z.array(RecordingGap),
  url: z.string(),
})
/** Records a channel now: for `seconds`, until `until`, or until stopped. */
export const StartRecording = z
  .strictObject({
    channel: z.string().min(1).max(64),
    seconds: z.number().int().min(1).max(86_400).optional(),
    until: instant.optional(),
    title: z.string().min(1).max(200).optional(),
  })
  .refine((body) => body.seconds === undefined || body.until === undefined, { message: 'give `seconds` or `until`, not both' })

export const Partner = z.object({
  peer: z.string(),
  transport: z.string(),
  direction: z.enum(['inbound', 'outbound']),
  rttMs: z.number().optional(),
  bitsIn: z.number(),
  bitsOut: z.number(),
  bytesIn: z.number(),
  bytesOut: z.number(),
  /** Sub-streams that this partner pushes to us, and we to it. */
  parentOf: z.array(z.number().int()),
  childOf: z.array(z.number().int()),
})
export const Swarm = z.object({
  channel: channelId,
  channelName: z.string(),
  role: z.enum(['source', 'peer']),
  partners: z.array(Partner),
  bitsIn: z.number(),
  bitsOut: z.number(),
  bytesIn: z.number(),
  bytesOut: z.number(),
  /** Newest verified chunk's age when it arrived, ms. */
  lagMs: z.number().optional(),
  chunks: z.object({ received: z.number().int(), duplicate: z.number().int(), missed: z.number().int(), rejected: z.number().int() }),
  /** Share of the bytes by the partner they came from, 0 to 1, largest first. */
  shares: z.array(z.object({ peer: z.string(), share: z.number() })),
  /** bit/s; absent: no cap. */
  uploadCap: z.number().optional(),
})
export const Peer = z.object({
  peer: z.string(),
  address: z.string(),
  transport: z.string(),
  direction: z.enum(['inbound', 'outbound']),
  rttMs: z.number().optional(),
  since: instant,
})

export const Renderer = z.object({
  id: z.string(),
  name: z.string(),
  manufacturer: z.string().optional(),
  model: z.string().optional(),
  state: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('idle') }),
    z.object({ kind: z.literal('starting'), channel: channelId }),
    z.object({ kind: z.literal('playing'), channel: channelId.optional(), position: z.number() }),
    z.object({ kind: z.literal('failed'), reason: z.string() }),
  ]),
})
export const PlayOnRenderer = z.strictObject({ channel: z.string().min(1).max(64), profile: z.string().max(32).optional() })

export const Status = z.object({
  name: z.string(),
  version: z.string(),
  peerId: z.string(),
  addresses: z.array(z.string()),
  uptime: z.number(),
  data: z.object({ free: z.number(), recordings: z.number() }),
  memory: z.object({ rss: z.number(), heap: z.number() }),
  /** Longest block of the main thread in the last minute, ms. */
  blockedMs: z.number(),
  /** bit/s; no cap: absent. */
  upload: z.object({ cap: z.number().optional(), now: z.number() }),
  download: z.object({ now: z.number() }),
  ffmpeg: z.object({ kind: z.enum(['found', 'missing']), version: z.string().optional() }),
  profiles: z.array(z.object({ id: z.string(), name: z.string() })),
})

export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  /** Where in the request it was wrong. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})

/** What `/api/v1/events` sends: the event's name says which resource changed, its data is that list, whole. */
export const EVENT_NAMES = ['channels', 'recordings', 'renderers', 'swarms', 'networks', 'status'] as const

export type Programme = z.infer<typeof Programme>
export type AirState = z.infer<typeof AirState>
export type TunerState = z.infer<typeof TunerState>
export type Track = z.infer<typeof Track>
export type Channel = z.infer<typeof Channel>
export type Network = z.infer<typeof Network>
export type JoinNetwork = z.infer<typeof JoinNetwork>
export type RecordingGap = z.infer<typeof RecordingGap>
export type Capture = z.infer<typeof Capture>
export type Recording = z.infer<typeof Recording>
export type StartRecording = z.infer<typeof StartRecording>
export type Partner = z.infer<typeof Partner>
export type Swarm = z.infer<typeof Swarm>
export type Peer = z.infer<typeof Peer>
export type Renderer = z.infer<typeof Renderer>
export type PlayOnRenderer = z.infer<typeof PlayOnRenderer>
export type Status = z.infer<typeof Status>
export type Problem = z.infer<typeof Problem>
