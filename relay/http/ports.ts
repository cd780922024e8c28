/**
 * What the HTTP server shows, as small ports: the composition root joins them to feed, tuner, recorder, network and the rest. Shapes
 * are those of `schemas.ts`, less what only this folder knows (URLs, the process's own figures).
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import type { Clock } from '../clock.ts'
import type { EventSource } from '../events.ts'
import type { Log } from '../log.ts'
import type { Channel, EVENT_NAMES, Network, Peer, Programme, Recording, Renderer, Status, Swarm } from './schemas.ts'

export type EventName = (typeof EVENT_NAMES)[number]
export type ChannelInfo = Omit<Channel, 'urls'>
export type RecordingInfo = Omit<Recording, 'url'>
export type StatusInfo = Omit<Status, 'blockedMs' | 'memory' | 'uptime'>

export interface ChannelsPort {
  list(): readonly ChannelInfo[]
  /** By id or slug. */
  get(idOrSlug: string): ChannelInfo | undefined
}

export interface GuideQuery {
  /** ms since the Unix epoch; programmes that overlap [from, to). */
  readonly from: number
  readonly to: number
  /** A channel's id; absent: all. */
  readonly channel: string | undefined
}

export interface GuidePort {
  programmes(query: GuideQuery): readonly Programme[]
  programme(id: string): Programme | undefined
}

export interface NetworksPort {
  list(): readonly Network[]
  /** @throws RelayError join-link-invalid, network-invalid, catalogue-invalid */
  join(link: string, signal: AbortSignal): Promise<Network>
  /** The join link of a network as a QR code, an SVG document; undefined when there is no such network. */
  qrCode(id: string): string | undefined
}

export interface RecordRequest {
  /** The channel's id and name. */
  readonly channel: string
  readonly channelName: string
  readonly title: string | undefined
  /** ms since the Unix epoch; absent: until stopped. */
  readonly until: number | undefined
}

/** A recording's bytes on disk; the size is asked of the file itself, as it may still grow. */
export interface RecordingFile {
  readonly path: string
  readonly growing: boolean
}

export interface RecordingsPort {
  list(): readonly RecordingInfo[]
  get(id: string): RecordingInfo | undefined
  /** @throws RelayError recording-invalid, channel-off-air, disk-full */
  record(request: RecordRequest): Promise<RecordingInfo>
  stop(id: string): Promise<RecordingInfo>
  remove(id: string): Promise<void>
  file(id: string): RecordingFile | undefined
}

export interface LiveRequest {
  readonly channel: string
  readonly profile: string | undefined
  /** Where to begin, ms since the Unix epoch; absent: at the newest random access point. */
  readonly from: number | undefined
}

/** One viewer's stream. Disposing gives the channel back. */
export interface LiveStream extends Disposable {
  /**
   * Writes MPEG-TS that begins with PAT, PMT and a random access point, keeping to the writer's pace. Resolves when the channel has gone
   * off air or the writer has closed; rejects with the signal's reason.
   */
  writeTo(out: Writable, signal: AbortSignal): Promise<unknown>
}

export interface LivePort {
  /** @throws RelayError channel-off-air, tune-timeout, profile-not-found, ffmpeg-missing */
  open(request: LiveRequest, signal: AbortSignal): Promise<LiveStream>
}

/** Segments of one channel, cut while the session lives. Disposing gives the channel back. */
export interface HlsSession extends AsyncDisposable {
  /** Waits until there is something to list. Segments are named `{n}.ts`, relative, with the session's `?profile=` behind. */
  playlist(signal: AbortSignal): string | Promise<string>
  segment(number: number): readonly Uint8Array[] | undefined
  /** Resolves when the channel goes off air. */
  readonly ended: Promise<unknown>
}

export interface HlsPort {
  open(request: Pick<LiveRequest, 'channel' | 'profile'>, signal: AbortSignal): Promise<HlsSession>
}

export interface RenderersPort {
  list(): readonly Renderer[]
  /** @throws RelayError renderer-not-found, renderer-refused, renderer-timeout */
  play(id: string, what: { readonly channel: string; readonly profile: string | undefined }, signal: AbortSignal): Promise<void>
  stop(id: string, signal: AbortSignal): Promise<void>
}

/** A peer that broke the protocol, by what it did. */
export interface ViolationCount {
  readonly peer: string
  readonly violation: string
  readonly count: number
}

/** Which list has changed; the value is of no interest. */
export type Changes = { readonly [Name in EventName]: unknown }

/** Media on behalf of another protocol: DLNA decides about headers, this server sends. Failures reject with a RelayError, before any byte. */
export interface MediaSender {
  /** The channel by id or slug. Ends with the connection over HTTP/1.0, or when `headers` say `Connection: close`. */
  live(
    target: { readonly channel: string; readonly profile: string | undefined },
    request: IncomingMessage,
    response: ServerResponse,
    headers: Readonly<Record<string, string>>,
  ): Promise<void>
  /** GET and HEAD with byte ranges. */
  recording(id: string, request: IncomingMessage, response: ServerResponse, headers: Readonly<Record<string, string>>): Promise<void>
}

export interface HttpPorts {
  readonly clock: Clock
  readonly log: Log
  readonly channels: ChannelsPort
  readonly guide: GuidePort
  readonly networks: NetworksPort
  readonly recordings: RecordingsPort
  readonly live: LivePort
  readonly hls: HlsPort
  readonly renderers: RenderersPort
  peers(): readonly Peer[]
  swarms(): readonly Swarm[]
  violations(): readonly ViolationCount[]
  status(): StatusInfo | Promise<StatusInfo>
  readonly changes: EventSource<Changes>
}

/** Serves everything below a path: DLNA and plug-ins. False: not mine, so that 404 is answered. */
export type MountHandler = (request: IncomingMessage, response: ServerResponse) => boolean | void | Promise<boolean | void>

export interface Mount {
  /** As in `/dlna/`: everything below it, or, without the slash at the end, exactly it. */
  readonly path: string
  /** `read`: GET and HEAD only. */
  readonly methods: 'read' | 'any'
  readonly handle: MountHandler
}
