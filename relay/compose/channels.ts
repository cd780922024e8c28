/** Channels and their guide as the page, TVs and plug-ins see them, out of the networks' catalogues, the tuner and the recorder. */
import type { Clock } from '../clock.ts'
import { between, nowNext } from '../guide/guide.ts'
import type { ChannelInfo, ChannelsPort, GuidePort } from '../http/ports.ts'
import type { AirState, Programme as ShownProgramme, TunerState } from '../http/schemas.ts'
import type { Programme } from '../network/catalogue.ts'
import type { ChannelEntry } from '../network/channels.ts'
import type { Networks } from '../network/networks.ts'
import type { Recorder } from '../pvr/recorder.ts'
import type { Tuner } from '../feed/tuner.ts'

export interface ChannelsDeps {
  readonly networks: Pick<Networks, 'channels' | 'channel' | 'air'>
  readonly tuner: Pick<Tuner, 'states' | 'peek'>
  readonly recorder: Pick<Recorder, 'list'>
  readonly clock: Clock
}

const IDLE: TunerState = { kind: 'idle' }

const instant = (time: number): string => new Date(time).toISOString()

const programmeView = (channel: string, { start, end, ...programme }: Programme): ShownProgramme => ({
  ...programme,
  channel,
  start: instant(start),
  end: instant(end),
})

function airView(networks: ChannelsDeps['networks'], channel: string): AirState {
  const air = networks.air(channel)
  switch (air.kind) {
    case 'on-air':
      return { kind: 'on-air' }
    case 'off-air':
      return { kind: 'off-air', ...(air.since === undefined ? {} : { since: instant(air.since) }) }
    case 'unknown':
      return { kind: 'unknown' }
  }
}

export function channelsPort({ networks, tuner, recorder, clock }: ChannelsDeps): ChannelsPort {
  const infoOf = (entry: ChannelEntry, states: ReadonlyMap<string, TunerState>, running: ReadonlyMap<string, string>): ChannelInfo => {
    const { now, next } = nowNext(entry.programmes, clock.now())
    const recording = running.get(entry.id)
    return {
      id: entry.id,
      slug: entry.slug,
      number: entry.number,
      name: entry.name,
      network: entry.network.name,
      air: airView(networks, entry.id),
      tuner: states.get(entry.id) ?? IDLE,
      tracks: [...(tuner.peek(entry.id)?.tracks() ?? [])],
      ...(now === undefined ? {} : { now: programmeView(entry.id, now) }),
      ...(next === undefined ? {} : { next: programmeView(entry.id, next) }),
      ...(recording === undefined ? {} : { recording }),
    }
  }
  const running = (): ReadonlyMap<string, string> =>
    new Map(recorder.list().flatMap(({ id, channel, capture }) => (capture.kind === 'running' ? [[channel, id] as const] : [])))
  return {
    list: () => {
      const [states, recordings] = [tuner.states(), running()]
      return networks.channels().map((entry) => infoOf(entry, states, recordings))
    },
    get: (idOrSlug) => {
      const entry = networks.channel(idOrSlug)
      return entry === undefined ? undefined : infoOf(entry, tuner.states(), running())
    },
  }
}

export function guidePort({ networks }: Pick<ChannelsDeps, 'networks'>): GuidePort {
  const views = ({ id, programmes }: ChannelEntry, from: number, to: number): ShownProgramme[] =>
    between(programmes, from, to).map((programme) => programmeView(id, programme))
  return {
    programmes({ from, to, channel }) {
      const entries = networks.channels().filter(({ id }) => channel === undefined || id === channel)
      return entries.flatMap((entry) => views(entry, from, to))
    },
    programme(id) {
      for (const entry of networks.channels()) {
        const found = entry.programmes.find((programme) => programme.id === id)
        if (found !== undefined) return programmeView(entry.id, found)
      }
      return undefined
    },
  }
}
