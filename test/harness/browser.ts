/** A headless Chromium on one page, and what went wrong there. */
import { setTimeout as pause } from 'node:timers/promises'
import { chromium, type Page } from 'playwright-core'
import { findTool } from './tools.ts'

const CLOSED_BY_THE_PAGE = 'net::ERR_ABORTED'

export interface Browser extends AsyncDisposable {
  readonly page: Page
  /** Console errors, uncaught exceptions, requests that failed or were refused, in order. Those that the page itself gave up are not among them. */
  readonly problems: readonly string[]
}

export async function openBrowser(size = { width: 1280, height: 800 }): Promise<Browser> {
  await using stack = new AsyncDisposableStack()
  // in a container Chromium's own sandbox cannot be made; the page is ours
  const browser = await chromium.launch({ executablePath: findTool('chromium') ?? 'chromium', args: ['--no-sandbox'] })
  stack.defer(() => browser.close())
  const page = await browser.newPage({ viewport: size })
  const problems: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`))
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? 'unknown'
    if (reason !== CLOSED_BY_THE_PAGE) problems.push(`${request.method()} ${request.url()}: ${reason}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`${response.request().method()} ${response.url()}: ${response.status()}`)
  })
  const opened = stack.move()
  return { page, problems, [Symbol.asyncDispose]: async () => opened.disposeAsync() }
}

/** What the page's video element shows. Seconds and frames. */
export interface Shown {
  readonly position: number
  readonly frames: number
  readonly dropped: number
  readonly width: number
}

/** Text, since the tests are compiled without the types of a browser. */
const LOOK = `(() => {
  const video = document.querySelector('video')
  if (video === null) return undefined
  const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality()
  return { position: video.currentTime, frames: totalVideoFrames, dropped: droppedVideoFrames, width: video.videoWidth }
})()`

export const shownBy = async (page: Page): Promise<Shown | undefined> => page.evaluate<Shown | undefined>(LOOK)

const LOOK_MS = 250

/** Resolves once the picture has moved on by `seconds` since it was first seen moving; undefined when it has not by the deadline. */
export async function watchPicture(
  page: Page,
  seconds: number,
  deadlineMs: number,
): Promise<{ readonly first: Shown; readonly last: Shown } | undefined> {
  const deadline = performance.now() + deadlineMs
  let first: Shown | undefined
  while (performance.now() < deadline) {
    const now = await shownBy(page)
    if (now !== undefined && now.frames > 0) {
      if (first === undefined || now.position < first.position) first = now
      if (now.position - first.position >= seconds) return { first, last: now }
    }
    await pause(LOOK_MS)
  }
  return undefined
}
