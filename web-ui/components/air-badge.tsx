import type { AirState } from '../../relay/http/schemas.ts'
import { formatWhen, t } from '../i18n.ts'
import { usePage } from '../page-context.ts'

/** On air, off air (since when), or not known yet: by shape and words, not by colour alone. */
export function AirBadge({ air }: { readonly air: AirState }) {
  const { now } = usePage()
  const words =
    air.kind === 'off-air' && air.since !== undefined
      ? t('air.off-air-since', { time: formatWhen(air.since, now.value) })
      : t(`air.${air.kind}`)
  return (
    <span class={`air air-${air.kind}`}>
      <span class="air-mark" aria-hidden="true" />
      {words}
    </span>
  )
}
