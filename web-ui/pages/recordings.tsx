import { useId } from 'preact/hooks'
import { Link } from 'wouter-preact'
import type { Recording } from '../../relay/http/schemas.ts'
import { Icon } from '../components/icon.tsx'
import { Gaps } from '../components/gaps.tsx'
import { captureWords, RecordingActions, toneOf } from '../components/recording-parts.tsx'
import { ProblemPanel, Skeleton, StatePanel } from '../components/state-panel.tsx'
import { formatBytes, formatLength, formatWhen, t } from '../i18n.ts'
import { usePage } from '../page-context.ts'
import { recordedSeconds, sortedRecordings } from '../state/channels.ts'
import { useTitle } from '../use-title.ts'

function RecordingRow({ recording }: { readonly recording: Recording }) {
  const { now } = usePage()
  const id = useId()
  const at = now.value
  const tone = toneOf(recording)
  return (
    <li class="recording">
      <Link
        href={`/recordings/${encodeURIComponent(recording.id)}`}
        class="recording-link"
        aria-label={t('recordings.play', { title: recording.title })}
        aria-describedby={id}
      >
        <span class="recording-play" aria-hidden="true">
          <Icon name={tone === 'bad' ? 'warning' : 'play'} />
        </span>
        <span class="recording-words">
          <strong>{recording.title}</strong>
          <span class="quiet">
            {recording.channelName}, {formatWhen(recording.start, at)}
          </span>
        </span>
        <span class="recording-figures" id={id}>
          <span class={`tone tone-${tone}`}>
            {tone === 'running' && <span class="record-dot" aria-hidden="true" />}
            {captureWords(recording, at)}
          </span>
          <span class="quiet number">
            {formatLength(recordedSeconds(recording, at))} · {formatBytes(recording.bytes)}
          </span>
        </span>
      </Link>
      <RecordingActions recording={recording} />
      <Gaps gaps={recording.gaps} />
    </li>
  )
}

export function RecordingsPage() {
  const { resources, actions, reconnect } = usePage()
  useTitle(t('recordings.title'))
  const recordings = resources.recordings.value
  const status = resources.status.value
  if (recordings.kind === 'failed') return <ProblemPanel problem={recordings.problem} onRetry={reconnect} />
  if (recordings.kind === 'loading') return <Skeleton label={t('recordings.loading')} rows={5} />
  const list = sortedRecordings(recordings.value, actions.removed.value)
  return (
    <>
      <div class="page-head">
        <h1>{t('recordings.title')}</h1>
        {list.length > 0 && (
          <p>
            {t('recordings.count', { count: list.length })}
            {status.kind === 'ready' &&
              `, ${t('recordings.size', { bytes: formatBytes(status.value.data.recordings), free: formatBytes(status.value.data.free) })}`}
          </p>
        )}
      </div>
      {list.length === 0 ? (
        <StatePanel icon="recordings" title={t('recordings.empty.title')} text={t('recordings.empty.text')}>
          <Link href="/" class="button button-main">
            {t('watch.allChannels')}
          </Link>
        </StatePanel>
      ) : (
        <ul class="recordings">
          {list.map((recording) => (
            <RecordingRow key={recording.id} recording={recording} />
          ))}
        </ul>
      )}
    </>
  )
}
