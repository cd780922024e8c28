import { useSignal, type ReadonlySignal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import type { Channel } from '../../relay/http/schemas.ts'
import { formatSeconds, t } from '../i18n.ts'
import { usePage } from '../page-context.ts'
import { isFullScreen, toggleFullScreen } from '../player/full-screen.ts'
import { startLivePlayer, type LivePlayer } from '../player/live-player.ts'
import { detectSupport } from '../player/support.ts'
import { neighbourOf, recordStateOf } from '../state/channels.ts'
import { createNumberEntry } from '../state/number-entry.ts'
import { listOf } from '../state/resources.ts'
import { actionOf } from '../state/watch-keys.ts'
import { Icon } from './icon.tsx'
import { Banner, Veil } from './picture-veil.tsx'
import { SoundControl } from './sound-control.tsx'

/** Controls and banner go after this time without a key or a movement. */
const CONTROLS_MS = 3_500

/** The live picture with its keys and controls. The video element stays the same when the channel changes. */
export function LivePicture({ channel }: { readonly channel: ReadonlySignal<Channel | undefined> }) {
  const { actions, clock, resources } = usePage()
  const [, navigate] = useLocation()
  const root = useRef<HTMLDivElement>(null)
  const surface = useRef<HTMLDivElement>(null)
  const video = useRef<HTMLVideoElement>(null)
  const [player, setPlayer] = useState<LivePlayer>()
  const awake = useSignal(true)
  const cancelSleep = useRef((): void => {})
  const goTo = (target: Channel | undefined): void => {
    if (target !== undefined) navigate(`/watch/${encodeURIComponent(target.slug)}`, { replace: true })
  }
  const [numbers] = useState(() => createNumberEntry({ clock, channels: () => listOf(resources.channels), tune: goTo }))

  useEffect(() => {
    if (video.current === null) return
    const started = startLivePlayer(video.current, { channel, support: detectSupport(), clock })
    setPlayer(started)
    if (!matchMedia('(pointer: coarse)').matches) surface.current?.focus({ preventScroll: true })
    return () => {
      started.close()
      numbers.clear()
    }
  }, [])

  const wake = (): void => {
    awake.value = true
    cancelSleep.current()
    cancelSleep.current = clock.after(CONTROLS_MS, () => {
      awake.value = false
    })
  }
  const id = channel.value?.id
  useEffect(() => {
    wake()
    return () => cancelSleep.current()
  }, [id])

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const { target } = event
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (target instanceof HTMLElement && target.closest('input:not([type="range"]), select, textarea, [role="menu"]') !== null) return
      const action = actionOf(event, target === surface.current || (target === document.body && isFullScreen.value))
      const current = channel.peek()
      if (action === undefined || current === undefined) return
      // Enter and the arrows are the surface's own; letters with Shift are still letters
      wake()
      switch (action.kind) {
        case 'zap':
          goTo(neighbourOf(listOf(resources.channels), current.id, action.step))
          break
        case 'digit':
          numbers.digit(action.digit)
          break
        case 'commit':
          if (!numbers.commit()) toggleFull()
          break
        case 'full-screen':
          toggleFull()
          break
        case 'mute':
          playerRef.current?.sound.setMuted(!playerRef.current.sound.muted.peek())
          break
        case 'record': {
          const state = recordStateOf(current, actions.pendingRecords.peek().get(current.id))
          if (state.kind === 'idle') actions.startRecording(current).catch(() => {})
          else if (state.kind === 'recording') actions.stopRecording({ id: state.id, channel: current.id }).catch(() => {})
          break
        }
        case 'back':
          navigate('/')
          break
        case 'controls':
          root.current?.querySelector<HTMLElement>('.player-controls button')?.focus()
          break
      }
      event.preventDefault()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])
  const playerRef = useRef<LivePlayer>()
  playerRef.current = player

  const toggleFull = (): void => {
    if (root.current !== null && video.current !== null) toggleFullScreen(root.current, video.current)
  }

  const current = channel.value
  const picture = player?.picture.value
  const entry = numbers.entry.value
  const lagMs = listOf(resources.swarms).find((swarm) => swarm.channel === id)?.lagMs
  const idle = !awake.value && picture?.kind === 'playing'
  const full = isFullScreen.value
  const shown = picture?.kind === 'playing' || picture?.kind === 'stalled'
  return (
    <div
      class={`player${idle ? ' player-idle' : ''}${full ? ' player-full' : ''}`}
      ref={root}
      onPointerMove={wake}
      onPointerDown={wake}
      onFocusCapture={wake}
    >
      <video ref={video} class="player-video" playsInline />
      <div
        class="player-surface"
        ref={surface}
        tabIndex={0}
        role="group"
        data-own-arrows=""
        aria-label={t('watch.player', { channel: current?.name ?? '' })}
        onDblClick={toggleFull}
      />
      {player !== undefined && picture !== undefined && (
        <div class="veil-place" role="status">
          <Veil picture={picture} player={player} />
        </div>
      )}
      {current !== undefined && <Banner channel={current} />}
      {entry.kind === 'typing' && (
        <div class="player-entry" role="status">
          <strong>{entry.digits}</strong>
          <span>{entry.match?.name ?? t('watch.noNumber', { digits: entry.digits })}</span>
        </div>
      )}
      {player !== undefined && player.sound.blocked.value && picture?.kind === 'playing' && (
        <button type="button" class="button button-main player-unmute" onClick={() => player.sound.setMuted(false)}>
          <Icon name="muted" /> {t('watch.unmute')}
        </button>
      )}
      {player !== undefined && (
        <div class="player-controls" role="group" aria-label={t('watch.controls')}>
          <SoundControl sound={player.sound} />
          <span class="player-live">
            {shown && (
              <>
                <span class="live-dot" aria-hidden="true" />
                {t('watch.live')}
                <small class="number" title={t('watch.behind.label')}>
                  {t('watch.behind', { seconds: formatSeconds(player.bufferMs.value + (lagMs ?? 0)) })}
                </small>
              </>
            )}
          </span>
          <small class="player-quality">{shown && (player.converting.value ? t('watch.converted') : t('watch.original'))}</small>
          {(['channelDown', 'channelUp'] as const).map((name) => (
            <button
              key={name}
              type="button"
              class="player-button"
              aria-label={t(`watch.${name}`)}
              title={t(`watch.${name}`)}
              onClick={() => {
                if (id !== undefined) goTo(neighbourOf(listOf(resources.channels), id, name === 'channelUp' ? 1 : -1))
              }}
            >
              <Icon name={name === 'channelUp' ? 'up' : 'down'} />
            </button>
          ))}
          <button
            type="button"
            class="player-button"
            aria-label={full ? t('watch.leaveFullScreen') : t('watch.fullScreen')}
            title={full ? t('watch.leaveFullScreen') : t('watch.fullScreen')}
            onClick={toggleFull}
          >
            <Icon name={full ? 'leaveFull' : 'full'} />
          </button>
        </div>
      )}
    </div>
  )
}
