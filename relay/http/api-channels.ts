import { z } from 'zod'
import { RelayError } from '../errors.ts'
import { operation, type Operation } from './operation.ts'
import type { ChannelInfo, HttpPorts } from './ports.ts'
import { Channel, Programme } from './schemas.ts'
import { channelView } from './views.ts'

/** Without from and to, a guide covers now and a day ahead; nobody gets more than a fortnight and a bit at once. */
const GUIDE_HOURS = 24
const MAX_GUIDE_DAYS = 15
const HOUR_MS = 3_600_000

const GuideRange = z
  .strictObject({
    from: z.iso.datetime({ offset: true }).optional(),
    to: z.iso.datetime({ offset: true }).optional(),
    channel: z.string().min(1).max(64).optional(),
  })
  .refine((query) => query.from === undefined || query.to === undefined || Date.parse(query.from) < Date.parse(query.to), {
    path: ['to'],
    message: '`to` must be later than `from`',
  })

/** @throws RelayError channel-not-found */
export function channelOf(ports: HttpPorts, idOrSlug: string): ChannelInfo {
  const channel = ports.channels.get(idOrSlug)
  if (channel === undefined) throw new RelayError('channel-not-found', `no channel "${idOrSlug}"; /api/v1/channels lists ids and slugs`)
  return channel
}

/** @throws RelayError profile-not-found, naming those there are */
export async function checkProfile(ports: HttpPorts, profile: string | undefined): Promise<void> {
  if (profile === undefined) return
  const { profiles } = await ports.status()
  if (profiles.some(({ id }) => id === profile)) return
  const known = profiles.map(({ id }) => id).join(', ')
  throw new RelayError(
    'profile-not-found',
    `profile is "${profile}"; expected ${known === '' ? 'none, as this relay has no profiles' : `one of ${known}`}`,
  )
}

export const channelOperations: readonly Operation[] = [
  operation({
    method: 'get',
    path: '/channels',
    summary: 'All channels of the networks joined, with what is on now and next',
    answer: { status: 200, schema: z.array(Channel) },
    run: ({ ports }) => ports.channels.list().map(channelView),
  }),
  operation({
    method: 'get',
    path: '/channels/{channel}',
    summary: 'One channel, by id or slug',
    answer: { status: 200, schema: Channel },
    run: ({ ports }, { path }) => channelView(channelOf(ports, path['channel'] ?? '')),
  }),
  operation({
    method: 'get',
    path: '/guide',
    summary: 'The programmes that overlap a span of time, of one channel or of all',
    query: GuideRange,
    answer: { status: 200, schema: z.array(Programme) },
    run({ ports }, { query }) {
      const from = query.from === undefined ? ports.clock.now() : Date.parse(query.from)
      const to = query.to === undefined ? from + GUIDE_HOURS * HOUR_MS : Date.parse(query.to)
      if (to <= from) throw new RelayError('request-invalid', 'query.to: it lies in the past; give `from` as well')
      if (to - from > MAX_GUIDE_DAYS * 24 * HOUR_MS)
        throw new RelayError('request-invalid', `query: at most ${MAX_GUIDE_DAYS} days at once`)
      return ports.guide.programmes({ from, to, channel: query.channel === undefined ? undefined : channelOf(ports, query.channel).id })
    },
  }),
  operation({
    method: 'get',
    path: '/programmes/{id}',
    summary: 'One programme',
    answer: { status: 200, schema: Programme },
    run({ ports }, { path }) {
      const programme = ports.guide.programme(path['id'] ?? '')
      if (programme === undefined) throw new RelayError('programme-not-found', `no programme "${path['id']}"; it may be over and forgotten`)
      return programme
    },
  }),
]
