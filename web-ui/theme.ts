/** Dark or light: the person's choice, else the system's. */
import { effect, signal } from '@preact/signals'

export type Theme = 'auto' | 'dark' | 'light'
const KEY = 'tributary.theme'

const remembered = (): Theme => {
  try {
    const value = localStorage.getItem(KEY)
    return value === 'dark' || value === 'light' ? value : 'auto'
  } catch {
    return 'auto'
  }
}

export const theme = signal<Theme>(remembered())

/** Applies the choice to the document now and whenever it changes. */
export function followTheme(): void {
  effect(() => {
    const choice = theme.value
    if (choice === 'auto') document.documentElement.removeAttribute('data-theme')
    else document.documentElement.setAttribute('data-theme', choice)
    try {
      if (choice === 'auto') localStorage.removeItem(KEY)
      else localStorage.setItem(KEY, choice)
    } catch {
      // it is then not remembered
    }
  })
}
