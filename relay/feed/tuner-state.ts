/** The life of a tuned feed: joining, live, lingering, and live again or closed. */
import type { Tuned } from './first-picture.ts'

/** Times ms since the Unix epoch. */
export type State =
  | { readonly kind: 'joining'; readonly since: number }
  | { readonly kind: 'live'; readonly tuned: Tuned; readonly since: number }
  | { readonly kind: 'lingering'; readonly tuned: Tuned; readonly since: number; readonly until: number; readonly timer: Disposable }
  | { readonly kind: 'closed' }

/** What the API shows of a channel that is not idle; times RFC 3339. */
export type TunerState =
  | { readonly kind: 'joining'; readonly since: string }
  | { readonly kind: 'live'; readonly readers: number; readonly since: string }
  | { readonly kind: 'lingering'; readonly until: string }

const instant = (time: number): string => new Date(time).toISOString()

/** PURE. @param readers leases, and callers that wait for one */
export function shownState(state: State, readers: number): TunerState | undefined {
  switch (state.kind) {
    case 'joining':
      return { kind: 'joining', since: instant(state.since) }
    case 'live':
      return { kind: 'live', readers, since: instant(state.since) }
    case 'lingering':
      return { kind: 'lingering', until: instant(state.until) }
    case 'closed':
      return undefined
  }
}
