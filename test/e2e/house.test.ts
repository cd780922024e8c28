/** The house when things go wrong: power cuts of the broadcaster and of the relay. */
import { get } from 'node:http'
import { readFile } from 'node:fs/promises'
import test from 'ava'
import type { Channel, Recording } from '../../relay/http/schemas.ts'
import { createContinuityCheck } from '../../relay/media/continuity.ts'
import { startHouse, until, type House } from '../harness/house.ts'
import { needs } from '../harness/tools.ts'

const OFF_AIR_MS = 5_000
const ON_AIR_MS = 10_000

const channelOf = async (house: House): Promise<Channel> => house.relay.api<Channel>('channels/news')
const recordingOf = async (house: House, id: string): Promise<Recording> => house.relay.api<Recording>(`recordings/${id}`)

/** The titles of the channels as a TV's Browse lists them. */
async function dlnaTitles(url: string): Promise<string[]> {
  const action = 'urn:schemas-upnp-org:service:ContentDirectory:1#Browse'
  const ask = async (id: string): Promise<string> => {
    const body = `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><u:Browse xmlns:u="urn:schemas-upnp-org:service:ContentDirectory:1"><ObjectID>${id}</ObjectID><BrowseFlag>BrowseDirectChildren</BrowseFlag><Filter>*</Filter><StartingIndex>0</StartingIndex><RequestedCount>0</RequestedCount><SortCriteria></SortCriteria></u:Browse></s:Body></s:Envelope>`
    const description = await (await fetch(`${url}/dlna/device.xml`)).text()
    const control = /ContentDirectory:1<\/serviceType>.*?<controlURL>([^<]+)/s.exec(description)?.[1] ?? ''
    const response = await fetch(new URL(control, url), {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/xml', soapaction: `"${action}"` },
    })
    return (await response.text()).replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
  }
  const titles: string[] = []
  const walk = async (id: string, depth: number): Promise<void> => {
    const didl = await ask(id)
    for (const [, inner = ''] of didl.matchAll(/<item [^>]*>(.*?)<\/item>/gs)) titles.push(/<dc:title>([^<]*)/.exec(inner)?.[1] ?? '')
    if (depth > 0) for (const [, child = ''] of didl.matchAll(/<container id="([^"]+)"/g)) await walk(child, depth - 1)
  }
  await walk('0', 2)
  return titles
}

/** A viewer who watches until the stream ends. */
function watch(url: string): {
  readonly started: Promise<void>
  readonly ended: Promise<'in order' | 'broken'>
  readonly bytes: () => number
} {
  const started = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<'in order' | 'broken'>()
  let bytes = 0
  get(url, (response) => {
    response.on('data', (piece: Buffer) => {
      bytes += piece.length
      started.resolve()
    })
    response.on('end', () => ended.resolve('in order'))
    response.on('error', () => ended.resolve('broken'))
  }).on('error', started.reject)
  return { started: started.promise, ended: ended.promise, bytes: () => bytes }
}

test.serial('a broadcaster that dies is off air everywhere within 5 s, and on air again within 10 s of its return', async (t) => {
  t.timeout(180_000)
  if (!needs(t, 'ffmpeg')) return
  await using house = await startHouse({
    channels: [{ name: 'News' }],
    carriers: 1,
    relayFlags: ['--http-host', '127.0.0.1', '--dlna-interface', 'lo'],
  })
  const [broadcaster] = house.broadcasters
  const viewer = watch(`${house.relay.url}/live/news.ts`)
  await viewer.started
  const recording = await house.relay.api<Recording>('recordings', { method: 'POST', body: { channel: 'news' } })
  await until('the recording has begun', 10_000, async () =>
    (await recordingOf(house, recording.id)).capture.kind === 'running' ? true : undefined,
  )
  t.deepEqual(await dlnaTitles(house.relay.url).then((titles) => titles.filter((title) => /off air/i.test(title))), [])

  await broadcaster?.kill()
  await until('the API says off air', OFF_AIR_MS, async () => ((await channelOf(house)).air.kind === 'off-air' ? true : undefined))
  await until('the DLNA listing says off air', OFF_AIR_MS, async () =>
    (await dlnaTitles(house.relay.url)).some((title) => /off air/i.test(title)) ? true : undefined,
  )
  t.is(await viewer.ended, 'in order', 'the open connection ends cleanly')
  const closed = await until('the recording closes', OFF_AIR_MS, async () => {
    const found = await recordingOf(house, recording.id)
    return found.capture.kind === 'done' ? found : undefined
  })
  t.deepEqual(closed.capture, { kind: 'done', reason: 'off-air' })
  const refused = await fetch(`${house.relay.url}/live/news.ts`)
  t.is(refused.status, 503)
  t.regex(await refused.text(), /off air/)

  await broadcaster?.start()
  await until('the API says on air', ON_AIR_MS, async () => ((await channelOf(house)).air.kind === 'on-air' ? true : undefined))
  const again = watch(`${house.relay.url}/live/news.ts`)
  await again.started
  t.pass('it plays again, and nothing but the broadcaster was started again')
})

test.serial('a recording goes on in the same entry and file after the relay was killed, with the gap listed by the clock', async (t) => {
  t.timeout(180_000)
  if (!needs(t, 'ffmpeg', 'ffprobe')) return
  await using house = await startHouse({ channels: [{ name: 'News' }], carriers: 1 })
  const { id } = await house.relay.api<Recording>('recordings', { method: 'POST', body: { channel: 'news', title: 'The evening' } })
  const grown = async (bytes: number): Promise<Recording> =>
    until('the recording grows', 30_000, async () => {
      const found = await recordingOf(house, id)
      return found.capture.kind === 'running' && found.bytes > bytes ? found : undefined
    })
  const before = await grown(300_000)
  const killed = Date.now()
  await house.relay.kill()
  await house.relay.start()
  const after = await grown(before.bytes + 200_000)
  const back = Date.now()
  t.is((await house.relay.api<readonly Recording[]>('recordings')).length, 1, 'there is one entry')
  const [gap] = after.gaps
  t.is(after.gaps.length, 1)
  t.is(gap?.cause, 'relay-stopped')
  // what had reached the disk when the power went is at most a few seconds old
  t.true(Date.parse(gap?.began ?? '') > killed - 8_000 && Date.parse(gap?.began ?? '') <= killed + 1_000, `the gap begins at ${gap?.began}`)
  t.true(Date.parse(gap?.ended ?? '') > killed - 6_000 && Date.parse(gap?.ended ?? '') < back, `the gap ends at ${gap?.ended}`)

  const stopped = await house.relay.api<Recording>(`recordings/${id}/stop`, { method: 'POST', body: {} })
  t.deepEqual(stopped.capture, { kind: 'done', reason: 'stopped' })
  const file = Buffer.from(await (await fetch(`${house.relay.url}${stopped.url}`)).arrayBuffer())
  t.is(file.length, stopped.bytes, 'one file holds all of it')
  t.is(file.length % 188, 0)
  const check = createContinuityCheck()
  check.push(file)
  for (const [pid, errors] of check.byPid) t.is(errors, 1, `PID ${pid} breaks at the gap and nowhere else`)
})

test.serial('the data folder of a house is readable by its owner only where it must be', async (t) => {
  if (!needs(t, 'ffmpeg')) return
  await using house = await startHouse({ channels: [{ name: 'News' }] })
  const { mode } = await import('node:fs/promises').then(async ({ stat }) => stat(`${house.relay.data}/identity`))
  t.is(mode & 0o777, 0o600)
  t.true((await readFile(`${house.network}/keys/.gitignore`, 'utf8')).includes('*'))
})
