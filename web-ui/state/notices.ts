/** Short messages over the page, each for a while. It owns their list and their timers. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { PageClock } from './ports.ts'

export interface Notice {
  readonly id: number
  readonly kind: 'info' | 'error'
  readonly text: string
  readonly action?: { readonly label: string; run(): void }
}

/** More than three would cover the picture; the oldest makes room. */
const MAX_NOTICES = 3
/** Long enough to read a sentence twice. */
const NOTICE_MS = 8_000

export interface Notices {
  readonly list: ReadonlySignal<readonly Notice[]>
  show(notice: Omit<Notice, 'id'>): number
  dismiss(id: number): void
}

export function createNotices(clock: PageClock): Notices {
  const list = signal<readonly Notice[]>([])
  let next = 1
  const dismiss = (id: number): void => {
    list.value = list.value.filter((notice) => notice.id !== id)
  }
  return {
    list,
    dismiss,
    show: (notice) => {
      const id = next
      next += 1
      list.value = [...list.value, { ...notice, id }].slice(-MAX_NOTICES)
      clock.after(NOTICE_MS, () => dismiss(id))
      return id
    },
  }
}
