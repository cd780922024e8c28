import type { RecordingGap } from '../../relay/http/schemas.ts'
import { formatExact, formatGap, t } from '../i18n.ts'
import { gapSeconds } from '../state/channels.ts'
import { Icon } from './icon.tsx'

/** What a recording lacks, with the times on the wall. */
export function Gaps({ gaps }: { readonly gaps: readonly RecordingGap[] }) {
  if (gaps.length === 0) return null
  return (
    <details class="gaps">
      <summary>
        <Icon name="warning" /> {t('recordings.gaps', { count: gaps.length, length: formatGap(gapSeconds([...gaps])) })}
      </summary>
      <ul class="plain">
        {gaps.map((gap) => (
          <li key={gap.began}>
            {t('recordings.gap', {
              began: formatExact(gap.began),
              ended: formatExact(gap.ended),
              length: formatGap(gapSeconds([gap])),
              cause: t(`recordings.gap.${gap.cause}`),
            })}
          </li>
        ))}
      </ul>
    </details>
  )
}
