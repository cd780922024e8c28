import { t } from '../i18n.ts'
import type { Sound } from '../player/sound.ts'
import { Icon } from './icon.tsx'

/** Sound on and off, and how loud. */
export function SoundControl({ sound }: { readonly sound: Sound }) {
  const muted = sound.muted.value
  return (
    <div class="sound">
      <button
        type="button"
        class="player-button"
        aria-label={muted ? t('watch.unmute') : t('watch.mute')}
        title={muted ? t('watch.unmute') : t('watch.mute')}
        onClick={() => sound.setMuted(!muted)}
      >
        <Icon name={muted ? 'muted' : 'sound'} />
      </button>
      <input
        class="slider sound-slider"
        type="range"
        min="0"
        max="1"
        step="0.05"
        aria-label={t('watch.volume')}
        value={muted ? 0 : sound.volume.value}
        onInput={(event) => sound.setVolume(Number(event.currentTarget.value))}
      />
    </div>
  )
}
