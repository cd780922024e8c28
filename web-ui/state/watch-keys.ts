/** The keys of the live picture: a keyboard's, a remote control's, and the numbers that old TV browsers send instead. */
export type WatchAction =
  | { readonly kind: 'zap'; readonly step: 1 | -1 }
  | { readonly kind: 'digit'; readonly digit: string }
  | { readonly kind: 'commit' | 'full-screen' | 'mute' | 'record' | 'back' | 'controls' }

export interface KeyPress {
  readonly key: string
  /** The old number of a key; webOS and Tizen give their own keys nothing else. */
  readonly keyCode: number
}

const BY_KEY: ReadonlyMap<string, WatchAction> = new Map<string, WatchAction>([
  ['ChannelUp', { kind: 'zap', step: 1 }],
  ['ChannelDown', { kind: 'zap', step: -1 }],
  ['PageUp', { kind: 'zap', step: 1 }],
  ['PageDown', { kind: 'zap', step: -1 }],
  ['f', { kind: 'full-screen' }],
  ['m', { kind: 'mute' }],
  ['r', { kind: 'record' }],
  ['MediaRecord', { kind: 'record' }],
  ['GoBack', { kind: 'back' }],
  ['BrowserBack', { kind: 'back' }],
])
/** Only while the picture itself has the focus: elsewhere these scroll, move or press. */
const ON_PICTURE: ReadonlyMap<string, WatchAction> = new Map<string, WatchAction>([
  ['ArrowUp', { kind: 'zap', step: 1 }],
  ['ArrowDown', { kind: 'zap', step: -1 }],
  ['ArrowLeft', { kind: 'controls' }],
  ['ArrowRight', { kind: 'controls' }],
  ['Enter', { kind: 'commit' }],
])
const BY_CODE: ReadonlyMap<number, WatchAction> = new Map<number, WatchAction>([
  [427, { kind: 'zap', step: 1 }], // Tizen: ChannelUp
  [428, { kind: 'zap', step: -1 }], // Tizen: ChannelDown
  [461, { kind: 'back' }], // webOS
  [10009, { kind: 'back' }], // Tizen
])

/** PURE. What a key does; undefined: nothing. */
export function actionOf({ key, keyCode }: KeyPress, onPicture: boolean): WatchAction | undefined {
  if (/^[0-9]$/.test(key)) return { kind: 'digit', digit: key }
  return BY_KEY.get(key.length === 1 ? key.toLowerCase() : key) ?? (onPicture ? ON_PICTURE.get(key) : undefined) ?? BY_CODE.get(keyCode)
}
