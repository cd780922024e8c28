/** What plug-ins see of the relay: `plugin/contract.ts`, filled. */
import { createHash } from 'node:crypto'
import type { ShownChannel, ShownProgramme, SurfaceHost } from '../../plugin/contract.ts'
import type { Clock } from '../clock.ts'
import { between } from '../guide/guide.ts'
import { baseUrlOf } from '../http/base-url.ts'
import type { ChannelsPort, RecordingsPort } from '../http/ports.ts'
import type { Programme as HttpProgramme } from '../http/schemas.ts'
import type { Log } from '../log.ts'
import type { Networks } from '../network/networks.ts'

interface SurfacesDeps {
  readonly channels: ChannelsPort
  readonly recordings: RecordingsPort
  readonly networks: Pick<Networks, 'list' | 'channel'>
  readonly clock: Clock
  readonly log: Log
}

const shownProgramme = ({ id, title, subtitle, description, category, start, end }: HttpProgramme): ShownProgramme => ({
  id,
  title,
  ...(subtitle === undefined ? {} : { subtitle }),
  ...(description === undefined ? {} : { description }),
  ...(category === undefined ? {} : { category }),
  start: Date.parse(start),
  end: Date.parse(end),
})

export function surfaceHost({ channels, recordings, networks, clock, log }: SurfacesDeps): SurfaceHost {
  return {
    channels: () =>
      channels.list().map(({ id, number, name, network, air, now, next }): ShownChannel => ({
        id,
        number,
        name,
        network,
        onAir: air.kind === 'on-air',
        livePath: `/live/${id}.ts`,
        ...(now === undefined ? {} : { now: shownProgramme(now) }),
        ...(next === undefined ? {} : { next: shownProgramme(next) }),
      })),
    programmes: ({ channel, from, to }) => between(networks.channel(channel)?.programmes ?? [], from, to),
    recordings: () =>
      recordings.list().map(({ id, title, channelName, start, duration, capture }) => ({
        id,
        title,
        channelName,
        start: Date.parse(start),
        duration,
        filePath: `/recordings/${id}/file`,
        growing: capture.kind === 'running',
      })),
    // catalogues are all that channels and programmes come from
    revision: () =>
      createHash('sha256')
        .update(
          networks
            .list()
            .map(({ id, catalogue }) => `${id} ${catalogue}`)
            .join(),
        )
        .digest('base64url')
        .slice(0, 16),
    baseUrl: baseUrlOf,
    now: () => clock.now(),
    log: log.child('plugin'),
  }
}
