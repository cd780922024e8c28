import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Network, Peer } from '../../relay/http/schemas.ts'
import { JoinForm, Welcome } from '../components/join-form.tsx'
import { Skeleton } from '../components/state-panel.tsx'
import { SwarmPanel } from '../components/swarm-panel.tsx'
import { formatCount, formatRate, formatWhen, t } from '../i18n.ts'
import { usePage } from '../page-context.ts'
import { shortPeer } from '../state/channels.ts'
import { listOf } from '../state/resources.ts'
import { useTitle } from '../use-title.ts'

/** Connected peers change slowly and have no event of their own. */
const PEERS_EVERY_MS = 5_000

function usePeers(): readonly Peer[] | undefined {
  const { api, clock } = usePage()
  const peers = useSignal<readonly Peer[] | undefined>(undefined)
  useEffect(() => {
    let gone = false
    const ask = (): void => {
      api
        .get<readonly Peer[]>('peers')
        .then((reply) => {
          if (!gone && reply.ok) peers.value = reply.value
        })
        .catch(() => {})
    }
    ask()
    const stop = clock.every(PEERS_EVERY_MS, ask)
    return () => {
      gone = true
      stop()
    }
  }, [])
  return peers.value
}

const Meter = ({ label, now, cap }: { readonly label: string; readonly now: number; readonly cap: number | undefined }) => (
  <div class="meter">
    <div class="meter-words">
      <span>{label}</span>
      <strong>{formatRate(now)}</strong>
    </div>
    {cap !== undefined && cap > 0 && (
      <>
        <div class="meter-bar" aria-hidden="true">
          <div class="meter-fill" style={{ transform: `scaleX(${Math.min(now / cap, 1).toFixed(4)})` }} />
        </div>
        <p class="quiet">{t('network.cap', { cap: formatRate(cap) })}</p>
      </>
    )}
    {cap === 0 && <p class="quiet">{t('network.capZero')}</p>}
  </div>
)

function Traffic() {
  const { resources } = usePage()
  const status = resources.status.value
  if (status.kind !== 'ready') return null
  return (
    <section class="card">
      <h2>{t('network.traffic')}</h2>
      <div class="meters">
        <Meter label={t('network.down')} now={status.value.download.now} cap={undefined} />
        <Meter label={t('network.up')} now={status.value.upload.now} cap={status.value.upload.cap} />
      </div>
    </section>
  )
}

function NetworkItem({ network }: { readonly network: Network }) {
  const { now, clock } = usePage()
  const copied = useSignal(false)
  const copy = (): void => {
    // the clipboard needs HTTPS or localhost; elsewhere the text in the field is selected for the person to copy
    navigator.clipboard
      ?.writeText(network.link)
      .then(() => {
        copied.value = true
        clock.after(2_000, () => {
          copied.value = false
        })
      })
      .catch(() => {})
  }
  return (
    <li class="network">
      <h3>{network.name}</h3>
      <p class="quiet">
        {network.catalogue === 0 ? t('network.waiting') : t('network.channels', { count: network.channels })},{' '}
        {t('network.joinedAt', { time: formatWhen(network.joined, now.value) })}
      </p>
      <label class="network-link">
        <span class="quiet">{t('network.link')}</span>
        <span class="join-line">
          <input type="text" readOnly value={network.link} onFocus={(event) => event.currentTarget.select()} />
          {'clipboard' in navigator && (
            <button type="button" class="button" onClick={copy}>
              {copied.value ? t('action.copied') : t('action.copy')}
            </button>
          )}
        </span>
      </label>
      <details class="more">
        <summary>{t('network.qr')}</summary>
        <img class="qr" src={`/api/v1/networks/${network.id}/qr.svg`} alt={t('network.qrAlt', { name: network.name })} loading="lazy" />
      </details>
    </li>
  )
}

function Peers() {
  const { now } = usePage()
  const peers = usePeers()
  return (
    <section class="card">
      <h2>{t('network.peers')}</h2>
      {peers === undefined ? (
        <Skeleton label={t('network.peers')} rows={2} />
      ) : peers.length === 0 ? (
        <p class="quiet">{t('network.peers.empty')}</p>
      ) : (
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t('swarm.peer')}</th>
              <th scope="col">{t('network.transport')}</th>
              <th scope="col" class="wide">
                {t('network.address')}
              </th>
              <th scope="col" class="number">
                {t('swarm.rtt')}
              </th>
              <th scope="col" class="number wide">
                {t('network.since')}
              </th>
            </tr>
          </thead>
          <tbody>
            {peers.map((peer) => (
              <tr key={peer.peer}>
                <th scope="row" title={peer.peer}>
                  <code>{shortPeer(peer.peer)}</code>
                </th>
                <td>
                  {peer.transport} <span class="quiet wide">{t(`swarm.${peer.direction}`)}</span>
                </td>
                <td class="wide address">
                  <code>{peer.address}</code>
                </td>
                <td class="number">{peer.rttMs === undefined ? '–' : `${formatCount(Math.round(peer.rttMs))} ms`}</td>
                <td class="number wide">{formatWhen(peer.since, now.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

export function NetworkPage() {
  const { resources } = usePage()
  useTitle(t('network.title'))
  const networks = resources.networks.value
  if (networks.kind === 'ready' && networks.value.length === 0) return <Welcome />
  const swarms = listOf(resources.swarms)
  return (
    <>
      <div class="page-head">
        <h1>{t('network.title')}</h1>
      </div>
      <div class="columns">
        <div class="column">
          <Traffic />
          <section class="card">
            <h2>{t('network.joined')}</h2>
            {networks.kind === 'ready' ? (
              <ul class="plain">
                {networks.value.map((network) => (
                  <NetworkItem key={network.id} network={network} />
                ))}
              </ul>
            ) : (
              <Skeleton label={t('network.joined')} rows={1} />
            )}
            <details class="more">
              <summary>{t('join.another')}</summary>
              <JoinForm label={t('join.label')} />
            </details>
          </section>
        </div>
        <div class="column">
          <section class="card">
            <h2>{t('network.swarms')}</h2>
            {swarms.length === 0 && <p class="quiet">{t('network.swarms.empty')}</p>}
            {swarms.map((swarm) => (
              <section key={swarm.channel} class="swarm">
                <h3>{swarm.channelName}</h3>
                <SwarmPanel swarm={swarm} />
              </section>
            ))}
          </section>
          <Peers />
        </div>
      </div>
    </>
  )
}
