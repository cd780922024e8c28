import type { Channel } from '../../relay/http/schemas.ts'
import { t } from '../i18n.ts'
import { usePage } from '../page-context.ts'
import { recordStateOf } from '../state/channels.ts'

/** Starts and stops a channel's recording. Its words change with its state; `compact` shows them on wide screens only. */
export function RecordButton({ channel, compact = false }: { readonly channel: Channel; readonly compact?: boolean }) {
  const { actions } = usePage()
  const state = recordStateOf(channel, actions.pendingRecords.value.get(channel.id))
  const busy = state.kind === 'starting' || state.kind === 'stopping'
  const on = state.kind === 'recording' || state.kind === 'starting'
  const word =
    state.kind === 'idle'
      ? t('record.start')
      : state.kind === 'starting'
        ? t('record.starting')
        : state.kind === 'stopping'
          ? t('record.stopping')
          : compact
            ? t('record.recording')
            : t('record.stop')
  const press = (): void => {
    if (state.kind === 'idle') actions.startRecording(channel).catch(() => {})
    else if (state.kind === 'recording') actions.stopRecording({ id: state.id, channel: channel.id }).catch(() => {})
  }
  return (
    <button
      type="button"
      class={`button record record-${state.kind}${compact ? ' button-compact' : ''}`}
      aria-pressed={on}
      // not `disabled`: the focus would be lost while it works
      aria-disabled={busy}
      aria-label={on ? t('record.stop.label', { channel: channel.name }) : t('record.start.label', { channel: channel.name })}
      title={on ? t('record.stop') : t('record.start')}
      onClick={press}
    >
      <span class="record-dot" aria-hidden="true" />
      <span class="button-word">{word}</span>
    </button>
  )
}
