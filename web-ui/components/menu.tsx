import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'

/** A button that opens a list of choices: arrows move, Escape closes, and the focus returns to the button. */
export function Menu(props: {
  readonly label: string
  readonly button: ComponentChildren
  readonly buttonClass: string
  readonly children: (close: () => void) => ComponentChildren
}) {
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const id = useId()
  const items = (): HTMLElement[] => Array.from(list.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])
  const close = (): void => {
    setOpen(false)
    root.current?.querySelector('button')?.focus()
  }

  useEffect(() => {
    if (!open) return
    items()[0]?.focus()
    const outside = (event: Event): void => {
      if (!(event.target instanceof Node) || !root.current?.contains(event.target)) setOpen(false)
    }
    document.addEventListener('pointerdown', outside)
    document.addEventListener('focusin', outside)
    return () => {
      document.removeEventListener('pointerdown', outside)
      document.removeEventListener('focusin', outside)
    }
  }, [open])

  const onKeyDown = (event: KeyboardEvent): void => {
    if (!open) return
    const all = items()
    const at = all.indexOf(document.activeElement as HTMLElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key]
    if (event.key === 'Escape') close()
    else if (event.key === 'Tab') {
      setOpen(false)
      return
    } else if (to !== undefined) all[(to + all.length) % all.length]?.focus()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    <div class="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        class={props.buttonClass}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={id}
        aria-label={props.label}
        title={props.label}
        onClick={() => setOpen(!open)}
      >
        {props.button}
      </button>
      {open && (
        <div class="menu-list" role="menu" id={id} aria-label={props.label} ref={list}>
          {props.children(close)}
        </div>
      )}
    </div>
  )
}
