import type { Recording } from '../../relay/http/schemas.ts'
import { formatWhen, t } from '../i18n.ts'
import { usePage } from '../page-context.ts'
import { Icon } from './icon.tsx'

/** A recording's state in words. */
export function captureWords(recording: Recording, now: number): string {
  const { capture } = recording
  switch (capture.kind) {
    case 'due':
      return t('recordings.due', { time: formatWhen(recording.start, now) })
    case 'running':
      return t('recordings.running')
    case 'done':
      return t(`recordings.${capture.reason}`)
    case 'failed':
      return t('recordings.failed', { reason: capture.reason })
  }
}

const GOOD_ENDS: ReadonlySet<string> = new Set(['stopped', 'reached-end'])
export const toneOf = ({ capture }: Recording): 'running' | 'bad' | 'odd' | 'good' =>
  capture.kind === 'running'
    ? 'running'
    : capture.kind === 'failed'
      ? 'bad'
      : capture.kind === 'done' && !GOOD_ENDS.has(capture.reason)
        ? 'odd'
        : 'good'

export function RecordingActions({ recording, onRemoved }: { readonly recording: Recording; readonly onRemoved?: () => void }) {
  const { actions } = usePage()
  const running = recording.capture.kind === 'running'
  return (
    <div class="actions">
      {running ? (
        <button
          type="button"
          class="button"
          aria-label={t('recordings.stop.label', { title: recording.title })}
          aria-disabled={actions.pendingRecords.value.get(recording.channel) === 'stopping'}
          onClick={() => {
            actions.stopRecording(recording).catch(() => {})
          }}
        >
          <Icon name="stop" />
          <span class="button-word">
            {actions.pendingRecords.value.get(recording.channel) === 'stopping' ? t('record.stopping') : t('action.stop')}
          </span>
        </button>
      ) : (
        <button
          type="button"
          class="button button-quiet button-icon"
          aria-label={t('recordings.delete.label', { title: recording.title })}
          title={t('action.delete')}
          onClick={() => {
            actions.removeRecording(recording)
            onRemoved?.()
          }}
        >
          <Icon name="bin" />
        </button>
      )}
    </div>
  )
}
