const PATHS = {
  channels: 'M3 6h18v12H3zM8 21h8',
  recordings: 'M4 5h16v14H4zM4 9h3M4 15h3M17 9h3M17 15h3M10.5 9.5v5l4-2.5z',
  tvs: 'M3 17v3h3M3 13a7 7 0 0 1 7 7M3 9a11 11 0 0 1 11 11M3 5h18v15h-4',
  network:
    'M12 5v5M12 10 6 17M12 10l6 7M12 5m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0M6 18.5m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0M18 18.5m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0',
  play: 'M8 5v14l11-7z',
  pause: 'M8 5v14M16 5v14',
  sound: 'M4 9v6h4l5 4V5L8 9zM16.5 8.5a5 5 0 0 1 0 7M19 6a8.5 8.5 0 0 1 0 12',
  muted: 'M4 9v6h4l5 4V5L8 9zM17 9.5l5 5M22 9.5l-5 5',
  full: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  leaveFull: 'M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5',
  up: 'M6 15l6-6 6 6',
  down: 'M6 9l6 6 6-6',
  back: 'M14 6l-6 6 6 6',
  stop: 'M7 7h10v10H7z',
  bin: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  warning: 'M12 4 2.5 20h19zM12 10v4M12 17v.5',
  arrowIn: 'M12 4v14M6 12l6 6 6-6',
  arrowOut: 'M12 20V6M6 12l6-6 6 6',
  offAir: 'M3 6h18v12H3zM8 21h8M3 3l18 18',
} as const
export type IconName = keyof typeof PATHS
const FILLED: ReadonlySet<IconName> = new Set(['play', 'stop'])

/** Beside a text, or in a button that has a label: hidden from screen readers. */
export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class={FILLED.has(name) ? 'icon icon-filled' : 'icon'} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d={PATHS[name]} />
  </svg>
)
