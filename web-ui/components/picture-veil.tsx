import type { Channel } from '../../relay/http/schemas.ts'
import { formatClock, formatPercent, formatWhen, t } from '../i18n.ts'
import { usePage } from '../page-context.ts'
import type { LivePlayer, Picture } from '../player/live-player.ts'
import { nowNextOf, progressOf } from '../state/channels.ts'
import { Icon } from './icon.tsx'
import { Progress } from './progress.tsx'

/** A tune that takes longer says why. */
const SLOW_MS = 4_000

/** What stands over the picture while there is none. */
export function Veil({ picture, player }: { readonly picture: Picture; readonly player: LivePlayer }) {
  const { now } = usePage()
  switch (picture.kind) {
    case 'playing':
      return null
    case 'off-air':
      return (
        <div class="veil veil-off-air">
          <Icon name="offAir" />
          <h2>{t('watch.offAir.title')}</h2>
          {picture.since !== undefined && <p>{t('watch.offAir.since', { time: formatWhen(picture.since, now.value) })}</p>}
          <p>{t('watch.offAir.text')}</p>
        </div>
      )
    case 'unsupported':
      return (
        <div class="veil">
          <Icon name="warning" />
          <h2>{t('watch.unsupported.title')}</h2>
          <p>{t('watch.unsupported.text', { url: new URL(picture.url, location.href).href })}</p>
        </div>
      )
    case 'opening':
      return (
        <div class="veil veil-light">
          <span class="spinner" aria-hidden="true" />
          <p>
            {picture.converting
              ? t('watch.converting')
              : now.value - picture.since > SLOW_MS
                ? t('watch.opening.slow')
                : t('watch.opening')}
          </p>
        </div>
      )
    case 'stalled':
      return (
        <div class="veil veil-clear">
          <span class="spinner" aria-hidden="true" />
          <p>{t('watch.stalled')}</p>
        </div>
      )
    case 'blocked':
      return (
        <div class="veil veil-clear">
          <button type="button" class="button button-main button-large" onClick={() => player.start()}>
            <Icon name="play" /> {t('watch.start')}
          </button>
          <p>{t('watch.blocked')}</p>
        </div>
      )
    case 'retrying': {
      const seconds = Math.ceil((picture.at - now.value) / 1000)
      return (
        <div class="veil">
          <span class="spinner" aria-hidden="true" />
          <h2>{picture.reason}</h2>
          <p>{seconds > 0 ? t('watch.retrying', { seconds: String(seconds) }) : t('watch.retryingNow')}</p>
          <button type="button" class="button" onClick={() => player.retryNow()}>
            {t('action.retry')}
          </button>
        </div>
      )
    }
  }
}

/** Number, name and what is on: over the picture, after a change of channel and with the controls. */
export function Banner({ channel }: { readonly channel: Channel }) {
  const { now: clock } = usePage()
  const at = clock.value
  const { now } = nowNextOf(channel, at)
  return (
    <div class="player-banner">
      <span class="player-number">{channel.number}</span>
      <div class="player-words">
        <strong>{channel.name}</strong>
        {now !== undefined && (
          <>
            <span>
              {now.title} <small>{t('channels.until', { time: formatClock(now.end) })}</small>
            </span>
            <Progress
              share={progressOf(now, at)}
              label={t('channels.progress', { title: now.title, percent: formatPercent(progressOf(now, at)) })}
            />
          </>
        )}
      </div>
    </div>
  )
}
