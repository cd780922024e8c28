/**
 * One packager per channel and profile, for all who watch it by HLS. HLS viewers come and go without a word, so a session lives while its
 * playlist or segments are asked for, and LINGER_MS longer. This file owns which sessions there are.
 */
import { abortable } from '../abortable.ts'
import type { Clock } from '../clock.ts'
import { messageOf, RelayError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { HlsPort, HlsSession, LiveRequest } from './ports.ts'

/** A player asks every target duration of 2 s; one that has been silent for so long has gone. */
const LINGER_MS = 20_000
/** How long the list with its end mark stays after the channel went off air, so that players see it. */
const ENDED_MS = 10_000
/** Each holds a window of segments in memory, some 15 MB at 8 Mbit/s. */
export const MAX_HLS_SESSIONS = 8

interface Entry {
  readonly opening: Promise<HlsSession>
  readonly lifetime: AbortController
  leaving: Disposable | undefined
}

export interface HlsSessions extends AsyncDisposable {
  /** Gets the session or starts one. @throws what HlsPort.open does, RelayError too-many-requests */
  open(request: Pick<LiveRequest, 'channel' | 'profile'>, signal: AbortSignal): Promise<HlsSession>
  /** Only when it runs already: a segment is never asked for before its playlist. */
  running(request: Pick<LiveRequest, 'channel' | 'profile'>, signal: AbortSignal): Promise<HlsSession | undefined>
  readonly size: number
}

export function hlsSessions(port: HlsPort, clock: Clock, log: Log): HlsSessions {
  const entries = new Map<string, Entry>()
  const keyOf = ({ channel, profile }: Pick<LiveRequest, 'channel' | 'profile'>): string => `${channel} ${profile ?? ''}`

  /** Idempotent; never rejects. */
  const drop = async (key: string, entry: Entry): Promise<void> => {
    if (entries.get(key) !== entry) return
    entries.delete(key)
    entry.leaving?.[Symbol.dispose]()
    entry.lifetime.abort()
    const session = await entry.opening.catch(() => undefined) // whoever asked has seen why it did not open
    try {
      await session?.[Symbol.asyncDispose]()
    } catch (error) {
      log.warn('an HLS session did not end in order', { error: messageOf(error) })
    }
  }
  const leave = (key: string, entry: Entry) => (): void => {
    drop(key, entry).catch(() => {}) // it never rejects
  }
  const leaveAfter = (key: string, entry: Entry, ms: number): void => {
    entry.leaving?.[Symbol.dispose]()
    entry.leaving = clock.after(ms, leave(key, entry))
  }

  const start = (key: string, request: Pick<LiveRequest, 'channel' | 'profile'>): Entry => {
    if (entries.size >= MAX_HLS_SESSIONS) {
      throw new RelayError('too-many-requests', `${MAX_HLS_SESSIONS} channels are watched by HLS already; /live/{channel}.ts is still open`)
    }
    const lifetime = new AbortController()
    const entry: Entry = { opening: port.open(request, lifetime.signal), lifetime, leaving: undefined }
    entries.set(key, entry)
    const ended = (): void => {
      if (entries.get(key) === entry) clock.after(ENDED_MS, leave(key, entry))
    }
    entry.opening.then((session) => session.ended.then(ended, ended)).catch(leave(key, entry))
    return entry
  }

  return {
    async open(request, signal) {
      const key = keyOf(request)
      const entry = entries.get(key) ?? start(key, request)
      leaveAfter(key, entry, LINGER_MS)
      return abortable(entry.opening, signal)
    },
    async running(request, signal) {
      const key = keyOf(request)
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      leaveAfter(key, entry, LINGER_MS)
      return abortable(entry.opening, signal)
    },
    get size() {
      return entries.size
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...entries].map(([key, entry]) => drop(key, entry)))
    },
  }
}
