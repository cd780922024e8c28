import { useComputed, type ReadonlySignal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Link, useLocation } from 'wouter-preact'
import type { Recording } from '../../relay/http/schemas.ts'
import { Gaps } from '../components/gaps.tsx'
import { Icon } from '../components/icon.tsx'
import { captureWords, RecordingActions, toneOf } from '../components/recording-parts.tsx'
import { SoundControl } from '../components/sound-control.tsx'
import { ProblemPanel, Skeleton, StatePanel } from '../components/state-panel.tsx'
import { formatBytes, formatLength, formatWhen, t } from '../i18n.ts'
import { usePage } from '../page-context.ts'
import { isFullScreen, toggleFullScreen } from '../player/full-screen.ts'
import { startRecordingPlayer, type RecordingPlayer } from '../player/recording-player.ts'
import { recordedSeconds } from '../state/channels.ts'
import { listOf } from '../state/resources.ts'
import { useTitle } from '../use-title.ts'

/** Left and Right move by so many seconds. */
const STEP_S = 10

function Veil({ player, recording }: { readonly player: RecordingPlayer; readonly recording: Recording }) {
  const { kind } = player.playback.value
  if (kind === 'undecodable' || kind === 'failed')
    return (
      <div class="veil">
        <Icon name="warning" />
        <h2>{kind === 'failed' ? t('recordings.fileLost') : t('recordings.cannotPlay.title')}</h2>
        {kind === 'undecodable' && <p>{t('recordings.cannotPlay.text')}</p>}
        {kind === 'failed' ? (
          <button type="button" class="button" onClick={() => player.toggle()}>
            {t('action.retry')}
          </button>
        ) : (
          <a class="button" href={recording.url} download="">
            <Icon name="download" /> {t('action.download')}
          </a>
        )}
      </div>
    )
  if (kind === 'opening' || kind === 'waiting')
    return (
      <div class="veil veil-clear">
        <span class="spinner" aria-hidden="true" />
      </div>
    )
  return null
}

function RecordingPicture({ recording }: { readonly recording: ReadonlySignal<Recording> }) {
  const { clock, now } = usePage()
  const root = useRef<HTMLDivElement>(null)
  const surface = useRef<HTMLDivElement>(null)
  const video = useRef<HTMLVideoElement>(null)
  const [player, setPlayer] = useState<RecordingPlayer>()
  useEffect(() => {
    if (video.current === null) return
    const started = startRecordingPlayer(video.current, { recording, clock })
    setPlayer(started)
    if (!matchMedia('(pointer: coarse)').matches) surface.current?.focus({ preventScroll: true })
    return () => started.close()
  }, [])

  const toggleFull = (): void => {
    if (root.current !== null && video.current !== null) toggleFullScreen(root.current, video.current)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (player === undefined || event.ctrlKey || event.metaKey || event.altKey || event.target !== surface.current) return
    if (event.key === ' ' || event.key === 'k' || event.key === 'Enter' || event.key === 'MediaPlayPause') player.toggle()
    else if (event.key === 'ArrowLeft') player.seek(player.position.peek() - STEP_S)
    else if (event.key === 'ArrowRight') player.seek(player.position.peek() + STEP_S)
    else if (event.key === 'f') toggleFull()
    else if (event.key === 'm') player.sound.setMuted(!player.sound.muted.peek())
    else return
    event.preventDefault()
  }

  const { value } = recording
  const length = recordedSeconds(value, now.value)
  const playing = player?.playback.value.kind === 'playing'
  const full = isFullScreen.value
  return (
    <div class={`player${full ? ' player-full' : ''}`} ref={root}>
      <video ref={video} class="player-video" playsInline />
      <div
        class="player-surface"
        ref={surface}
        tabIndex={0}
        role="group"
        aria-label={t('recordings.player', { title: value.title })}
        onKeyDown={onKeyDown}
        onClick={() => player?.toggle()}
        onDblClick={toggleFull}
      />
      {player !== undefined && (
        <>
          <div class="veil-place" role="status">
            <Veil player={player} recording={value} />
          </div>
          {player.sound.blocked.value && playing && (
            <button type="button" class="button button-main player-unmute" onClick={() => player.sound.setMuted(false)}>
              <Icon name="muted" /> {t('watch.unmute')}
            </button>
          )}
          <div class="player-controls" role="group" aria-label={t('watch.controls')}>
            <button
              type="button"
              class="player-button"
              aria-label={playing ? t('recordings.pause') : t('action.play')}
              title={playing ? t('recordings.pause') : t('action.play')}
              onClick={() => player.toggle()}
            >
              <Icon name={playing ? 'pause' : 'play'} />
            </button>
            <input
              class="slider position-slider"
              type="range"
              min="0"
              max={Math.max(1, Math.floor(length))}
              step="1"
              aria-label={t('recordings.position')}
              aria-valuetext={`${formatLength(player.position.value)} / ${formatLength(length)}`}
              value={Math.floor(player.position.value)}
              onChange={(event) => player.seek(Number(event.currentTarget.value))}
            />
            <span class="number player-time">
              {formatLength(player.position.value)} / {formatLength(length)}
            </span>
            <SoundControl sound={player.sound} />
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
        </>
      )}
    </div>
  )
}

function Known({ found }: { readonly found: ReadonlySignal<Recording | undefined> }) {
  const { now } = usePage()
  const [, navigate] = useLocation()
  const [last] = useState<{ recording: Recording | undefined }>({ recording: undefined })
  // a recording that is deleted while it is shown stays as it was until the page is left
  const recording = useComputed(() => {
    const value = found.value ?? last.recording
    if (value === undefined) throw new Error('shown without a recording')
    last.recording = value
    return value
  })
  const { value } = recording
  const at = now.value
  const empty = value.bytes === 0
  return (
    <>
      {empty ? (
        <StatePanel
          icon={value.capture.kind === 'failed' ? 'warning' : 'recordings'}
          title={value.capture.kind === 'due' || value.capture.kind === 'running' ? t('recordings.nothingYet') : t('recordings.nothing')}
          text={captureWords(value, at)}
        />
      ) : (
        <RecordingPicture recording={recording} />
      )}
      <section class="about-channel">
        <header class="about-head">
          <div>
            <h1>{value.title}</h1>
            <p class="quiet">
              {value.channelName}, {formatWhen(value.start, at)} · {formatLength(recordedSeconds(value, at))} · {formatBytes(value.bytes)}
            </p>
            <p class={`tone tone-${toneOf(value)}`}>{captureWords(value, at)}</p>
          </div>
          <div class="actions">
            {!empty && (
              <a class="button" href={value.url} download="">
                <Icon name="download" />
                <span class="button-word">{t('action.download')}</span>
              </a>
            )}
            <RecordingActions recording={value} onRemoved={() => navigate('/recordings')} />
          </div>
        </header>
        <Gaps gaps={value.gaps} />
      </section>
    </>
  )
}

export function RecordingPage({ id }: { readonly id: string }) {
  const { resources, reconnect } = usePage()
  const found = useComputed(() => listOf(resources.recordings).find((recording) => recording.id === id))
  const recordings = resources.recordings.value
  useTitle(found.value?.title ?? t('recordings.title'))
  if (recordings.kind === 'failed') return <ProblemPanel problem={recordings.problem} onRetry={reconnect} />
  if (recordings.kind === 'loading') return <Skeleton label={t('recordings.loading')} rows={1} />
  return (
    <div class="watch">
      <Link href="/recordings" class="back">
        <Icon name="back" /> {t('recordings.all')}
      </Link>
      {found.value === undefined ? (
        <StatePanel icon="recordings" title={t('recordings.notFound.title')} text={t('recordings.notFound.text')} />
      ) : (
        <Known found={found} />
      )}
    </div>
  )
}
