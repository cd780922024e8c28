import type { Partner, Swarm } from '../../relay/http/schemas.ts'
import { formatBytes, formatCount, formatPercent, formatRate, formatSeconds, t } from '../i18n.ts'
import { exchangeOf, partnerHue, sharesOf, shortPeer } from '../state/channels.ts'
import { Icon } from './icon.tsx'

const Figure = ({ label, value, detail }: { readonly label: string; readonly value: string; readonly detail?: string | undefined }) => (
  <div class="figure">
    <dt>{label}</dt>
    <dd>
      {value}
      {detail !== undefined && <small>{detail}</small>}
    </dd>
  </div>
)

/** The bytes by the peer they came from, as one bar. */
function ShareBar({ swarm }: { readonly swarm: Swarm }) {
  const shares = sharesOf(swarm)
  if (shares.length === 0) return null
  const named = (peer: string): string => (peer === '' ? t('swarm.share.rest') : shortPeer(peer))
  const words = shares.map(({ peer, share }) => `${named(peer)} ${formatPercent(share)}`).join(', ')
  return (
    <div class="shares">
      <h4>{t('swarm.shares')}</h4>
      <div class="share-bar" role="img" aria-label={`${t('swarm.shares')}: ${words}`}>
        {shares.map(({ peer, share }) => (
          <div
            key={peer}
            class={`share hue-${peer === '' ? 6 : partnerHue(swarm, peer)}`}
            style={{ flexGrow: share }}
            title={`${named(peer)} ${formatPercent(share)}`}
          />
        ))}
      </div>
    </div>
  )
}

function PartnerRow({ swarm, partner }: { readonly swarm: Swarm; readonly partner: Partner }) {
  const share = swarm.shares.find(({ peer }) => peer === partner.peer)?.share ?? 0
  return (
    <tr>
      <th scope="row" title={partner.peer}>
        <span class={`dot hue-${partnerHue(swarm, partner.peer)}`} aria-hidden="true" />
        <code>{shortPeer(partner.peer)}</code>
      </th>
      <td class="wide" title={t(`swarm.${partner.direction}`)}>
        {partner.transport}
      </td>
      <td class="wide number">{partner.rttMs === undefined ? '–' : `${formatCount(Math.round(partner.rttMs))} ms`}</td>
      <td class="number">{rateWords(partner.bitsIn)}</td>
      <td class="number">{rateWords(partner.bitsOut)}</td>
      <td class="number">{formatPercent(share)}</td>
    </tr>
  )
}

const byTraffic = (a: Partner, b: Partner): number => b.bitsIn - a.bitsIn || b.bitsOut - a.bitsOut

const rateWords = (bits: number): string => (bits < 1 ? '–' : formatRate(bits))

/** Whom a channel comes from and goes to, live. */
export function SwarmPanel({ swarm }: { readonly swarm: Swarm }) {
  const { received, missed, rejected } = swarm.chunks
  const { from, to } = exchangeOf(swarm)
  return (
    <>
      <p class="swarm-summary">
        {swarm.role === 'source'
          ? t('swarm.source')
          : swarm.partners.length === 0
            ? t('swarm.searching')
            : t('swarm.summary', { from: t('swarm.peers', { count: from }), to: t('swarm.peers', { count: to }) })}
      </p>
      <dl class="figures">
        <Figure label={t('swarm.in')} value={formatRate(swarm.bitsIn)} />
        <Figure
          label={t('swarm.out')}
          value={formatRate(swarm.bitsOut)}
          detail={swarm.uploadCap === undefined ? undefined : t('network.cap', { cap: formatRate(swarm.uploadCap) })}
        />
        {swarm.lagMs !== undefined && <Figure label={t('swarm.lag')} value={`${formatSeconds(swarm.lagMs)} s`} />}
        <Figure
          label={t('swarm.given')}
          value={formatPercent(swarm.bytesIn === 0 ? 0 : swarm.bytesOut / swarm.bytesIn)}
          detail={t('swarm.given.detail', { out: formatBytes(swarm.bytesOut), in: formatBytes(swarm.bytesIn) })}
        />
        <Figure
          label={t('swarm.missed')}
          value={t('swarm.chunks', { count: missed })}
          detail={received + missed === 0 ? undefined : formatPercent(missed / (received + missed))}
        />
        {rejected > 0 && <Figure label={t('swarm.rejected')} value={t('swarm.chunks', { count: rejected })} />}
      </dl>
      <ShareBar swarm={swarm} />
      {swarm.partners.length > 0 && (
        <table class="table">
          <caption class="hidden">{t('swarm.table', { channel: swarm.channelName })}</caption>
          <thead>
            <tr>
              <th scope="col">{t('swarm.peer')}</th>
              <th scope="col" class="wide">
                {t('network.transport')}
              </th>
              <th scope="col" class="wide number">
                {t('swarm.rtt')}
              </th>
              <th scope="col" class="number" aria-label={t('swarm.in')} title={t('swarm.in')}>
                <Icon name="arrowIn" />
              </th>
              <th scope="col" class="number" aria-label={t('swarm.out')} title={t('swarm.out')}>
                <Icon name="arrowOut" />
              </th>
              <th scope="col" class="number">
                {t('swarm.share')}
              </th>
            </tr>
          </thead>
          <tbody>
            {[...swarm.partners].sort(byTraffic).map((partner) => (
              <PartnerRow key={partner.peer} swarm={swarm} partner={partner} />
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}
