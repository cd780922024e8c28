/** Moves the focus with the arrow keys, as a remote control does. Text fields, sliders, menus and the player keep their arrows. */
import { nextFocus, type Direction } from './state/focus.ts'

const DIRECTIONS: ReadonlyMap<string, Direction> = new Map([
  ['ArrowUp', 'up'],
  ['ArrowDown', 'down'],
  ['ArrowLeft', 'left'],
  ['ArrowRight', 'right'],
])
const FOCUSABLE = 'a[href], button:not([disabled]), input, select, summary, [tabindex="0"]'
const OWN_ARROWS = 'input, select, textarea, [role="menu"], [data-own-arrows]'

const visible = (element: HTMLElement): boolean => element.offsetParent !== null || getComputedStyle(element).position === 'fixed'

/** Without a pointer there is nothing but the arrows: they also begin to focus. */
const remoteOnly = (): boolean => matchMedia('(pointer: none), (hover: none) and (min-width: 1000px)').matches

export function followArrowKeys(): void {
  document.addEventListener('keydown', (event) => {
    const direction = DIRECTIONS.get(event.key)
    if (direction === undefined || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const from = document.activeElement
    if (from instanceof HTMLElement && from.closest(OWN_ARROWS) !== null) return
    const all = Array.from(document.querySelectorAll<HTMLElement>(FOCUSABLE)).filter((element) => element !== from && visible(element))
    const adrift = !(from instanceof HTMLElement) || from === document.body || from.id === 'main'
    if (adrift && !remoteOnly()) return
    const target = adrift
      ? document.querySelector<HTMLElement>(`main a[href], main button`)
      : all[
          nextFocus(
            all.map((element) => element.getBoundingClientRect()),
            from.getBoundingClientRect(),
            direction,
          )
        ]
    if (target === null || target === undefined) return
    event.preventDefault()
    target.focus()
    target.scrollIntoView({ block: 'nearest' })
  })
}
