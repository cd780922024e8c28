/** The sound of a video element: what the person chose, and what the browser allows. It owns `muted` and `volume`. */
import { signal, type ReadonlySignal } from '@preact/signals'

const KEY = 'tributary.volume'

const remembered = (): number => {
  try {
    const value = Number(localStorage.getItem(KEY) ?? '1')
    return value >= 0 && value <= 1 ? value : 1
  } catch {
    return 1 // storage may be forbidden
  }
}

export interface Sound {
  readonly muted: ReadonlySignal<boolean>
  /** 0 to 1. */
  readonly volume: ReadonlySignal<number>
  /** True when the browser, not the person, took the sound. */
  readonly blocked: ReadonlySignal<boolean>
  setMuted(muted: boolean): void
  setVolume(volume: number): void
  /** Plays, without sound when the browser wants a click for that. `blocked`: not even then. */
  play(): Promise<'playing' | 'blocked' | 'aborted'>
}

const isNamed = (error: unknown, name: string): boolean => error instanceof DOMException && error.name === name

export function createSound(video: HTMLVideoElement): Sound {
  const muted = signal(false)
  const volume = signal(remembered())
  const blocked = signal(false)
  video.volume = volume.value

  const setMuted = (value: boolean): void => {
    video.muted = value
    muted.value = value
    blocked.value = false
  }
  const attempt = async (): Promise<'playing' | 'blocked' | 'aborted'> => {
    try {
      await video.play()
      return 'playing'
    } catch (error) {
      return isNamed(error, 'NotAllowedError') ? 'blocked' : 'aborted'
    }
  }
  return {
    muted,
    volume,
    blocked,
    setMuted,
    setVolume(value) {
      video.volume = value
      volume.value = value
      if (value > 0 && muted.value) setMuted(false)
      try {
        localStorage.setItem(KEY, String(value))
      } catch {
        // it is then not remembered
      }
    },
    async play() {
      const first = await attempt()
      if (first !== 'blocked' || video.muted) return first
      video.muted = true
      muted.value = true
      const second = await attempt()
      blocked.value = second === 'playing'
      return second
    },
  }
}
