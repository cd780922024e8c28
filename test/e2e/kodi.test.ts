import test from 'ava'
import type { Channel } from '../../relay/http/schemas.ts'
import { SMALL_CARD, startHouse, until } from '../harness/house.ts'
import { KODI_TOOLS, startKodi, type Kodi } from '../harness/kodi.ts'
import { temporaryFolder } from '../harness/processes.ts'
import { needs } from '../harness/tools.ts'

const LIST_DEADLINE_MS = 30_000
const PLAY_DEADLINE_MS = 40_000
const MOVES_S = 3
const TIME = 'Player.Time(hh:mm:ss)'
const DECODER = 'Player.Process(videodecoder)'
const WIDTH = 'Player.Process(videowidth)'

interface Listed {
  readonly channelid: number
  readonly label: string
  readonly channelnumber: number
}

async function channelsOf(kodi: Kodi): Promise<readonly Listed[]> {
  const { channels } = await kodi.rpc('PVR.GetChannels', { channelgroupid: 'alltv', properties: ['channelnumber'] })
  return (channels ?? []) as readonly Listed[]
}

async function titlesOf(kodi: Kodi, channelid: number): Promise<readonly string[]> {
  const { broadcasts } = await kodi.rpc('PVR.GetBroadcasts', { channelid, properties: ['title'] })
  return ((broadcasts ?? []) as readonly { title: string }[]).map(({ title }) => title)
}

/** Seconds of hh:mm:ss, or undefined when nothing plays. */
const secondsOf = (time: unknown): number | undefined =>
  typeof time === 'string' && /^(\d+:)*\d+$/.test(time) ? time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) : undefined

test.serial('Kodi with IPTV Simple lists the channels with their guide, and opens one', async (t) => {
  if (!needs(t, ...KODI_TOOLS, 'ffmpeg')) return
  await using home = await temporaryFolder()
  await using house = await startHouse({
    channels: [
      { name: 'News', input: SMALL_CARD },
      { name: 'Sport', input: 'test:?size=320x180&rate=300k' },
    ],
    carriers: 1,
    apart: true,
  })
  const { url } = house.relay
  await using kodi = await startKodi({ home: home.path, playlist: `${url}/iptv/channels.m3u`, guide: `${url}/iptv/guide.xml` })

  const listed = await until('both channels in Kodi', LIST_DEADLINE_MS, async () => {
    const found = await channelsOf(kodi)
    return found.length === 2 ? found : undefined
  })
  t.deepEqual(
    listed.map(({ channelnumber, label }) => [channelnumber, label]),
    [
      [1, 'News'],
      [2, 'Sport'],
    ],
  )
  for (const { channelid, label } of listed)
    t.deepEqual(
      await until(`the guide of ${label} in Kodi`, LIST_DEADLINE_MS, async () => {
        const titles = await titlesOf(kodi, channelid)
        return titles.length > 0 ? titles : undefined
      }),
      [`${label} now`, `${label} next`],
    )

  await kodi.rpc('Player.Open', { item: { channelid: listed[0]?.channelid } })
  let began: number | undefined
  const playing = await until('a moving picture in Kodi', PLAY_DEADLINE_MS, async () => {
    const labels = await kodi.rpc('XBMC.GetInfoLabels', { labels: [TIME, DECODER, WIDTH] })
    const position = secondsOf(labels[TIME])
    if (position === undefined || labels[DECODER] === '') return undefined
    began ??= position
    return position - began >= MOVES_S ? labels : undefined
  })
  t.regex(String(playing[DECODER]), /h264/)
  t.is(String(playing[WIDTH]).replaceAll(/\D/g, ''), '640')
  t.is((await house.relay.api<Channel>('channels/news')).tuner.kind, 'live')

  await kodi.rpc('Player.Stop', { playerid: 1 })
  const left = await until('the relay without a viewer', LIST_DEADLINE_MS, async () => {
    const { tuner } = await house.relay.api<Channel>('channels/news')
    return tuner.kind === 'live' ? undefined : tuner
  })
  t.true(left.kind === 'lingering' || left.kind === 'idle')
})
