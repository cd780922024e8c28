import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import type { Channel, Renderer } from '../../relay/http/schemas.ts'
import { fetchInside } from '../harness/fetch-inside.ts'
import { SMALL_CARD, startHouse, until, type House } from '../harness/house.ts'
import { createLan, type Lan } from '../harness/lan.ts'
import { needs, needsNamespaces } from '../harness/tools.ts'

const MEDIA_SERVER = 'urn:schemas-upnp-org:device:MediaServer:1'
const CONTENT_DIRECTORY = 'urn:schemas-upnp-org:service:ContentDirectory:1'
/** gssdp-discover listens so long, s. */
const LISTEN_S = 4
/** Off air within 5 s; each look costs one process. */
const OFF_AIR_DEADLINE_MS = 6_000
const RENDERER_DEADLINE_MS = 30_000
const MOVES_S = 3

/** Everything that speaks to the relay over the LAN has a machine of its own; the network's other processes share the relay's. */
const createHome = async (): Promise<Lan> =>
  createLan([
    { name: 'relay', on: ['home'] },
    { name: 'tv', on: ['home'], multicastRoute: true },
    { name: 'tablet', on: ['home'], multicastRoute: true },
  ])

const startLanHouse = async (lan: Lan, names: readonly string[]): Promise<House> =>
  startHouse({
    channels: names.map((name) => ({ name, input: SMALL_CARD })),
    relayFlags: ['--name', 'House relay'],
    inside: (command) => lan.inside('relay', command),
  })

const browse = (object: string): string =>
  `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:Browse xmlns:u="${CONTENT_DIRECTORY}"><ObjectID>${object}</ObjectID><BrowseFlag>BrowseDirectChildren</BrowseFlag><Filter>*</Filter><StartingIndex>0</StartingIndex><RequestedCount>0</RequestedCount><SortCriteria></SortCriteria></u:Browse></s:Body></s:Envelope>`

const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
const all = (text: string, pattern: RegExp): readonly string[] => [...text.matchAll(pattern)].map(([, found = '']) => found)

test.serial('gssdp-discover sees the relay, a Browse lists its channels, and one that goes off air is shown so', async (t) => {
  if (!needs(t, 'gssdp-discover', 'ffmpeg') || !needsNamespaces(t)) return
  await using lan = await createHome()
  await using house = await startLanHouse(lan, ['News', 'Sport'])
  const tablet = (command: readonly string[]): readonly [string, string[]] => lan.inside('tablet', command)

  const [file, args] = tablet(['gssdp-discover', '-i', 'eth0', '-n', String(LISTEN_S), '-t', MEDIA_SERVER])
  const { stdout } = await promisify(execFile)(file, args)
  const location = /Location: (http:\S+)/.exec(stdout)?.[1] ?? ''
  t.true(location.startsWith(`http://${lan.address('relay', 'home')}:`), stdout)

  const description = (await fetchInside(tablet, location)).text
  t.regex(description, /<friendlyName>House relay<\/friendlyName>/)
  const control = /ContentDirectory:1<\/serviceType>[^]*?<controlURL>([^<]+)</.exec(description)?.[1] ?? ''
  const list = async (object: string): Promise<string> => {
    const headers = { 'content-type': 'text/xml; charset="utf-8"', soapaction: `"${CONTENT_DIRECTORY}#Browse"` }
    const answer = await fetchInside(tablet, new URL(control, location).href, { method: 'POST', headers, body: browse(object) })
    t.is(answer.status, 200, answer.text)
    return unescaped(/<Result>([^]*)<\/Result>/.exec(answer.text)?.[1] ?? '')
  }
  const live = all(await list('0'), /<container id="([^"]+)"[^>]*>\s*<dc:title>Live TV</g)[0] ?? ''
  const channels = await list(live)
  t.deepEqual(all(channels, /<dc:title>([^<]+)</g), ['1 News', '2 Sport'])
  t.deepEqual(all(channels, /<upnp:class>([^<]+)</g), ['object.item.videoItem.videoBroadcast', 'object.item.videoItem.videoBroadcast'])
  t.regex(channels, /protocolInfo="http-get:\*:video\/mpeg:[^"]*DLNA/)

  await house.broadcasters[1]?.kill()
  await until('the channel off air in the listing', OFF_AIR_DEADLINE_MS, async () =>
    (await list(live)).includes('2 Sport (off air)') ? true : undefined,
  )
  t.deepEqual(all(await list(live), /<dc:title>([^<]+)</g), ['1 News', '2 Sport (off air)'])
})

/** A television without a screen, that keeps time. */
function startTelevision(lan: Lan): AsyncDisposable {
  const sinks = ['--gstout-audiopipe=fakesink sync=true', '--gstout-videopipe=fakesink sync=true']
  const [file, args] = lan.inside('tv', ['gmediarender', '-I', 'eth0', '-p', '49494', '-u', 'e2e-tv', '-f', 'Living room', ...sinks])
  const child = spawn(file, args, { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('close', resolve))
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL') // it has nothing to save
      await ended
    },
  }
}

test.serial('a renderer that is cast to from the API reaches playing, its position moves, and it stops when told', async (t) => {
  if (!needs(t, 'gmediarender', 'ffmpeg') || !needsNamespaces(t)) return
  await using lan = await createHome()
  await using house = await startLanHouse(lan, ['News'])
  await using _television = startTelevision(lan)
  const { relay } = house
  const television = async (): Promise<Renderer | undefined> =>
    (await relay.api<readonly Renderer[]>('renderers')).find(({ name }) => name === 'Living room')
  const position = async (after: number): Promise<number | undefined> => {
    const state = (await television())?.state
    return state?.kind === 'playing' && state.position > after ? state.position : undefined
  }

  const { id } = await until('the television in the list', RENDERER_DEADLINE_MS, television)
  await relay.api(`renderers/${encodeURIComponent(id)}/play`, { method: 'POST', body: { channel: 'news' } })
  const first = await until('the television playing', RENDERER_DEADLINE_MS, async () => position(0))
  await until('a position that moves', RENDERER_DEADLINE_MS, async () => position(first + MOVES_S))
  const news = await relay.api<Channel>('channels/news')
  t.is(news.tuner.kind, 'live')

  await relay.api(`renderers/${encodeURIComponent(id)}/stop`, { method: 'POST' })
  const stopped = await until('the television at rest', RENDERER_DEADLINE_MS, async () => {
    const state = (await television())?.state
    return state?.kind === 'idle' ? state : undefined
  })
  t.deepEqual(stopped, { kind: 'idle' })
  await until('nobody watching', RENDERER_DEADLINE_MS, async () =>
    (await relay.api<Channel>('channels/news')).tuner.kind === 'live' ? undefined : true,
  )
})
