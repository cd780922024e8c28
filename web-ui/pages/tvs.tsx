import type { Renderer } from '../../relay/http/schemas.ts'
import { Icon } from '../components/icon.tsx'
import { Menu } from '../components/menu.tsx'
import { ProblemPanel, Skeleton, StatePanel } from '../components/state-panel.tsx'
import { useRendererWords } from '../components/tv-menu.tsx'
import { formatLength, t } from '../i18n.ts'
import { usePage } from '../page-context.ts'
import { rendererViewOf, sortedChannels } from '../state/channels.ts'
import { listOf } from '../state/resources.ts'
import { useTitle } from '../use-title.ts'

function Tv({ renderer }: { readonly renderer: Renderer }) {
  const { actions, resources } = usePage()
  const words = useRendererWords()
  const view = rendererViewOf(renderer, actions.pendingRenderers.value.get(renderer.id))
  const channels = sortedChannels(listOf(resources.channels))
  const model = [renderer.manufacturer, renderer.model].filter((part) => part !== undefined).join(' ')
  const stoppable = view.kind === 'playing' || view.kind === 'starting'
  return (
    <li class={`card tv tv-${view.kind}`}>
      <span class="tv-screen" aria-hidden="true">
        <Icon name={view.kind === 'playing' ? 'play' : view.kind === 'failed' ? 'warning' : 'channels'} />
      </span>
      <div class="tv-words">
        <h2>{renderer.name}</h2>
        <p class="quiet">{model === '' ? t('tv.unnamed') : model}</p>
        <p class="tv-state">
          {words(renderer)}
          {view.kind === 'playing' && view.position > 0 && <span class="quiet number"> {formatLength(view.position)}</span>}
        </p>
      </div>
      <div class="actions">
        <Menu
          label={t('tv.choose.label', { tv: renderer.name })}
          buttonClass="button"
          button={
            <>
              <Icon name="play" />
              <span class="button-word">{t('tv.choose')}</span>
            </>
          }
        >
          {(close) =>
            channels.length === 0 ? (
              <div class="menu-empty" role="menuitem" aria-disabled="true" tabIndex={-1}>
                {t('tv.noChannels')}
              </div>
            ) : (
              channels.map((channel) => (
                <button
                  key={channel.id}
                  type="button"
                  role="menuitem"
                  tabIndex={-1}
                  class="menu-item"
                  onClick={() => {
                    actions.playOn(renderer, channel).catch(() => {})
                    close()
                  }}
                >
                  <strong>
                    {channel.number} {channel.name}
                  </strong>
                  <span>{t(`air.${channel.air.kind}`)}</span>
                </button>
              ))
            )
          }
        </Menu>
        {stoppable && (
          <button
            type="button"
            class="button"
            aria-label={t('tv.stop.label', { tv: renderer.name })}
            onClick={() => {
              actions.stopRenderer(renderer).catch(() => {})
            }}
          >
            <Icon name="stop" />
            <span class="button-word">{t('action.stop')}</span>
          </button>
        )}
      </div>
    </li>
  )
}

export function TvsPage() {
  const { resources, reconnect } = usePage()
  useTitle(t('tv.title'))
  const renderers = resources.renderers.value
  if (renderers.kind === 'failed') return <ProblemPanel problem={renderers.problem} onRetry={reconnect} />
  if (renderers.kind === 'loading') return <Skeleton label={t('tv.title')} rows={3} />
  return (
    <>
      <div class="page-head">
        <h1>{t('tv.title')}</h1>
        {renderers.value.length > 0 && <p>{t('tv.count', { count: renderers.value.length })}</p>}
      </div>
      {renderers.value.length === 0 ? (
        <StatePanel icon="tvs" title={t('tv.none')} text={t('tv.none.text')} />
      ) : (
        <ul class="cards">
          {renderers.value.map((renderer) => (
            <Tv key={renderer.id} renderer={renderer} />
          ))}
        </ul>
      )}
    </>
  )
}
