import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import type { Renderer } from '../../relay/dlna/renderers.ts'
import { TEST_UDN } from '../harness/dlna.ts'
import { createLan, type Lan } from '../harness/lan.ts'
import { needs, needsNamespaces } from '../harness/tools.ts'

const run = promisify(execFile)
const RELAY = fileURLToPath(new URL('../harness/dlna-relay.ts', import.meta.url))
/** How many NOTIFY a set has: rootdevice, uuid, device type, three services. */
const SET = 6

type Event =
  | { readonly event: 'ready'; readonly port: number; readonly interfaces: readonly string[] }
  | { readonly event: 'renderers'; readonly renderers: readonly Renderer[] }
  | { readonly event: 'live'; readonly type: string }
  | { readonly event: 'done'; readonly did: string }
  | { readonly event: 'failed'; readonly did: string; readonly code?: string; readonly message: string }

interface RelayProcess extends AsyncDisposable {
  command(command: Readonly<Record<string, string>>): void
  /** The first event, past or future, that `is` takes. Each is looked at once. */
  next<Found>(is: (event: Event) => Found | undefined): Promise<Found>
}

/** The first line, past or future, that `is` takes. Each is looked at once. */
function lineReader(stream: Readable): <Found>(is: (line: string) => Found | undefined) => Promise<Found> {
  const lines = createInterface({ input: stream })[Symbol.asyncIterator]()
  return async (is) => {
    for (;;) {
      const line = await lines.next()
      if (line.done === true) throw new Error('the process has ended')
      const found = is(line.value)
      if (found !== undefined) return found
    }
  }
}

/** SIGKILL: tools like gmediarender have nothing to save. */
const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exit
}

function startRelay(lan: Lan, clip = '', title = 'News One'): RelayProcess {
  const [file, args] = lan.inside('relay', [process.execPath, RELAY, clip, title])
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const next = lineReader(child.stdout)
  return {
    command: (command) => void child.stdin.write(`${JSON.stringify(command)}\n`),
    next: (is) => next((line) => is(JSON.parse(line) as Event)),
    [Symbol.asyncDispose]: () => ended(child),
  }
}

async function makeClip(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-dlna-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const clip = join(folder, 'clip.ts')
  const sources = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25', '-f', 'lavfi', '-i', 'sine=frequency=440']
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-pix_fmt', 'yuv420p', '-c:a', 'aac']
  await run('ffmpeg', ['-v', 'error', ...sources, ...codecs, '-t', '10', clip])
  return clip
}

const ready = (event: Event): Event | undefined => (event.event === 'ready' ? event : undefined)
const renderers = (event: Event): readonly Renderer[] => (event.event === 'renderers' ? event.renderers : [])
const outcome = (event: Event): Event | undefined => (event.event === 'done' || event.event === 'failed' ? event : undefined)

interface Television extends AsyncDisposable {
  readonly process: ChildProcess
}
function startTelevision(lan: Lan, host: string, name: string): Television {
  const sinks = ['--gstout-audiopipe=fakesink sync=true', '--gstout-videopipe=fakesink sync=true']
  const [file, args] = lan.inside(host, ['gmediarender', '-I', 'eth0', '-p', '49494', '-u', `e2e-${host}`, '-f', name, ...sinks])
  const child = spawn(file, args, { stdio: 'ignore' })
  return { process: child, [Symbol.asyncDispose]: () => ended(child) }
}

test('real renderers of one name are found, play a channel with a title in any script, move on, and stop', async (t) => {
  if (!needs(t, 'gmediarender', 'ffmpeg') || !needsNamespaces(t)) return
  await using stack = new AsyncDisposableStack()
  const clip = await makeClip(stack)
  const lan = stack.use(
    await createLan([
      { name: 'relay', on: ['home'] },
      { name: 'tv1', on: ['home'], multicastRoute: true },
      { name: 'tv2', on: ['home'], multicastRoute: true },
    ]),
  )
  const relay = stack.use(startRelay(lan, clip, 'Новости 🎬 <1>'))
  await relay.next(ready)
  stack.use(startTelevision(lan, 'tv1', 'Living room'))
  stack.use(startTelevision(lan, 'tv2', 'Living room'))

  const found = await relay.next((event) => (renderers(event).length === 2 ? renderers(event) : undefined))
  t.deepEqual(
    found.map(({ name, state }) => [name, state]),
    [
      ['Living room', { kind: 'idle' }],
      ['Living room', { kind: 'idle' }],
    ],
  )
  for (const { id } of found) {
    const position = (event: Event): number | undefined => {
      const state = renderers(event).find((renderer) => renderer.id === id)?.state
      return state?.kind === 'playing' && state.position > 0 ? state.position : undefined
    }
    relay.command({ do: 'play', renderer: id, channel: 'news-one' })
    t.deepEqual(await relay.next(outcome), { event: 'done', did: 'play' })
    const first = await relay.next(position)
    const later = await relay.next((event) => ((position(event) ?? 0) > first ? position(event) : undefined))
    t.true(later > first)
    relay.command({ do: 'stop', renderer: id, channel: '' })
    t.deepEqual(await relay.next(outcome), { event: 'done', did: 'stop' })
  }
  relay.command({ do: 'play', renderer: 'nobody', channel: 'news-one' })
  t.like(await relay.next(outcome), { event: 'failed', code: 'renderer-not-found' })
  relay.command({ do: 'off-air', renderer: '', channel: '' })
  await relay.next(outcome)
  relay.command({ do: 'play', renderer: found[0]?.id ?? '', channel: 'news-one' })
  t.like(await relay.next(outcome), { event: 'failed', code: 'channel-off-air' })
})

test('a machine with nothing but loopback is found there, and says goodbye', async (t) => {
  if (!needs(t, 'gssdp-discover') || !needsNamespaces(t)) return
  await using stack = new AsyncDisposableStack()
  const lan = stack.use(await createLan([{ name: 'relay', on: [] }]))
  const relay = stack.use(startRelay(lan))
  t.like(await relay.next(ready), { interfaces: ['lo'] })
  const [file, args] = lan.inside('relay', [
    'stdbuf',
    '-oL',
    'gssdp-discover',
    '-i',
    'lo',
    '-m',
    'all',
    '-t',
    'urn:schemas-upnp-org:device:MediaServer:1',
  ])
  const listener = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  stack.defer(() => ended(listener))
  const heard = lineReader(listener.stdout)
  await heard((line) => (line === 'resource available' ? true : undefined))
  t.regex(await heard((line) => (line.includes('Location:') ? line : undefined)), /http:\/\/127\.0\.0\.1:\d+\/dlna\/device\.xml/)
  relay.command({ do: 'quit', renderer: '', channel: '' })
  await heard((line) => (line === 'resource unavailable' ? true : undefined))
  t.true((await heard((line) => (line.includes('USN:') ? line : undefined))).includes(TEST_UDN))
})

interface Heard {
  readonly location: string | undefined
  readonly nts: string | undefined
  readonly st: string | undefined
}

/** What a host hears of SSDP while a child process of it listens: answers to one search, and announcements. */
const EAR = `
const dgram = require('node:dgram')
const [address, target] = process.argv.slice(1)
const say = (message) => {
  const headers = Object.fromEntries(message.toString().split('\\r\\n').slice(1).map((line) => /^([^:]+):\\s*(.*)$/.exec(line)).filter(Boolean).map(([, name, value]) => [name.toLowerCase(), value]))
  if (headers.man === undefined) console.log(JSON.stringify({ location: headers.location, nts: headers.nts, st: headers.st }))
}
const group = dgram.createSocket({ type: 'udp4', reuseAddr: true }).on('message', say)
group.bind(1900, () => group.addMembership('239.255.255.250', address))
const asker = dgram.createSocket('udp4').on('message', say)
asker.bind(0, address, () => {
  asker.setMulticastInterface(address)
  console.log('{}')
  process.stdin.on('data', () => asker.send('M-SEARCH * HTTP/1.1\\r\\nHOST: 239.255.255.250:1900\\r\\nMAN: "ssdp:discover"\\r\\nMX: 1\\r\\nST: ' + target + '\\r\\n\\r\\n', 1900, '239.255.255.250'))
})
`
function listen(
  lan: Lan,
  host: string,
  on: string,
  target: string,
): {
  readonly child: ChildProcess
  readonly heard: Heard[]
  search(): void
  until(is: (heard: readonly Heard[]) => boolean): Promise<void>
} & AsyncDisposable {
  const [file, args] = lan.inside(host, [process.execPath, '-e', EAR, lan.address(host, on), target])
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const next = lineReader(child.stdout)
  const heard: Heard[] = []
  return {
    child,
    heard,
    search: () => void child.stdin.write('search\n'),
    async until(is) {
      while (!is(heard)) await next((line) => heard.push(JSON.parse(line) as Heard))
    },
    [Symbol.asyncDispose]: () => ended(child),
  }
}

test('two LANs each get one answer, whole sets with their own address, byebye, and a new one is announced', async (t) => {
  if (!needsNamespaces(t)) return
  await using stack = new AsyncDisposableStack()
  // no default route and no route for multicast: packets leave only where they are told to
  const lan = stack.use(
    await createLan(
      [
        { name: 'relay', on: ['up', 'down'] },
        { name: 'above', on: ['up'] },
        { name: 'below', on: ['down'] },
        { name: 'late', on: ['late'] },
      ],
      ['late'],
    ),
  )
  const target = 'upnp:rootdevice'
  const above = stack.use(listen(lan, 'above', 'up', target))
  const below = stack.use(listen(lan, 'below', 'down', target))
  const late = stack.use(listen(lan, 'late', 'late', target))
  const listening = (heard: readonly Heard[]): boolean => heard.length > 0
  await Promise.all([above.until(listening), below.until(listening), late.until(listening)])

  const relay = stack.use(startRelay(lan))
  t.like(await relay.next(ready), { interfaces: ['eth0', 'eth1'] })
  const count = (heard: readonly Heard[], kind: string): number => heard.filter(({ nts }) => nts === kind).length
  const sets = (wanted: number) => (heard: readonly Heard[]) => count(heard, 'ssdp:alive') >= wanted * SET
  await Promise.all([above.until(sets(2)), below.until(sets(2))])
  above.search()
  below.search()
  const answered = (heard: readonly Heard[]): boolean => heard.some(({ st }) => st === target)
  await Promise.all([above.until(answered), below.until(answered)])
  // the third set comes 3 s after the start, and every answer within 1 s: what has not come by then does not come
  await Promise.all([above.until(sets(3)), below.until(sets(3))])
  for (const [ear, host, on] of [
    [above, 'above', 'up'],
    [below, 'below', 'down'],
  ] as const) {
    t.is(ear.heard.filter(({ st }) => st === target).length, 1, `answers to ${host}`)
    t.is(count(ear.heard, 'ssdp:byebye'), SET)
    const own = `http://${lan.address('relay', on)}:`
    t.deepEqual(
      ear.heard.filter(({ location }) => location?.startsWith(own) === false),
      [],
    )
  }

  await lan.plug('relay', 'late')
  await late.until(sets(1))
  t.true(late.heard.every(({ location }) => location?.startsWith(`http://${lan.address('relay', 'late')}:`) !== false))

  relay.command({ do: 'quit', renderer: '', channel: '' })
  const goodbye = (heard: readonly Heard[]): boolean => count(heard, 'ssdp:byebye') === 2 * SET
  await Promise.all([above.until(goodbye), below.until(goodbye), late.until(goodbye)])
})
