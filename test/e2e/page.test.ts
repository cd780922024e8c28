import test from 'ava'
import type { Channel, Recording, Swarm } from '../../relay/http/schemas.ts'
import { openBrowser, watchPicture } from '../harness/browser.ts'
import { startHouse, until, type House } from '../harness/house.ts'
import { needs } from '../harness/tools.ts'

const TOOLS = ['chromium', 'ffmpeg'] as const
/** From the click to a picture that has moved on, on two busy cores. */
const PICTURE_DEADLINE_MS = 30_000
const MOVES_S = 3
const WORDS_DEADLINE_MS = 15_000
/** What `It must show` grants: off air within 5 s, on air again within 10 s; the page has a moment more to show it. */
const OFF_AIR_DEADLINE_MS = 5_000
const BACK_DEADLINE_MS = 10_000
const shortPeer = (peer: string): string => peer.slice(-6)

const channelOf = async (house: House, slug: string): Promise<Channel> => house.relay.api<Channel>(`channels/${slug}`)

test.serial('the page lists the channels with now and next, plays one by itself, and says from whom it comes', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using house = await startHouse({ channels: [{ name: 'News' }, { name: 'Sport' }], carriers: 2, apart: true })
  await using browser = await openBrowser()
  const { page } = browser
  await page.goto(house.relay.url)
  for (const name of ['News', 'Sport']) {
    const row = page.locator('li.channel', { hasText: name })
    await row.getByText(`${name} now`).waitFor({ timeout: WORDS_DEADLINE_MS })
    await row.getByText(`${name} next`).waitFor({ timeout: WORDS_DEADLINE_MS })
    await row.getByText('On air').waitFor({ timeout: WORDS_DEADLINE_MS })
  }

  await page.getByRole('link', { name: 'Watch News' }).click()
  const seen = await watchPicture(page, MOVES_S, PICTURE_DEADLINE_MS)
  t.true(seen !== undefined, 'the picture moves')
  if (seen === undefined) return
  t.is(seen.last.width, 640)
  t.true(seen.last.frames - seen.first.frames > 25, `${seen.last.frames - seen.first.frames} frames were decoded in ${MOVES_S} s`)

  const carriers = house.carriers.map(({ process }) => String(process.ready['peerId']))
  const [swarm] = await house.relay.api<readonly Swarm[]>('swarms')
  const givers = swarm?.shares.map(({ peer }) => peer) ?? []
  t.true(givers.length > 0)
  t.true(givers.every((peer) => carriers.includes(peer)))
  const panel = page.locator('.about-swarm')
  for (const peer of givers)
    await panel
      .getByText(new RegExp(`${shortPeer(peer)}$`))
      .first()
      .waitFor({ timeout: WORDS_DEADLINE_MS })
  await panel.getByText(/From \d peers?, to/).waitFor({ timeout: WORDS_DEADLINE_MS })
  t.deepEqual(browser.problems, [])
})

test.serial('the record button starts and stops a recording, which then plays in the page', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using house = await startHouse({ channels: [{ name: 'News' }] })
  await using browser = await openBrowser()
  const { page } = browser
  await page.goto(`${house.relay.url}/watch/news`)
  t.true((await watchPicture(page, 1, PICTURE_DEADLINE_MS)) !== undefined)
  await page.getByRole('button', { name: 'Record News' }).click()
  await page.getByRole('button', { name: 'Stop recording News' }).getByText('Stop recording').waitFor({ timeout: WORDS_DEADLINE_MS })
  const recording = await until('a recording of some seconds', PICTURE_DEADLINE_MS, async () => {
    const [found] = await house.relay.api<readonly Recording[]>('recordings')
    return found !== undefined && found.duration > 5 ? found : undefined
  })
  t.is(recording.capture.kind, 'running')
  await page.getByRole('button', { name: 'Stop recording News' }).click()
  await page.getByRole('button', { name: 'Record News' }).waitFor({ timeout: WORDS_DEADLINE_MS })
  t.deepEqual((await house.relay.api<Recording>(`recordings/${recording.id}`)).capture, { kind: 'done', reason: 'stopped' })

  await page.getByRole('navigation').getByRole('link', { name: 'Recordings' }).click()
  await page.getByRole('link', { name: `Play ${recording.title}` }).click()
  const seen = await watchPicture(page, MOVES_S, PICTURE_DEADLINE_MS)
  t.true(seen !== undefined, 'the recording plays')
  t.deepEqual(browser.problems, [])
})

test.serial('the page says off air when the broadcaster has died, and plays on by itself when it is back', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using house = await startHouse({ channels: [{ name: 'News' }] })
  await using browser = await openBrowser()
  const { page } = browser
  await page.goto(`${house.relay.url}/watch/news`)
  t.true((await watchPicture(page, 1, PICTURE_DEADLINE_MS)) !== undefined)

  const [broadcaster] = house.broadcasters
  await broadcaster?.kill()
  await page.getByRole('heading', { name: 'Off air' }).waitFor({ timeout: OFF_AIR_DEADLINE_MS })
  t.is((await channelOf(house, 'news')).air.kind, 'off-air')
  await broadcaster?.start()
  await page.getByRole('heading', { name: 'Off air' }).waitFor({ state: 'hidden', timeout: BACK_DEADLINE_MS })
  t.true((await watchPicture(page, MOVES_S, PICTURE_DEADLINE_MS)) !== undefined, 'the picture moves again')
  t.deepEqual(browser.problems, [])
})

test.serial('the page comes back by itself when the relay was restarted', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using house = await startHouse({ channels: [{ name: 'News' }] })
  await using browser = await openBrowser()
  const { page } = browser
  await page.goto(`${house.relay.url}/watch/news`)
  t.true((await watchPicture(page, 1, PICTURE_DEADLINE_MS)) !== undefined)
  await house.relay.kill()
  await page.getByText('The relay does not answer').waitFor({ timeout: WORDS_DEADLINE_MS })
  await house.relay.start()
  await page.getByText('The relay does not answer').waitFor({ state: 'hidden', timeout: PICTURE_DEADLINE_MS })
  t.true((await watchPicture(page, MOVES_S, PICTURE_DEADLINE_MS)) !== undefined, 'the picture moves again')
})
