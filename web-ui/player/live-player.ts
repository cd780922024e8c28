/**
 * The live picture. It owns the video element's source, the engine, the retries and the watch over the buffer; what to do it asks
 * of state/picture.ts. It follows a channel signal: another channel, or news about this one, changes the picture.
 */
import { batch, effect, signal, type ReadonlySignal } from '@preact/signals'
import type { Channel } from '../../relay/http/schemas.ts'
import { problemOf } from '../browser.ts'
import { t } from '../i18n.ts'
import { aheadOf, planPicture, planSource, retryPause, sourceUrl, type PictureView, type Source, type Support } from '../state/picture.ts'
import type { PageClock } from '../state/ports.ts'
import type { Engine, Failure } from './engine.ts'
import { openHlsJs, openNativeHls } from './hls.ts'
import { loadMpegts, openMpegts } from './mpegts.ts'
import { createSound, type Sound } from './sound.ts'

export type Picture =
  | { readonly kind: 'off-air'; readonly since: string | undefined }
  | { readonly kind: 'unsupported'; readonly url: string }
  | { readonly kind: 'opening'; readonly since: number; readonly converting: boolean }
  | { readonly kind: 'playing' }
  | { readonly kind: 'stalled' }
  /** Waits for a click: the browser forbids to begin, or somebody paused. */
  | { readonly kind: 'blocked' }
  | { readonly kind: 'retrying'; readonly at: number; readonly reason: string }

export interface LivePlayer {
  readonly picture: ReadonlySignal<Picture>
  readonly sound: Sound
  /** How much has arrived that is not yet shown, ms. */
  readonly bufferMs: ReadonlySignal<number>
  readonly converting: ReadonlySignal<boolean>
  start(): void
  retryNow(): void
  close(): void
}

/** How often the buffer is looked at. */
const LOOK_MS = 400
/** Without a picture for this long after opening it is tried again; a cold channel takes a few seconds. */
const OPEN_LIMIT_MS = 20_000
/** A stream that ended cleanly mostly means off air: the news of that is on its way. */
const ENDED_PAUSE_MS = 1_500
/** Once it has played this long, failures count from nought again. */
const STEADY_MS = 10_000

const rangesOf = (video: HTMLVideoElement): PictureView['buffered'] =>
  Array.from({ length: video.buffered.length }, (_, index) => ({ start: video.buffered.start(index), end: video.buffered.end(index) }))

/** The relay's own words for why there is no stream. */
async function reasonOf(url: string, status: number): Promise<string> {
  if (typeof AbortController !== 'function') return t('watch.lostData')
  const abort = new AbortController()
  try {
    const response = await fetch(url, { signal: abort.signal })
    return response.ok || response.body === null ? t('watch.lostData') : (await problemOf(response)).detail
  } catch {
    return status === 0 ? t('problem.unreachable') : t('watch.lostData')
  } finally {
    abort.abort()
  }
}

export function startLivePlayer(
  video: HTMLVideoElement,
  deps: { readonly channel: ReadonlySignal<Channel | undefined>; readonly support: Support; readonly clock: PageClock },
): LivePlayer {
  const { channel, support, clock } = deps
  const picture = signal<Picture>({ kind: 'opening', since: clock.now(), converting: false })
  const bufferMs = signal(0)
  const converting = signal(false)
  const sound = createSound(video)
  /** What the browser refused to decode as it is, by channel id; and what went wrong with mpegts.js in a row. */
  const refused = signal<ReadonlySet<string>>(new Set())
  const mediaFailures = signal(0)
  let engine: Engine | undefined
  let playing: { readonly url: string; readonly source: Source } | undefined
  /** Counts openings: what an older one still brings is ignored. */
  let opening = 0
  let attempt = 0
  let playingSince = 0
  let lastTime = 0
  let lastMoved = clock.now()
  let cancelRetry = (): void => {}

  const closeEngine = (): void => {
    opening += 1
    cancelRetry()
    engine?.close()
    engine = undefined
  }

  const retry = (reason: string, atLeast = 0): void => {
    closeEngine()
    const pause = Math.max(retryPause(attempt), atLeast)
    attempt += 1
    picture.value = { kind: 'retrying', at: clock.now() + pause, reason }
    cancelRetry = clock.after(pause, open)
  }

  const onFailure = async (failure: Failure, url: string, source: Source): Promise<void> => {
    const mine = opening
    const id = channel.peek()?.id
    if (failure.kind === 'undecodable' && source.kind !== 'none' && source.profile === undefined && id !== undefined) {
      refused.value = new Set([...refused.value, id]) // the plan changes, and opens again
      return
    }
    if (failure.kind === 'broken' && failure.by === 'media') mediaFailures.value += 1
    const reason =
      failure.kind === 'undecodable' || (failure.kind === 'broken' && failure.by === 'media')
        ? t('watch.cannotDecode')
        : failure.kind === 'refused'
          ? await reasonOf(url, failure.status)
          : t('watch.lostData')
    if (mine === opening) retry(reason)
  }

  const start = async (): Promise<void> => {
    const mine = opening
    const outcome = await sound.play()
    if (mine === opening && outcome === 'blocked') picture.value = { kind: 'blocked' }
  }

  const attach = async (url: string, source: Source): Promise<void> => {
    const mine = opening
    const listeners = {
      onFailure: (failure: Failure) => {
        if (mine === opening) onFailure(failure, url, source).catch(() => {})
      },
      onEnded: () => {
        if (mine === opening) retry(t('watch.ended'), ENDED_PAUSE_MS)
      },
    }
    try {
      if (source.kind === 'mpegts') {
        const mpegts = await loadMpegts()
        if (mine === opening) engine = openMpegts(mpegts, video, url, listeners)
      } else if (source.kind === 'hls-js') {
        const opened = await openHlsJs(video, url, listeners)
        if (mine === opening) engine = opened
        else opened.close()
      } else engine = openNativeHls(video, url, listeners)
    } catch {
      // the player's own script did not arrive
      if (mine === opening) retry(t('watch.lostData'))
      return
    }
    if (mine === opening) await start()
  }

  function open(): void {
    closeEngine()
    if (playing === undefined) return
    const { url, source } = playing
    lastTime = 0
    lastMoved = clock.now()
    picture.value = { kind: 'opening', since: clock.now(), converting: source.kind !== 'none' && source.profile !== undefined }
    attach(url, source).catch(() => {})
  }

  /** Follows the channel. Only what changes the picture opens it anew: the rest of a channel changes all the time. */
  const stopFollowing = effect(() => {
    const current = channel.value
    const source =
      current === undefined ? undefined : planSource(current.tracks, support, refused.value.has(current.id), mediaFailures.value)
    const url = current === undefined || source === undefined ? undefined : sourceUrl(source, current)
    const air = current?.air
    batch(() => {
      if (current === undefined || source === undefined || url === undefined || air?.kind === 'off-air' || source.kind === 'none') {
        closeEngine()
        playing = undefined
        attempt = 0
        if (air?.kind === 'off-air') picture.value = { kind: 'off-air', since: air.since }
        else if (source?.kind === 'none' && current !== undefined) picture.value = { kind: 'unsupported', url: current.urls.ts }
        return
      }
      if (playing?.url === url && playing.source.kind === source.kind) return
      playing = { url, source }
      converting.value = source.profile !== undefined
      attempt = 0
      open()
    })
  })

  const look = (): void => {
    if (engine === undefined) return
    const now = clock.now()
    if (video.currentTime !== lastTime) {
      lastTime = video.currentTime
      lastMoved = now
    }
    const view = { currentTime: video.currentTime, buffered: rangesOf(video), paused: video.paused, stillMs: now - lastMoved }
    bufferMs.value = Math.round(aheadOf(view) * 10) * 100
    const state = picture.peek()
    if (state.kind === 'playing' && now - playingSince > STEADY_MS) attempt = 0
    if (state.kind === 'opening') {
      if (now - state.since > OPEN_LIMIT_MS) retry(t('watch.noPicture'))
      return
    }
    const step = planPicture(view)
    if (step.kind === 'jump') video.currentTime = step.to
    else if (step.kind === 'restart') retry(t('watch.still'))
  }
  const stopLooking = clock.every(LOOK_MS, look)

  const on = (name: string, run: () => void): (() => void) => {
    const guarded = (): void => {
      if (engine !== undefined) run()
    }
    video.addEventListener(name, guarded)
    return () => video.removeEventListener(name, guarded)
  }
  const listeners = [
    on('playing', () => {
      if (picture.peek().kind !== 'playing') playingSince = clock.now()
      picture.value = { kind: 'playing' }
    }),
    on('waiting', () => {
      if (picture.peek().kind === 'playing') picture.value = { kind: 'stalled' }
    }),
    on('pause', () => {
      const { kind } = picture.peek()
      if (kind === 'playing' || kind === 'stalled') picture.value = { kind: 'blocked' }
    }),
  ]

  return {
    picture,
    sound,
    bufferMs,
    converting,
    start: () => {
      start().catch(() => {})
    },
    retryNow: () => {
      attempt = 0
      open()
    },
    close: () => {
      stopFollowing()
      stopLooking()
      for (const off of listeners) off()
      closeEngine()
    },
  }
}
