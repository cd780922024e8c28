/**
 * A small house out of the real commands, each a process: a bootstrap node, a broadcaster for each channel, peers that carry them, and the
 * relay. All on loopback, or where `inside` puts them, with their data in a temporary folder that is gone at the end.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Channel } from '../../relay/http/schemas.ts'
import { fetchInside, type Answer } from './fetch-inside.ts'
import { run, runToEnd, temporaryFolder, type Inside, type Running } from './processes.ts'

const OVERLAY = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-webrtc']
const ON_LOOPBACK = ['--http-host', '127.0.0.1', '--no-dlna']
/** A test card that two cores encode with ease. */
export const SMALL_CARD = 'test:?size=640x360&rate=600k'
const POLL_MS = 200
const ON_AIR_DEADLINE_MS = 40_000
const MINUTE_MS = 60_000

export interface HouseChannel {
  readonly name: string
  /** @default SMALL_CARD */
  readonly input?: string
  /** More flags of `broadcast`, such as --loop. */
  readonly flags?: readonly string[]
}

export interface HouseOptions {
  readonly channels: readonly HouseChannel[]
  /** How many peers carry every channel. @default 0 */
  readonly carriers?: number
  /** The relay never connects with a broadcaster: all comes through the carriers. @default false */
  readonly apart?: boolean
  /** @default loopback only, without DLNA */
  readonly relayFlags?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Where all of it runs. @default here */
  readonly inside?: Inside
}

/** A command that can be ended and started again with the same data. */
export interface HouseProcess {
  /** The process that runs, or ran last. */
  readonly process: Running
  /** Starts it again; resolves when it is ready. */
  start(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** SIGTERM. */
  stop(): Promise<void>
}

export interface HouseRelay extends HouseProcess {
  /** The same before and after a restart. */
  readonly url: string
  readonly data: string
  /** Asks `/api/v1/PATH`. Throws what the relay refuses. */
  api<Shape>(path: string, request?: { readonly method: string; readonly body?: object }): Promise<Shape>
}

export interface House extends AsyncDisposable {
  readonly link: string
  /** The network's folder, as `network create` made it. */
  readonly network: string
  readonly folder: string
  /** In the order of the channels. */
  readonly broadcasters: readonly HouseProcess[]
  readonly carriers: readonly HouseProcess[]
  readonly relay: HouseRelay
}

/** Asks until the answer is there; throws what it waited for, with the last error, at the deadline. */
export async function until<Found>(what: string, deadlineMs: number, ask: () => Promise<Found | undefined>): Promise<Found> {
  const deadline = performance.now() + deadlineMs
  let last: unknown
  do {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      last = error
    }
    await pause(POLL_MS)
  } while (performance.now() < deadline)
  throw new Error(`${what} did not come true in ${deadlineMs / 1000} s`, { cause: last })
}

async function command(args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runToEnd([...args, '--json'])
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`)
  return JSON.parse(stdout) as Record<string, unknown>
}

/** Each channel has `NAME now`, which began ten minutes ago, and `NAME next` after it. */
function writeSchedule(network: string): void {
  const file = join(network, 'network.json')
  const source = JSON.parse(readFileSync(file, 'utf8')) as { channels: { name: string; schedule: unknown }[] }
  const at = (minutes: number): string => new Date(Math.floor(Date.now() / MINUTE_MS + minutes) * MINUTE_MS).toISOString()
  for (const channel of source.channels)
    channel.schedule = [
      { start: at(-10), end: at(50), title: `${channel.name} now`, description: `What is on ${channel.name}.`, category: 'News' },
      { start: at(50), end: at(110), title: `${channel.name} next` },
    ]
  writeFileSync(file, JSON.stringify(source))
}

async function restartable(begin: () => Promise<Running>): Promise<HouseProcess & AsyncDisposable> {
  let running = await begin()
  return {
    get process() {
      return running
    },
    async start() {
      running = await begin()
    },
    async kill() {
      await running.kill()
    },
    async stop() {
      await running.stop()
    },
    [Symbol.asyncDispose]: async () => running[Symbol.asyncDispose](),
  }
}

async function ask(inside: Inside | undefined, url: string, method: string, body: string | undefined): Promise<unknown> {
  const init = body === undefined ? { method } : { method, body, headers: { 'content-type': 'application/json' } }
  const { status, text } = inside === undefined ? await fetchHere(url, init) : await fetchInside(inside, url, init)
  if (status >= 400) throw new Error(`${method} ${url}: ${status} ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}

async function fetchHere(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init)
  return { status: response.status, text: await response.text() }
}

/** Waits for all even when one has failed: a process that starts late must find who will end it. */
async function all<Item>(starting: readonly Promise<Item>[]): Promise<Item[]> {
  await Promise.allSettled(starting)
  return Promise.all(starting)
}

/** Resolves when the relay has every channel on the air. */
export async function startHouse(options: HouseOptions): Promise<House> {
  const { channels, carriers: carrierCount = 0, apart = false, relayFlags = ON_LOOPBACK, env = {}, inside } = options
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder()).path
  const network = join(folder, 'network')
  const start = async (args: readonly string[]): Promise<Running> => run([...args, ...OVERLAY], env, inside)

  const bootstrap = stack.use(await start(['bootstrap', '--data', join(folder, 'bootstrap')]))
  await command(['network', 'create', network, '--name', 'House', ...channels.flatMap(({ name }) => ['--channel', name])])
  writeSchedule(network)
  const [address = ''] = bootstrap.ready['addresses'] as readonly string[]
  const link = String((await command(['network', 'sign', network, '--bootstrap', address]))['link'])

  const startBroadcaster = async ({ name, input = SMALL_CARD, flags = [] }: HouseChannel) =>
    stack.use(await restartable(() => start(['broadcast', '--network', network, '--channel', name, '--input', input, ...flags])))
  const startCarrier = async (index: number) => {
    const data = join(folder, `carrier-${index + 1}`)
    const flags = ['--data', data, '--join', link, '--carry', 'all', '--http-port', '0', ...ON_LOOPBACK]
    return stack.use(await restartable(() => start(['relay', ...flags])))
  }
  const broadcasters = await all(channels.map(startBroadcaster))
  const carriers = await all(Array.from({ length: carrierCount }, (_, index) => startCarrier(index)))

  const blocked = apart ? broadcasters.flatMap((broadcaster) => ['--block', String(broadcaster.process.ready['peerId'])]) : []
  const data = join(folder, 'relay')
  let port = '0'
  const relayProcess = stack.use(
    await restartable(async () => {
      const running = await start(['relay', '--data', data, '--join', link, '--http-port', port, ...blocked, ...relayFlags])
      port = new URL(String(running.ready['http'])).port
      return running
    }),
  )
  const url = `http://127.0.0.1:${port}`
  const api: HouseRelay['api'] = async <Shape>(path: string, request?: { readonly method: string; readonly body?: object }) => {
    const body = request?.body === undefined ? undefined : JSON.stringify(request.body)
    return (await ask(inside, `${url}/api/v1/${path}`, request?.method ?? 'GET', body)) as Shape
  }
  await until('every channel on the air', ON_AIR_DEADLINE_MS, async () => {
    const listed = await api<readonly Channel[]>('channels')
    return listed.length === channels.length && listed.every(({ air }) => air.kind === 'on-air') ? true : undefined
  })

  const running = stack.move()
  return {
    link,
    network,
    folder,
    broadcasters,
    carriers,
    relay: {
      get process() {
        return relayProcess.process
      },
      start: () => relayProcess.start(),
      kill: () => relayProcess.kill(),
      stop: () => relayProcess.stop(),
      url,
      data,
      api,
    },
    [Symbol.asyncDispose]: async () => running.disposeAsync(),
  }
}
