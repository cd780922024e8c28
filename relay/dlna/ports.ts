/** What `dlna` needs of the relay, and nothing more. Times are ms since the Unix epoch, sizes bytes. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'

export interface DlnaProgramme {
  readonly title: string
  readonly subtitle?: string | undefined
  readonly description?: string | undefined
  readonly category?: string | undefined
  readonly start: number
  readonly end: number
}

export interface DlnaChannel {
  /** Stable: object ids are made of it. */
  readonly id: string
  /** Short ASCII: media URLs are made of it. */
  readonly slug: string
  readonly number: number
  readonly name: string
  readonly air: 'on-air' | 'off-air' | 'unknown'
  readonly now?: DlnaProgramme | undefined
  readonly next?: DlnaProgramme | undefined
}

export interface DlnaRecording {
  /** Stable and short: `[A-Za-z0-9_-]`. */
  readonly id: string
  readonly title: string
  readonly channelName: string
  readonly start: number
  readonly bytes: number
  /** Seconds. */
  readonly duration: number
  /** Still being written. */
  readonly running: boolean
  readonly description?: string | undefined
}

/** The name that the API has for no transcoding at all. */
export const ORIGINAL_PROFILE = 'original'

export interface LiveTarget {
  /** The channel's slug. */
  readonly channel: string
  /** A transcode profile; undefined is the channel as it was broadcast. */
  readonly profile: string | undefined
}

/** Sends media. `headers` are DLNA's own: the sender puts them on the 200, 206 or 416 that it answers. */
export interface MediaPort {
  /** Answers GET with the live transport stream, or with an error of its own (off air, no tuner). */
  live(target: LiveTarget, request: IncomingMessage, response: ServerResponse, headers: MediaHeaders): Promise<void>
  /** Answers GET and HEAD with the file, byte ranges included. */
  recording(id: string, request: IncomingMessage, response: ServerResponse, headers: MediaHeaders): Promise<void>
}
export type MediaHeaders = Readonly<Record<string, string>>

export interface DlnaPorts {
  /** In the order of their numbers. */
  channels(): readonly DlnaChannel[]
  recordings(): readonly DlnaRecording[]
  readonly media: MediaPort
}

export interface DlnaDeps {
  readonly ports: DlnaPorts
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}
