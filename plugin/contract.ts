/**
 * All that a surface for a media host (a playlist, an add-on repository, a tuner emulation) may see of the relay, and all that it gives
 * back. A surface imports nothing else of this project, so that it could move to a process of its own behind this same contract.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface ShownChannel {
  /** Stable for ever; names and numbers may change. */
  readonly id: string
  readonly number: number
  readonly name: string
  /** The network's name. */
  readonly network: string
  readonly onAir: boolean
  /** MPEG-TS, as a path that ends in `.ts`; HEAD is answered there. */
  readonly livePath: string
  readonly now?: ShownProgramme
  readonly next?: ShownProgramme
}

export interface ShownProgramme {
  readonly id: string
  readonly title: string
  readonly subtitle?: string
  readonly description?: string
  readonly category?: string
  /** ms since the Unix epoch. */
  readonly start: number
  readonly end: number
}

export interface ShownRecording {
  readonly id: string
  readonly title: string
  readonly channelName: string
  /** ms since the Unix epoch. */
  readonly start: number
  /** Seconds. */
  readonly duration: number
  /** MPEG-TS with byte ranges, as a path. */
  readonly filePath: string
  readonly growing: boolean
}

/** A channel's programmes that overlap [from, to), ms since the Unix epoch. */
export interface ProgrammeQuery {
  readonly channel: string
  readonly from: number
  readonly to: number
}

export interface SurfaceLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
}

export interface SurfaceHost {
  channels(): readonly ShownChannel[]
  programmes(query: ProgrammeQuery): readonly ShownProgramme[]
  recordings(): readonly ShownRecording[]
  /** A short text that changes whenever channels or programmes do. */
  revision(): string
  /** `http://host:port`, as the client of this request reached us. */
  baseUrl(request: IncomingMessage): string
  /** ms since the Unix epoch. */
  now(): number
  readonly log: SurfaceLog
}

/** Answers GET and HEAD of exactly this path, or, if it ends in a slash, of all below it. It must lie below `/{surface}/`. */
export interface SurfaceMount {
  readonly path: string
  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void>
}

export interface Surface extends AsyncDisposable {
  readonly mounts: readonly SurfaceMount[]
}

/** What a surface's module exports as `start`. Its settings have passed the manifest's `configSchema`, defaults filled in. */
export type StartSurface = (host: SurfaceHost, settings: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<Surface>
