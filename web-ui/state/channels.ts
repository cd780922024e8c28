/** What the page derives of channels and recordings. All pure. */
import type { Channel, Programme, Recording, Renderer, Swarm } from '../../relay/http/schemas.ts'
import type { PendingRecord, PendingRenderer } from './actions.ts'

/** The state of a record button. */
export type RecordState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'recording'; readonly id: string }
  | { readonly kind: 'stopping'; readonly id: string }

export function recordStateOf(channel: Channel, pending: PendingRecord | undefined): RecordState {
  if (channel.recording === undefined) return { kind: pending === 'starting' ? 'starting' : 'idle' }
  return { kind: pending === 'stopping' ? 'stopping' : 'recording', id: channel.recording }
}

/** Who watches: a recording reads the channel too, but nobody sits in front of it. */
export const viewersOf = ({ tuner, recording }: Pick<Channel, 'tuner' | 'recording'>): number =>
  tuner.kind === 'live' ? Math.max(0, tuner.readers - (recording === undefined ? 0 : 1)) : 0

export interface NowNext {
  readonly now: Programme | undefined
  readonly next: Programme | undefined
}

/** `now` and `next` at the time `at` (ms): the relay tells them when they change, the page does not wait for it. */
export function nowNextOf(channel: Pick<Channel, 'now' | 'next'>, at: number): NowNext {
  const { now, next } = channel
  const runs = (programme: Programme | undefined): boolean =>
    programme !== undefined && Date.parse(programme.start) <= at && Date.parse(programme.end) > at
  if (runs(now)) return { now, next }
  if (runs(next)) return { now: next, next: undefined }
  return { now: undefined, next: next !== undefined && Date.parse(next.start) > at ? next : undefined }
}

/** 0 to 1. */
export function progressOf(programme: Pick<Programme, 'start' | 'end'>, at: number): number {
  const start = Date.parse(programme.start)
  const length = Date.parse(programme.end) - start
  return length > 0 ? Math.min(Math.max((at - start) / length, 0), 1) : 0
}

export const sortedChannels = (channels: readonly Channel[]): readonly Channel[] =>
  [...channels].sort((a, b) => a.number - b.number || a.name.localeCompare(b.name))

/** By slug or id, as in the API's paths. */
export const findChannel = (channels: readonly Channel[], slugOrId: string): Channel | undefined =>
  channels.find((channel) => channel.slug === slugOrId || channel.id === slugOrId)

/** The channel `step` places on in the order of numbers, round the end. */
export function neighbourOf(channels: readonly Channel[], id: string, step: 1 | -1): Channel | undefined {
  const sorted = sortedChannels(channels)
  const at = sorted.findIndex((channel) => channel.id === id)
  return at === -1 ? sorted[0] : sorted[(at + step + sorted.length) % sorted.length]
}

/** What a renderer does, pending wishes first. */
export type RendererView =
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting'; readonly channel: string }
  | { readonly kind: 'playing'; readonly channel: string | undefined; readonly position: number }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'failed'; readonly reason: string }

export function rendererViewOf(renderer: Renderer, pending: PendingRenderer | undefined): RendererView {
  if (pending !== undefined) return pending
  const { state } = renderer
  return state.kind === 'playing' ? { kind: 'playing', channel: state.channel, position: state.position } : state
}

/** Newest first; what is due or running comes before what is done. */
export function sortedRecordings(recordings: readonly Recording[], removed: ReadonlySet<string>): readonly Recording[] {
  const rank = (recording: Recording): number => (recording.capture.kind === 'running' ? 0 : recording.capture.kind === 'due' ? 1 : 2)
  return recordings
    .filter((recording) => !removed.has(recording.id))
    .sort((a, b) => rank(a) - rank(b) || Date.parse(b.start) - Date.parse(a.start))
}

/** Recorded seconds; of a running one what has passed since the last news is added, so that it counts on. */
export function recordedSeconds(recording: Recording, at: number): number {
  if (recording.capture.kind !== 'running') return recording.duration
  const missed = recording.gaps.reduce((sum, gap) => sum + Math.max(0, Date.parse(gap.ended) - Date.parse(gap.began)), 0)
  return Math.max(recording.duration, (at - Date.parse(recording.start) - missed) / 1000)
}

export const gapSeconds = (gaps: Recording['gaps']): number =>
  gaps.reduce((sum, gap) => sum + Math.max(0, Date.parse(gap.ended) - Date.parse(gap.began)) / 1000, 0)

/** One part of a bar of shares. */
export interface Share {
  readonly peer: string
  readonly share: number
}
/** A bar with more parts cannot be read; the rest is drawn as one. */
const MAX_SHARES = 6

export function sharesOf(swarm: Swarm): readonly Share[] {
  const shares = swarm.shares.filter(({ share }) => share > 0)
  if (shares.length <= MAX_SHARES) return shares
  const head = shares.slice(0, MAX_SHARES - 1)
  return [...head, { peer: '', share: shares.slice(MAX_SHARES - 1).reduce((sum, { share }) => sum + share, 0) }]
}

/** bit/s. Peers that exchange no television still tell each other what they have. */
const TALK = 16_000

/** How many peers the channel comes from and goes to at the moment; who gave or took before may rest. */
export const exchangeOf = ({ partners }: Pick<Swarm, 'partners'>): { readonly from: number; readonly to: number } => ({
  from: partners.filter(({ bitsIn, parentOf }) => bitsIn > TALK || parentOf.length > 0).length,
  to: partners.filter(({ bitsOut, childOf }) => bitsOut > TALK || childOf.length > 0).length,
})

/** The place of a peer's colour, the same in every list of one swarm. */
export const partnerHue = (swarm: Swarm, peer: string): number => {
  const at = swarm.shares.findIndex((share) => share.peer === peer)
  return at === -1 || at >= MAX_SHARES ? MAX_SHARES : at + 1
}

/** A peer id is long and begins like all others; its end tells peers apart. */
export const shortPeer = (peer: string): string => (peer.length > 8 ? peer.slice(-8) : peer)
