import { useComputed, useSignal } from '@preact/signals'
import { useLayoutEffect } from 'preact/hooks'
import { Link } from 'wouter-preact'
import type { Channel, Programme } from '../../relay/http/schemas.ts'
import { AirBadge } from '../components/air-badge.tsx'
import { Icon } from '../components/icon.tsx'
import { LivePicture } from '../components/live-picture.tsx'
import { Progress } from '../components/progress.tsx'
import { RecordButton } from '../components/record-button.tsx'
import { ProblemPanel, Skeleton, StatePanel } from '../components/state-panel.tsx'
import { SwarmPanel } from '../components/swarm-panel.tsx'
import { TvMenu } from '../components/tv-menu.tsx'
import { formatClock, formatPercent, t } from '../i18n.ts'
import { usePage } from '../page-context.ts'
import { findChannel, nowNextOf, progressOf } from '../state/channels.ts'
import { listOf } from '../state/resources.ts'
import { useTitle } from '../use-title.ts'

const KEYS: readonly (readonly [string, Parameters<typeof t>[0] & `watch.keys.${string}`])[] = [
  ['↑ ↓', 'watch.keys.zap'],
  ['0–9', 'watch.keys.number'],
  ['F', 'watch.keys.full'],
  ['M', 'watch.keys.mute'],
  ['R', 'watch.keys.record'],
]

const Slot = ({ word, programme, at }: { readonly word: string; readonly programme: Programme; readonly at: number }) => {
  const runs = Date.parse(programme.start) <= at
  return (
    <div class={runs ? 'slot slot-now' : 'slot'}>
      <p class="slot-when">
        {word}{' '}
        <span class="number">
          {formatClock(programme.start)}–{formatClock(programme.end)}
        </span>
      </p>
      <h3>{programme.title}</h3>
      {programme.subtitle !== undefined && <p class="quiet">{programme.subtitle}</p>}
      {runs && (
        <>
          <Progress
            share={progressOf(programme, at)}
            label={t('channels.progress', { title: programme.title, percent: formatPercent(progressOf(programme, at)) })}
          />
          {programme.description !== undefined && <p class="slot-text">{programme.description}</p>}
        </>
      )}
    </div>
  )
}

function About({ channel }: { readonly channel: Channel }) {
  const { resources, now: clock } = usePage()
  const at = clock.value
  const { now, next } = nowNextOf(channel, at)
  const swarm = listOf(resources.swarms).find((item) => item.channel === channel.id)
  return (
    <div class="about">
      <section class="about-channel">
        <header class="about-head">
          <span class="channel-number">{channel.number}</span>
          <div>
            <h1>{channel.name}</h1>
            <AirBadge air={channel.air} />
          </div>
          <div class="actions">
            <RecordButton channel={channel} />
            <TvMenu channel={channel} />
          </div>
        </header>
        <div class="slots">
          {now !== undefined && <Slot word={t('watch.now')} programme={now} at={at} />}
          {next !== undefined && <Slot word={t('watch.next')} programme={next} at={at} />}
          {now === undefined && next === undefined && <p class="quiet">{t('channels.noGuide')}</p>}
        </div>
        <p class="keys" aria-label={t('watch.keys')}>
          {KEYS.map(([key, word]) => (
            <span key={key}>
              <kbd>{key}</kbd> {t(word)}
            </span>
          ))}
        </p>
      </section>
      <section class="card about-swarm">
        <h2>{t('swarm.title')}</h2>
        {swarm === undefined ? <p class="quiet">{t('swarm.none')}</p> : <SwarmPanel swarm={swarm} />}
      </section>
    </div>
  )
}

export function WatchPage({ slug }: { readonly slug: string }) {
  const { resources, reconnect } = usePage()
  const wished = useSignal(slug)
  useLayoutEffect(() => {
    wished.value = slug
  }, [slug])
  const channel = useComputed(() => findChannel(listOf(resources.channels), wished.value))
  const channels = resources.channels.value
  const current = channel.value
  useTitle(current?.name ?? '')
  if (channels.kind === 'failed') return <ProblemPanel problem={channels.problem} onRetry={reconnect} />
  if (channels.kind === 'loading') return <Skeleton label={t('watch.loading')} rows={1} />
  if (current === undefined) {
    return (
      <StatePanel icon="offAir" title={t('watch.notFound.title')} text={t('watch.notFound.text', { channel: slug })}>
        <Link href="/" class="button button-main">
          {t('watch.allChannels')}
        </Link>
      </StatePanel>
    )
  }
  return (
    <div class="watch">
      <Link href="/" class="back">
        <Icon name="back" /> {t('watch.allChannels')}
      </Link>
      <LivePicture channel={channel} />
      <About channel={current} />
    </div>
  )
}
