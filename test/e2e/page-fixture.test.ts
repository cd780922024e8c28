/** The page in a real browser against made-up data: what the relay's own tests cannot bring about at will. */
import { setTimeout as pause } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import { openBrowser, shownBy, watchPicture, type Browser } from '../harness/browser.ts'
import { needs } from '../harness/tools.ts'
import { startFixture, type FixtureServer } from '../web-ui/fixture-server.ts'

const TOOLS = ['chromium', 'ffmpeg'] as const
const PICTURE_DEADLINE_MS = 30_000
const MOVES_S = 2
/** Playwright's own patience for words and buttons, on two busy cores. */
const PATIENCE_MS = 15_000

interface Stage extends AsyncDisposable {
  readonly fixture: FixtureServer
  readonly browser: Browser
  readonly page: Page
}

async function setUp(path: string, prepare: (fixture: FixtureServer) => void = () => {}): Promise<Stage> {
  await using stack = new AsyncDisposableStack()
  const fixture = stack.use(await startFixture())
  prepare(fixture)
  const browser = stack.use(await openBrowser())
  browser.page.setDefaultTimeout(PATIENCE_MS)
  await browser.page.goto(fixture.url + path)
  const running = stack.move()
  return { fixture, browser, page: browser.page, [Symbol.asyncDispose]: async () => running.disposeAsync() }
}

async function plays(t: ExecutionContext, page: Page, what: string): Promise<void> {
  const seen = await watchPicture(page, MOVES_S, PICTURE_DEADLINE_MS)
  t.true(seen !== undefined, `${what} moves`)
  if (seen === undefined) return
  t.true(seen.last.frames - seen.first.frames > MOVES_S * 12, `${seen.last.frames - seen.first.frames} frames of ${what} were decoded`)
}

const LOOK_MS = 200
/** Resolves with true once the expression holds. It is asked without the gesture that Playwright's own evaluate() counts as. */
async function holds(page: Page, expression: string): Promise<boolean> {
  const session = await page.context().newCDPSession(page)
  const deadline = performance.now() + PATIENCE_MS
  while (performance.now() < deadline) {
    const { result } = await session.send('Runtime.evaluate', { expression, userGesture: false })
    if (result.value === true) return true
    await pause(LOOK_MS)
  }
  return false
}
const focusLabel = (page: Page): Promise<string | null> => page.evaluate<string | null>(`document.activeElement.getAttribute('aria-label')`)
const liveRequests = ({ requests }: FixtureServer): readonly string[] => requests.filter((line) => line.startsWith('GET /live/'))

test.serial('a channel plays by itself, silently until the person wants sound, close to the live edge', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using stage = await setUp('/watch/harbour')
  const { page, browser, fixture } = stage
  t.true(await holds(page, `document.querySelector('video')?.currentTime > 1`), 'it plays by itself')
  t.true(await holds(page, `document.querySelector('video').muted`), 'a page that nobody has touched is silent')
  await page.locator('.player-unmute').click()
  t.false(await page.evaluate<boolean>(`document.querySelector('video').muted`))
  t.is(await page.locator('.player-unmute').count(), 0)
  await plays(t, page, 'the picture with sound')
  const behind = await page.evaluate<number>(
    `(() => { const v = document.querySelector('video'); return v.buffered.end(v.buffered.length - 1) - v.currentTime })()`,
  )
  t.true(behind < 8, `${behind} s have arrived and are not shown`)
  t.deepEqual(liveRequests(fixture), ['GET /live/harbour.ts'])
  await page.getByText('From 5 peers, to 3 peers').waitFor()
  t.deepEqual(browser.problems, [])
})

test.serial('keys change the channel, and what the browser cannot decode is asked for converted', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using stage = await setUp('/watch/harbour')
  const { page, browser, fixture } = stage
  await plays(t, page, 'the first channel')
  // the picture has the focus: the arrows are the channel keys
  await page.keyboard.press('ArrowUp')
  await page.waitForURL('**/watch/meadow')
  await page.getByText('Converted for this browser').waitFor()
  await plays(t, page, 'the converted channel')
  t.is(liveRequests(fixture).at(-1), 'GET /live/meadow.ts?profile=h264')
  await page.keyboard.press('1')
  await page.keyboard.press('2')
  await page.getByRole('heading', { level: 1, name: 'Arena' }).waitFor()
  await plays(t, page, 'the channel by number')
  await page.keyboard.press('m')
  await page.keyboard.press('f')
  await page.locator('.player-full').waitFor()
  await page.keyboard.press('PageDown')
  await page.locator('.player-full .player-banner', { hasText: 'Orbit' }).waitFor()
  await plays(t, page, 'the channel in full screen')
  t.deepEqual(browser.problems, [])
})

test.serial('the record button shows at once what was asked, and takes it back with the words of the relay', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using stage = await setUp('/', (fixture) => {
    fixture.refuseRecording = 'Only 2 GB are free, and 5 GiB are reserved.'
  })
  const { page, browser, fixture } = stage
  const button = page.getByRole('button', { name: /Record Orbit|Stop recording Orbit/ })
  await button.click()
  await page.getByText('Orbit is not being recorded. Only 2 GB are free, and 5 GiB are reserved.').waitFor()
  t.is(await button.getAttribute('aria-pressed'), 'false')
  t.is(await focusLabel(page), 'Record Orbit', 'the focus stays')
  await button.click()
  await page.locator('.record-recording').waitFor()
  t.is(await button.getAttribute('aria-pressed'), 'true')
  t.is(fixture.recordings[0]?.capture.kind, 'running')
  await page.keyboard.press('Enter')
  await page.locator('.record-recording').waitFor({ state: 'hidden' })
  t.deepEqual(fixture.recordings[0]?.capture, { kind: 'done', reason: 'stopped' })
  t.deepEqual(
    browser.problems.filter((problem) => !problem.includes('507')),
    [],
  )
})

test.serial('the whole list can be used with the arrow keys and OK', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using stage = await setUp('/')
  const { page } = stage
  await page.getByRole('link', { name: 'Watch Harbour One' }).focus()
  await page.keyboard.press('ArrowDown')
  t.is(await focusLabel(page), 'Watch Meadow')
  await page.keyboard.press('ArrowRight')
  t.is(await focusLabel(page), 'Record Meadow')
  await page.keyboard.press('ArrowRight')
  t.is(await focusLabel(page), 'Play Meadow on a TV')
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'Living room' }).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByText('Kitchen plays Meadow.').waitFor()
  t.is(await focusLabel(page), 'Play Meadow on a TV', 'the focus is back where the menu was opened')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/watch/meadow')
})

test.serial('a channel that goes off air says so, and returns by itself', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using stage = await setUp('/watch/attic')
  const { page, browser, fixture } = stage
  await page.getByRole('heading', { name: 'Off air' }).waitFor()
  t.deepEqual(liveRequests(fixture), [], 'nothing is asked for that is not there')
  for (const channel of fixture.channels) if (channel.slug === 'attic') channel.air = { kind: 'on-air' }
  fixture.push()
  await plays(t, page, 'the channel that is back')
  t.deepEqual(browser.problems, [])
})

test.serial('a stream that the relay refuses is explained in its words, and tried again', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using stage = await setUp('/watch/harbour', (fixture) => {
    // the first request of the player, and the one that asks for the reason
    fixture.refuseLive.set('harbour', 2)
  })
  const { page } = stage
  await page.getByText('Harbour One is off air: nobody sends it at the moment.').waitFor()
  await plays(t, page, 'the picture after the refusal')
})

test.serial('a recording plays from any place, also while it is being made', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using stage = await setUp('/recordings/r-done')
  const { page, browser } = stage
  await plays(t, page, 'the recording')
  await page.getByRole('slider', { name: 'Position' }).fill('16')
  t.true(await holds(page, `Number(document.querySelector('.position-slider').value) >= 17`), 'the position follows')
  await plays(t, page, 'the recording after a jump')
  await page.goto(new URL('/watch/harbour', page.url()).href)
  await page.getByRole('button', { name: 'Record Harbour One' }).click()
  await pause(3_000) // so much is to be recorded
  await page.getByRole('navigation').getByRole('link', { name: 'Recordings' }).click()
  await page.getByRole('link', { name: 'Play The Tide Tables' }).click()
  await plays(t, page, 'the growing recording')
  // past what there was when it was opened
  const before = (await shownBy(page))?.position ?? 0
  t.true(await holds(page, `document.querySelector('video').currentTime > ${before + 4}`), 'it plays on into what came later')
  t.deepEqual(browser.problems, [])
})

test.serial('a deleted recording can be had back', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using stage = await setUp('/recordings')
  const { page, browser, fixture } = stage
  const row = page.getByRole('link', { name: 'Play A Year in the Orchard' })
  await page.getByRole('button', { name: 'Delete A Year in the Orchard' }).click()
  await row.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Undo' }).click()
  await row.waitFor()
  t.false(fixture.requests.some((line) => line.startsWith('DELETE')))
  await page.getByText('2 gaps, 1 min 15 s').click()
  await page.getByText(/\(4\.2 s\): not received/).waitFor()
  t.deepEqual(browser.problems, [])
})

test.serial('a relay without a network asks for a join link and says what is wrong with it', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using stage = await setUp('/', (fixture) => {
    fixture.networks = []
    fixture.channels = []
  })
  const { page } = stage
  const field = page.getByRole('textbox', { name: 'Join link' })
  await field.fill('https://example.org')
  await page.getByRole('button', { name: 'Join' }).click()
  await page.getByText('A join link begins with “tributary:”.').waitFor()
  await field.fill('tributary:cut')
  await page.keyboard.press('Enter')
  await page.getByText('The join link is cut short: it has no network key.').waitFor()
  await field.fill(`tributary:${'n'.repeat(52)}`)
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'Watch Harbour One' }).waitFor()
  t.pass()
})

test.serial('a lost connection is told, and made good by itself', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using stage = await setUp('/')
  const { page, fixture } = stage
  await page.getByRole('link', { name: 'Watch Orbit' }).waitFor()
  fixture.down = true
  fixture.loseEvents()
  await page.getByText('The relay does not answer.').waitFor()
  fixture.down = false
  fixture.channels = fixture.channels.filter(({ slug }) => slug !== 'orbit')
  await page.getByText('The relay does not answer.').waitFor({ state: 'hidden' })
  await page.getByRole('link', { name: 'Watch Orbit' }).waitFor({ state: 'hidden' })
  t.is(await page.locator('li.channel').count(), 5)
})

test.serial('no page is wider than the screen, on a phone as on a television', async (t) => {
  if (!needs(t, ...TOOLS)) return
  await using stage = await setUp('/')
  const { page, fixture } = stage
  for (const [width, height] of [
    [320, 640],
    [390, 844],
    [1280, 800],
    [1920, 1080],
  ] as const) {
    await page.setViewportSize({ width, height })
    for (const path of ['/', '/watch/harbour', '/recordings', '/recordings/r-gaps', '/tvs', '/network', '/nowhere']) {
      await page.goto(fixture.url + path)
      await page.locator('main h1, main h2').first().waitFor()
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
      t.true(wide <= width, `${path} is ${wide} wide on ${width}`)
    }
  }
})
