import { Route, Switch } from 'wouter-preact'
import { Shell } from './components/shell.tsx'
import { StatePanel } from './components/state-panel.tsx'
import { t } from './i18n.ts'
import { ChannelsPage } from './pages/channels.tsx'
import { NetworkPage } from './pages/network.tsx'
import { RecordingPage } from './pages/recording.tsx'
import { RecordingsPage } from './pages/recordings.tsx'
import { TvsPage } from './pages/tvs.tsx'
import { WatchPage } from './pages/watch.tsx'

export const App = () => (
  <Shell>
    <Switch>
      <Route path="/">
        <ChannelsPage />
      </Route>
      <Route path="/watch/:channel">{({ channel }) => <WatchPage slug={decodeURIComponent(channel)} />}</Route>
      <Route path="/recordings">
        <RecordingsPage />
      </Route>
      <Route path="/recordings/:id">{({ id }) => <RecordingPage key={id} id={decodeURIComponent(id)} />}</Route>
      <Route path="/tvs">
        <TvsPage />
      </Route>
      <Route path="/network">
        <NetworkPage />
      </Route>
      <Route>
        <StatePanel icon="offAir" title={t('notFound.title')} text={t('notFound.text')} />
      </Route>
    </Switch>
  </Shell>
)
