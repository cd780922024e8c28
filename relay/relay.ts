/** The composition root: what is started, in which order, with what. The stop order is the same list read backwards. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadPlugins } from '../plugin/load.ts'
import { startCarrying } from './compose/carrying.ts'
import { channelsPort, guidePort } from './compose/channels.ts'
import { dlnaPorts, renderersPort } from './compose/dlna.ts'
import { configuredFfmpeg, lazyFfmpeg } from './compose/ffmpeg.ts'
import { peersView, swarmsView, Violations } from './compose/peers.ts'
import { hlsPort, livePort } from './compose/streams.ts'
import { surfaceHost } from './compose/surfaces.ts'
import { joinChannel, renderFeed } from './compose/tuning.ts'
import type { Config } from './config.ts'
import { freeBytes } from './data-folder.ts'
import { startDlna, type Dlna } from './dlna/dlna.ts'
import { RelayError } from './errors.ts'
import { Events } from './events.ts'
import { startTuner } from './feed/tuner.ts'
import { startHttp } from './http/http.ts'
import type { Changes, NetworksPort, RecordingsPort, StatusInfo } from './http/ports.ts'
import type { NetworkInfo } from './network/networks.ts'
import { qrSvg } from './network/qr.ts'
import { startNode, type Surroundings } from './node.ts'
import { startRecorder } from './pvr/recorder.ts'
import { openStore } from './store/store.ts'
import { PROFILES } from './transcode/profile.ts'

export interface Relay extends AsyncDisposable {
  /** Base URL of the page and the API, for this machine. */
  readonly url: string
  readonly peerId: string
}

const ROOT = new URL('../', import.meta.url)

const versionOf = (root: URL): string => (JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }).version

/** A UDN that stays: made of the peer key (RFC 9562, version 8). */
function udnOf(peerId: string): string {
  const hex = createHash('sha256').update(`udn ${peerId}`).digest('hex')
  return `uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const networkView = ({ id, name, channels, catalogue, link, joined }: NetworkInfo) => ({
  id,
  name,
  channels,
  catalogue,
  link,
  joined: new Date(joined).toISOString(),
})

/** Resolves when the relay serves. Throws `data-unwritable`, `port-in-use`, `config-invalid`, `store-failed`; nothing runs then. */
export async function startRelay(config: Config, surroundings: Surroundings, signal: AbortSignal): Promise<Relay> {
  const { clock, random, log } = surroundings
  const version = versionOf(ROOT)
  const changes = new Events<Changes>()
  await using started = new AsyncDisposableStack()

  const node = started.use(await startNode(config, surroundings, {}, signal))
  const { overlay, networks, swarms } = node
  const store = started.use(await openStore(join(config.data, 'tributary.sqlite')))
  const ffmpeg = await configuredFfmpeg(config, signal)
  const violations = new Violations()

  const tuning = { networks, swarms, startFfmpeg: lazyFfmpeg(config, clock), clock, log }
  const tuner = started.use(
    startTuner({
      join: (channel, joining) => joinChannel(tuning, violations, channel, joining),
      render: (feed, profile, rendering) => renderFeed(tuning, feed, profile, rendering),
      onAir: (channel) => ({ 'on-air': true, 'off-air': false, unknown: undefined })[networks.air(channel).kind],
      clock,
      log: log.child('tuner'),
    }),
  )
  const recorder = started.use(
    await startRecorder({
      tuner,
      store,
      dir: config.recordings.path,
      reserveBytes: config.recordings.reserve,
      clock,
      random,
      log: log.child('recorder'),
    }),
  )

  const channels = channelsPort({ networks, tuner, recorder, clock })
  const recordings: RecordingsPort = recorder
  const networksView: NetworksPort = {
    list: () => networks.list().map(networkView),
    join: async (link, joining) => networkView(await networks.join(link, joining)),
    qrCode: (id) => {
      const network = networks.list().find((each) => each.id === id)
      return network === undefined ? undefined : qrSvg(network.link)
    },
  }
  let dlna: Dlna | undefined

  const status = async (): Promise<StatusInfo> => {
    const views = swarms.list().map((swarm) => swarm.snapshot())
    return {
      name: config.dlna.name,
      version,
      peerId: overlay.self,
      addresses: [...overlay.addresses()],
      data: {
        free: await freeBytes(config.recordings.path),
        recordings: recorder.list().reduce((sum, { bytes }) => sum + bytes, 0),
      },
      upload: {
        ...(config.overlay.upload === Infinity ? {} : { cap: config.overlay.upload }),
        now: views.reduce((sum, { bitsOut }) => sum + bitsOut, 0),
      },
      download: { now: views.reduce((sum, { bitsIn }) => sum + bitsIn, 0) },
      ffmpeg: ffmpeg === undefined ? { kind: 'missing' } : { kind: 'found', version: ffmpeg.version },
      profiles: PROFILES.map(({ id, name }) => ({ id, name })),
    }
  }

  const http = started.use(
    await startHttp(
      {
        clock,
        log: log.child('http'),
        channels,
        guide: guidePort({ networks }),
        networks: networksView,
        recordings,
        live: livePort({ tuner, clock, log }),
        hls: hlsPort({ tuner, clock, log }),
        renderers: renderersPort(
          () => dlna,
          () => new RelayError('renderer-not-found', 'DLNA is turned off here; start the relay without --no-dlna'),
        ),
        peers: () => peersView(overlay),
        swarms: () => swarmsView(swarms, networks),
        violations: () => violations.list(),
        status,
        changes,
      },
      { port: config.http.port, host: config.http.host, page: new URL('web-ui/dist/', ROOT).pathname, version },
      signal,
    ),
  )

  if (config.dlna.enabled) {
    dlna = started.use(
      await startDlna(
        { ports: dlnaPorts({ networks, recorder, clock, media: http.media }), clock, random, log },
        {
          httpPort: http.port,
          name: config.dlna.name,
          udn: udnOf(overlay.self),
          version,
          interfaces: config.dlna.interfaces.length === 0 ? undefined : config.dlna.interfaces,
          // without ffmpeg there is nothing to offer beside the original
          ...(ffmpeg === undefined ? { profiles: [] } : {}),
        },
        signal,
      ),
    )
    started.use(http.mount({ path: '/dlna/', methods: 'any', handle: dlna.handle }))
  }

  const plugins = started.use(
    await loadPlugins(surfaceHost({ channels, recordings, networks, clock, log }), { root: ROOT, settings: {} }, signal),
  )
  for (const mount of plugins.mounts) {
    started.use(http.mount({ path: mount.path, methods: 'read', handle: (request, response) => mount.handle(request, response) }))
  }

  const tell = (...names: (keyof Changes)[]): void => {
    for (const name of names) changes.emit(name, undefined)
    dlna?.refresh()
  }
  started.use(networks.events.on('catalogue', () => tell('networks', 'channels')))
  started.use(networks.events.on('air', () => tell('channels')))
  started.use(tuner.events.on('changed', () => tell('channels')))
  started.use(recorder.events.on('changed', () => tell('recordings', 'channels')))
  if (dlna !== undefined) started.use(dlna.events.on('renderers', () => changes.emit('renderers', undefined)))

  for (const link of config.join) networks.visit(link)
  if (config.carry.length > 0) started.use(startCarrying({ networks, tuner, clock, log }, config.carry))

  const running = started.move()
  return { url: http.url, peerId: overlay.self, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
