import { useId } from 'preact/hooks'
import { Link } from 'wouter-preact'
import type { Channel } from '../../relay/http/schemas.ts'
import { AirBadge } from '../components/air-badge.tsx'
import { Welcome } from '../components/join-form.tsx'
import { Progress } from '../components/progress.tsx'
import { RecordButton } from '../components/record-button.tsx'
import { ProblemPanel, Skeleton, StatePanel } from '../components/state-panel.tsx'
import { TvMenu } from '../components/tv-menu.tsx'
import { formatClock, formatPercent, t } from '../i18n.ts'
import { usePage } from '../page-context.ts'
import { nowNextOf, progressOf, sortedChannels, viewersOf } from '../state/channels.ts'
import { listOf } from '../state/resources.ts'
import { useTitle } from '../use-title.ts'

function OnNow({ channel, id }: { readonly channel: Channel; readonly id: string }) {
  const { now: clock } = usePage()
  const at = clock.value
  const { now, next } = nowNextOf(channel, at)
  if (now === undefined && next === undefined)
    return (
      <p class="guide-none" id={id}>
        {t('channels.noGuide')}
      </p>
    )
  return (
    <div class="guide" id={id}>
      {now !== undefined && (
        <>
          <p class="guide-now">
            <span class="guide-title">{now.title}</span>
            <span class="guide-time">{t('channels.until', { time: formatClock(now.end) })}</span>
          </p>
          <Progress
            share={progressOf(now, at)}
            label={t('channels.progress', { title: now.title, percent: formatPercent(progressOf(now, at)) })}
          />
        </>
      )}
      {next !== undefined && <p class="guide-next">{t('channels.next', { time: formatClock(next.start), title: next.title })}</p>}
    </div>
  )
}

function ChannelRow({ channel }: { readonly channel: Channel }) {
  const id = useId()
  const viewers = viewersOf(channel)
  return (
    <li class={`channel channel-${channel.air.kind}`}>
      <Link
        href={`/watch/${encodeURIComponent(channel.slug)}`}
        class="channel-link"
        aria-label={t('channels.watch', { channel: channel.name })}
        aria-describedby={`${id}-state ${id}-guide`}
      >
        <span class="channel-number">{channel.number}</span>
        <span class="channel-name">
          <strong>{channel.name}</strong>
          <span class="channel-state" id={`${id}-state`}>
            <AirBadge air={channel.air} />
            {viewers > 0 && <span class="channel-viewers">{t('channels.viewers', { count: viewers })}</span>}
          </span>
        </span>
        <OnNow channel={channel} id={`${id}-guide`} />
      </Link>
      <div class="channel-actions">
        <RecordButton channel={channel} compact />
        <TvMenu channel={channel} compact />
      </div>
    </li>
  )
}

export function ChannelsPage() {
  const { resources, reconnect } = usePage()
  useTitle('')
  const channels = resources.channels.value
  const networks = resources.networks.value
  if (networks.kind === 'ready' && networks.value.length === 0) return <Welcome />
  if (channels.kind === 'failed') return <ProblemPanel problem={channels.problem} onRetry={reconnect} />
  if (channels.kind === 'loading') return <Skeleton label={t('channels.loading')} rows={6} />
  if (channels.value.length === 0) {
    const network = listOf(resources.networks)[0]?.name ?? ''
    return (
      <>
        <h1 class="hidden">{t('channels.title')}</h1>
        <StatePanel icon="channels" title={t('channels.empty.title')} text={t('channels.empty.text', { network })} />
      </>
    )
  }
  const onAir = channels.value.filter(({ air }) => air.kind === 'on-air').length
  return (
    <>
      <div class="page-head">
        <h1>{t('channels.title')}</h1>
        <p>
          {t('channels.count', { count: channels.value.length })}, {t('channels.onAir', { count: onAir })}
        </p>
      </div>
      <ul class="channels">
        {sortedChannels(channels.value).map((channel) => (
          <ChannelRow key={channel.id} channel={channel} />
        ))}
      </ul>
    </>
  )
}
