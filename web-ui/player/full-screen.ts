/** Full screen, under the names that browsers since 2017 have for it. It owns nothing; the browser knows the state. */
import { signal, type ReadonlySignal } from '@preact/signals'

interface OldElement {
  webkitRequestFullscreen?(): void
}
interface OldDocument {
  webkitFullscreenElement?: Element | null
  webkitExitFullscreen?(): void
}
/** iPhones show only the video itself. */
interface PhoneVideo {
  webkitEnterFullscreen?(): void
}

const current = (): Element | null => document.fullscreenElement ?? (document as OldDocument).webkitFullscreenElement ?? null

const full = signal(false)
const EVENTS = ['fullscreenchange', 'webkitfullscreenchange'] as const

/** True while something is shown full screen; follows Escape too. */
export const isFullScreen: ReadonlySignal<boolean> = full
for (const name of EVENTS)
  document.addEventListener(name, () => {
    full.value = current() !== null
  })

export function toggleFullScreen(element: HTMLElement, video: HTMLVideoElement): void {
  const old = document as OldDocument
  if (current() !== null) {
    if (typeof document.exitFullscreen === 'function') document.exitFullscreen().catch(() => {})
    else old.webkitExitFullscreen?.()
    return
  }
  if (typeof element.requestFullscreen === 'function') element.requestFullscreen().catch(() => {})
  else if ((element as OldElement).webkitRequestFullscreen !== undefined) (element as OldElement).webkitRequestFullscreen?.()
  else (video as PhoneVideo).webkitEnterFullscreen?.()
}
