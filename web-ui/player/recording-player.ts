/** A recording's picture. It owns the video element's source, and knows which second of the recording the source began at. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { Recording } from '../../relay/http/schemas.ts'
import { byteAt } from '../state/picture.ts'
import type { PageClock } from '../state/ports.ts'
import { dispose, failureOf, loadMpegts } from './mpegts.ts'
import { recordingLoader } from './recording-loader.ts'
import { createSound, type Sound } from './sound.ts'

export type Playback =
  | { readonly kind: 'opening' }
  | { readonly kind: 'playing' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'undecodable' }
  | { readonly kind: 'failed' }

export interface RecordingPlayer {
  readonly playback: ReadonlySignal<Playback>
  /** Seconds from the recording's beginning. */
  readonly position: ReadonlySignal<number>
  readonly sound: Sound
  toggle(): void
  seek(to: number): void
  close(): void
}

/** Decoding begins at the next random access point: so much of the end cannot be begun at. Seconds. */
const END_MARGIN_S = 2
/** No picture after this time: the format is none that the browser shows. */
const OPEN_LIMIT_MS = 12_000
const LAZY_LOAD_S = 90

export function startRecordingPlayer(
  video: HTMLVideoElement,
  deps: { readonly recording: ReadonlySignal<Recording>; readonly clock: PageClock },
): RecordingPlayer {
  const { recording, clock } = deps
  const playback = signal<Playback>({ kind: 'opening' })
  const position = signal(0)
  const sound = createSound(video)
  let close = (): void => {}
  let opening = 0
  let offset = 0
  let cancelLimit = (): void => {}

  const open = async (from: number): Promise<void> => {
    opening += 1
    const mine = opening
    close()
    cancelLimit()
    playback.value = { kind: 'opening' }
    const mpegts = await loadMpegts()
    if (mine !== opening) return
    const { url, duration, bytes } = recording.peek()
    offset = from
    const source = { url, from: byteAt(from, duration, bytes), growing: () => recording.peek().capture.kind === 'running' }
    const player = mpegts.createPlayer(
      { type: 'mpegts', isLive: false, url: new URL(url, location.href).href },
      {
        customLoader: recordingLoader(mpegts, source, clock),
        enableWorker: false,
        lazyLoadMaxDuration: LAZY_LOAD_S,
        autoCleanupSourceBuffer: true,
      },
    )
    player.on(mpegts.Events.ERROR, (type: string, detail: string, info: { code?: number } | undefined) => {
      if (mine !== opening) return
      const failure = failureOf(mpegts, type, detail, info)
      playback.value = {
        kind: failure.kind === 'refused' || (failure.kind === 'broken' && failure.by === 'network') ? 'failed' : 'undecodable',
      }
    })
    player.attachMediaElement(video)
    player.load()
    close = () => dispose(player)
    cancelLimit = clock.after(OPEN_LIMIT_MS, () => {
      if (mine === opening && playback.peek().kind === 'opening' && video.videoWidth === 0 && video.buffered.length === 0)
        playback.value = { kind: 'undecodable' }
    })
    if ((await sound.play()) === 'blocked' && mine === opening) playback.value = { kind: 'paused' }
  }
  const reopen = (from: number): void => {
    open(from).catch(() => {
      playback.value = { kind: 'failed' }
    })
  }

  const set = (kind: 'playing' | 'waiting' | 'paused' | 'ended') => (): void => {
    const now = playback.peek().kind
    if (now !== 'undecodable' && now !== 'failed' && !(now === 'opening' && kind !== 'playing')) playback.value = { kind }
  }
  const listeners: readonly (readonly [string, () => void])[] = [
    ['playing', set('playing')],
    ['waiting', set('waiting')],
    ['pause', set('paused')],
    ['ended', set('ended')],
    [
      'timeupdate',
      () => {
        if (video.readyState > 0) position.value = offset + video.currentTime
      },
    ],
  ]
  for (const [name, run] of listeners) video.addEventListener(name, run)
  reopen(0)

  const seek = (to: number): void => {
    const { duration } = recording.peek()
    const target = Math.min(Math.max(to, 0), Math.max(duration - END_MARGIN_S, 0))
    position.value = target
    for (let index = 0; index < video.buffered.length; index += 1) {
      const inside = target - offset
      if (inside >= video.buffered.start(index) && inside < video.buffered.end(index) - 0.2) {
        video.currentTime = inside
        if (video.paused) sound.play().catch(() => {})
        return
      }
    }
    reopen(target)
  }

  return {
    playback,
    position,
    sound,
    seek,
    toggle() {
      const { kind } = playback.peek()
      if (kind === 'ended' || kind === 'failed') reopen(0)
      else if (video.paused) sound.play().catch(() => {})
      else video.pause()
    },
    close() {
      opening += 1
      cancelLimit()
      for (const [name, run] of listeners) video.removeEventListener(name, run)
      close()
    },
  }
}
