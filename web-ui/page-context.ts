/** What every component may use; put together once in main.tsx. */
import { signal, type ReadonlySignal } from '@preact/signals'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { createActions, type Actions } from './state/actions.ts'
import { createNotices, type Notices } from './state/notices.ts'
import type { Api, OpenEvents, PageClock } from './state/ports.ts'
import { connect, createResources, type Link, type Resources } from './state/resources.ts'

export interface Page {
  readonly resources: Resources
  readonly link: ReadonlySignal<Link>
  readonly reconnect: () => void
  readonly actions: Actions
  readonly notices: Notices
  readonly clock: PageClock
  readonly api: Api
  /** The wall clock, ms, moving once a second. */
  readonly now: ReadonlySignal<number>
}

/** Progress bars and lengths move once a second. */
const TICK_MS = 1_000

export function createPage(deps: { readonly api: Api; readonly openEvents: OpenEvents; readonly clock: PageClock }): Page {
  const { api, clock } = deps
  const resources = createResources()
  const notices = createNotices(clock)
  const connection = connect(deps, resources)
  const now = signal(clock.now())
  clock.every(TICK_MS, () => {
    now.value = clock.now()
  })
  return {
    resources,
    link: connection.link,
    reconnect: () => connection.retryNow(),
    actions: createActions({ api, clock, resources, notices }),
    notices,
    clock,
    api,
    now,
  }
}

const Context = createContext<Page | undefined>(undefined)
export const PageProvider = Context.Provider

export function usePage(): Page {
  const page = useContext(Context)
  if (page === undefined) throw new Error('a component stands outside of the page')
  return page
}
