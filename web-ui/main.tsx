import './old-browsers.ts'
import { render } from 'preact'
import { App } from './app.tsx'
import { followArrowKeys } from './arrow-keys.ts'
import { browserApi, browserClock, openBrowserEvents } from './browser.ts'
import { createPage, PageProvider } from './page-context.ts'
import './styles/tokens.css'
import './styles/page.css'
import './styles/controls.css'
import './styles/channels.css'
import './styles/watch.css'
import './styles/lists.css'
import { followTheme } from './theme.ts'

followTheme()
followArrowKeys()
const page = createPage({ api: browserApi, openEvents: openBrowserEvents, clock: browserClock })
addEventListener('pagehide', () => page.actions.flush())

const root = document.getElementById('page')
if (root !== null)
  render(
    <PageProvider value={page}>
      <App />
    </PageProvider>,
    root,
  )
