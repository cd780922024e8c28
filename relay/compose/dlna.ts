/** What TVs see of the relay. */
import type { Clock } from '../clock.ts'
import type { Dlna } from '../dlna/dlna.ts'
import type { DlnaPorts, MediaPort } from '../dlna/ports.ts'
import { nowNext } from '../guide/guide.ts'
import type { RenderersPort } from '../http/ports.ts'
import type { Networks } from '../network/networks.ts'
import type { Recorder } from '../pvr/recorder.ts'

interface DlnaHouse {
  readonly networks: Pick<Networks, 'channels' | 'air'>
  readonly recorder: Pick<Recorder, 'list' | 'file'>
  readonly clock: Clock
  readonly media: MediaPort
}

export function dlnaPorts({ networks, recorder, clock, media }: DlnaHouse): DlnaPorts {
  return {
    media,
    channels: () =>
      networks.channels().map(({ id, slug, number, name, programmes }) => {
        const { now, next } = nowNext(programmes, clock.now())
        return { id, slug, number, name, air: networks.air(id).kind, now, next }
      }),
    recordings: () =>
      recorder
        .list()
        .filter(({ id }) => recorder.file(id) !== undefined)
        .map(({ id, title, channelName, start, bytes, duration, capture }) => ({
          id,
          title,
          channelName,
          start: Date.parse(start),
          bytes,
          duration,
          running: capture.kind === 'running',
        })),
  }
}

/** Renderers when DLNA is on; without it there are none. */
export const renderersPort = (dlna: () => Dlna | undefined, absent: () => Error): RenderersPort => {
  const present = (): Dlna => {
    const found = dlna()
    if (found === undefined) throw absent()
    return found
  }
  return {
    list: () => [...(dlna()?.renderers() ?? [])],
    play: async (id, { channel, profile }, signal) => present().play(id, { channel, profile }, signal),
    stop: async (id, signal) => present().stop(id, signal),
  }
}
