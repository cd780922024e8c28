import type { Channel, Renderer } from '../../relay/http/schemas.ts'
import { t } from '../i18n.ts'
import { usePage } from '../page-context.ts'
import { findChannel, rendererViewOf } from '../state/channels.ts'
import { listOf } from '../state/resources.ts'
import { Icon } from './icon.tsx'
import { Menu } from './menu.tsx'

/** What a TV does, in words. */
export function useRendererWords(): (renderer: Renderer) => string {
  const { actions, resources } = usePage()
  const named = (id: string): string => findChannel(listOf(resources.channels), id)?.name ?? '…'
  return (renderer) => {
    const view = rendererViewOf(renderer, actions.pendingRenderers.value.get(renderer.id))
    switch (view.kind) {
      case 'idle':
        return t('tv.idle')
      case 'starting':
        return t('tv.starting', { channel: named(view.channel) })
      case 'playing':
        return view.channel === undefined ? t('tv.playingOther') : t('tv.playing', { channel: named(view.channel) })
      case 'stopping':
        return t('tv.stopping')
      case 'failed':
        return t('tv.failed', { reason: view.reason })
    }
  }
}

/** Sends a channel to one of the house's TVs. */
export function TvMenu({ channel, compact = false }: { readonly channel: Channel; readonly compact?: boolean }) {
  const { actions, resources } = usePage()
  const words = useRendererWords()
  const renderers = listOf(resources.renderers)
  return (
    <Menu
      label={t('tv.menu.label', { channel: channel.name })}
      buttonClass={compact ? 'button button-quiet button-icon' : 'button'}
      button={
        <>
          <Icon name="tvs" />
          {!compact && <span class="button-word">{t('tv.menu')}</span>}
        </>
      }
    >
      {(close) =>
        renderers.length === 0 ? (
          <div class="menu-empty" role="menuitem" aria-disabled="true" tabIndex={-1}>
            <strong>{t('tv.none')}</strong>
            <span>{t('tv.none.text')}</span>
          </div>
        ) : (
          renderers.map((renderer) => (
            <button
              key={renderer.id}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class="menu-item"
              onClick={() => {
                actions.playOn(renderer, channel).catch(() => {})
                close()
              }}
            >
              <strong>{renderer.name}</strong>
              <span>{words(renderer)}</span>
            </button>
          ))
        )
      }
    </Menu>
  )
}
