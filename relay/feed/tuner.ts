/**
 * Get-or-start of feeds by channel and profile. The tuner owns the map of what is tuned, the count of who holds it, and the linger: a feed
 * that nobody holds stays for a while, and the next tune cancels its leaving. A join is shared by all who ask for it meanwhile; who stops
 * waiting leaves it to the others. A feed that ends, or a join that fails, leaves no trace.
 */
import { abortable } from '../abortable.ts'
import type { Clock } from '../clock.ts'
import { messageOf, RelayError } from '../errors.ts'
import { Events, type EventSource } from '../events.ts'
import type { Log } from '../log.ts'
import type { Feed } from './feed.ts'
import { firstPicture, type Tuned } from './first-picture.ts'
import { shownState, type State, type TunerState } from './tuner-state.ts'

export interface TunerDeps {
  /** Joins the channel's swarm. May throw `channel-not-found`, `channel-off-air`. */
  join(channelId: string, signal: AbortSignal): Promise<Tuned>
  /** Starts a rendition of a feed. May throw `profile-not-found`, `ffmpeg-missing`, `ffmpeg-failed`. */
  render(feed: Feed, profileId: string, signal: AbortSignal): Promise<Tuned>
  /** What is known of the channel when a join has failed at its deadline; undefined: nothing. */
  onAir?(channelId: string): boolean | undefined
  readonly clock: Clock
  readonly log: Log
  /** How long a feed stays that nobody holds, ms. @default 10 s */
  readonly lingerMs?: number
  /** Feeds at once, renditions among them. @default 16 */
  readonly maxFeeds?: number
}

/** The right to read a feed; disposing gives it back. */
export interface Lease extends Disposable {
  readonly feed: Feed
}

export interface Tuner extends AsyncDisposable {
  /**
   * Resolves when a reader would begin at once. Throws `tune-timeout`, `channel-off-air`, `too-many-requests`, what join and render throw,
   * and the signal's reason.
   */
  tune(channelId: string, profileId: string | undefined, signal: AbortSignal): Promise<Lease>
  /** By channel; a channel that is not there is idle. */
  states(): ReadonlyMap<string, TunerState>
  /** The feed that is live or lingers; taking it from here holds nothing. */
  peek(channelId: string, profileId?: string): Feed | undefined
  readonly events: EventSource<TunerEvents>
}

export interface TunerEvents {
  /** A channel's state, or its number of readers, is another one. */
  readonly changed: { readonly channel: string }
}

/** Who zaps back within it sees the picture at once. */
const LINGER_MS = 10_000
/** Players give up after about 10 s; ours is the better explanation. */
const JOIN_DEADLINE_MS = 8_000
/** The channel's own join, and then as long for the first frame out of the encoder. */
const RENDER_DEADLINE_MS = 2 * JOIN_DEADLINE_MS
/** Each costs a window of 64 MiB at most, and a swarm session or an ffmpeg. */
const MAX_FEEDS = 16

interface Entry {
  readonly key: string
  readonly channel: string
  readonly profile: string | undefined
  /** Aborted when the entry closes. */
  readonly lifetime: AbortController
  readonly ready: Promise<Feed>
  /** Leases and callers that wait for one. */
  holders: number
  state: State
}

const keyOf = (channel: string, profile: string | undefined): string => (profile === undefined ? channel : `${channel}/${profile}`)

export function startTuner(deps: TunerDeps): Tuner {
  const { clock, log } = deps
  const lingerMs = deps.lingerMs ?? LINGER_MS
  const maxFeeds = deps.maxFeeds ?? MAX_FEEDS
  const entries = new Map<string, Entry>()
  const closing = new Map<string, Promise<void>>()
  const events = new Events<TunerEvents>()
  let stopped: Promise<void> | undefined

  const become = (entry: Entry, state: State): void => {
    entry.state = state
    events.emit('changed', { channel: entry.channel })
  }

  /** Drops the entry at once and lets go of what is behind it; a new join of the same key waits for that. */
  const close = (entry: Entry): void => {
    const { state } = entry
    if (state.kind === 'closed') return
    if (state.kind === 'lingering') state.timer[Symbol.dispose]()
    if (entries.get(entry.key) === entry) entries.delete(entry.key)
    become(entry, { kind: 'closed' })
    entry.lifetime.abort(new DOMException(`the feed of ${entry.key} is closed`, 'AbortError'))
    if (state.kind !== 'joining') letGo(entry.key, state.tuned)
  }

  const letGo = (key: string, tuned: Tuned): void => {
    const before = closing.get(key) ?? Promise.resolve()
    const gone = Promise.all([before, tuned[Symbol.asyncDispose]()]).then(
      () => {},
      (error: unknown) => log.warn('letting go of a feed failed', { feed: key, error: messageOf(error) }),
    )
    closing.set(key, gone)
    gone.finally(() => closing.get(key) === gone && closing.delete(key)).catch(() => {}) // `gone` never rejects
  }

  const settle = (entry: Entry): void => {
    const { state } = entry
    if (state.kind === 'live' && entry.holders === 0) {
      const timer = clock.after(lingerMs, () => close(entry))
      become(entry, { kind: 'lingering', tuned: state.tuned, since: state.since, until: clock.now() + lingerMs, timer })
    } else if (state.kind === 'lingering' && entry.holders > 0) {
      state.timer[Symbol.dispose]()
      become(entry, { kind: 'live', tuned: state.tuned, since: state.since })
    } else if (state.kind === 'live') {
      events.emit('changed', { channel: entry.channel })
    }
  }

  const hold = (entry: Entry): void => {
    entry.holders += 1
    settle(entry)
  }
  const release = (entry: Entry): void => {
    entry.holders -= 1
    settle(entry)
  }

  /** A rendition holds the channel it is made from. */
  const render = async (channel: string, profile: string, signal: AbortSignal): Promise<Tuned> => {
    using base = new DisposableStack()
    const lease = base.use(await tune(channel, undefined, signal))
    const rendition = await deps.render(lease.feed, profile, signal)
    const held = base.move()
    return {
      feed: rendition.feed,
      async [Symbol.asyncDispose]() {
        try {
          await rendition[Symbol.asyncDispose]()
        } finally {
          held.dispose()
        }
      },
    }
  }

  const start = (key: string, channel: string, profile: string | undefined, lifetime: AbortController): Promise<Tuned> =>
    firstPicture({
      channel,
      async open(signal) {
        await abortable(closing.get(key) ?? Promise.resolve(), signal)
        return profile === undefined ? deps.join(channel, signal) : render(channel, profile, signal)
      },
      onAir: deps.onAir === undefined ? undefined : () => deps.onAir?.(channel),
      letGo: (tuned) => letGo(key, tuned),
      deadlineMs: profile === undefined ? JOIN_DEADLINE_MS : RENDER_DEADLINE_MS,
      clock,
      lifetime,
    })

  const open = (channel: string, profile: string | undefined): Entry => {
    const key = keyOf(channel, profile)
    const lifetime = new AbortController()
    const ready = start(key, channel, profile, lifetime).then(
      (tuned) => {
        if (entry.state.kind === 'closed') {
          letGo(key, tuned)
          throw lifetime.signal.reason as Error
        }
        become(entry, { kind: 'live', tuned, since: clock.now() })
        tuned.feed.ended.then(() => close(entry)).catch(() => {}) // `ended` never rejects
        settle(entry)
        return tuned.feed
      },
      (error: unknown) => {
        close(entry)
        throw error
      },
    )
    ready.catch((error: unknown) => log.info('tuning failed', { feed: key, error: messageOf(error) }))
    const entry: Entry = { key, channel, profile, lifetime, ready, holders: 0, state: { kind: 'joining', since: clock.now() } }
    entries.set(key, entry)
    events.emit('changed', { channel })
    return entry
  }

  /** What nobody holds makes room, the one that was left first before the others. */
  const makeRoom = (): void => {
    if (entries.size < maxFeeds) return
    const idle = [...entries.values()].filter((entry) => entry.holders === 0)
    const untilOf = ({ state }: Entry): number => (state.kind === 'lingering' ? state.until : Infinity)
    const first = idle.toSorted((a, b) => untilOf(a) - untilOf(b))[0]
    if (first === undefined) {
      throw new RelayError('too-many-requests', `all ${maxFeeds} tuners are in use; stop a viewer or a recording of another channel first`)
    }
    close(first)
  }

  const tune = async (channel: string, profile: string | undefined, signal: AbortSignal): Promise<Lease> => {
    signal.throwIfAborted()
    if (stopped !== undefined) throw new RelayError('tune-timeout', 'the relay is stopping; try again when it runs')
    let entry = entries.get(keyOf(channel, profile))
    if (entry === undefined) {
      makeRoom()
      entry = open(channel, profile)
    }
    const held = entry
    hold(held)
    try {
      const feed = await abortable(held.ready, signal)
      let given = false
      return {
        feed,
        [Symbol.dispose]() {
          if (!given) release(held)
          given = true
        },
      }
    } catch (error) {
      release(held)
      throw error
    }
  }

  return {
    tune,
    events,
    states() {
      const states = new Map<string, TunerState>()
      for (const { channel, profile, state, holders } of entries.values()) {
        // A rendition holds its channel, which counts it as a reader.
        const shown = profile === undefined ? shownState(state, holders) : undefined
        if (shown !== undefined) states.set(channel, shown)
      }
      return states
    },
    peek(channel, profile) {
      const state = entries.get(keyOf(channel, profile))?.state
      return state?.kind === 'live' || state?.kind === 'lingering' ? state.tuned.feed : undefined
    },
    [Symbol.asyncDispose]() {
      stopped ??= (async () => {
        const joins = [...entries.values()].map((entry) => entry.ready.catch(() => {})) // their callers see the failure
        for (const entry of entries.values()) close(entry)
        await Promise.all(joins)
        while (closing.size > 0) await Promise.all(closing.values())
      })()
      return stopped
    },
  }
}
