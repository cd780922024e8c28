import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import type { Renderer } from '../../relay/dlna/renderers.ts'
import { createLan, type Lan } from '../harness/lan.ts'
import { needs, needsNamespaces } from '../harness/tools.ts'

const run = promisify(execFile)
const RELAY = fileURLToPath(new URL('../harness/dlna-relay.ts', import.meta.url))

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

/** A process that ends with the test: SIGKILL, since tools like gmediarender have nothing to save. */
const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exit
}

function startRelay(lan: Lan, host: string, clip: string, title: string): RelayProcess {
  const [file, args] = lan.inside(host, [process.execPath, RELAY, clip, title])
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    command: (command) => void child.stdin.write(`${JSON.stringify(command)}\n`),
    async next(is) {
      for (;;) {
        const line = await lines.next()
        if (line.done === true) throw new Error('the relay has ended')
        const found = is(JSON.parse(line.value) as Event)
        if (found !== undefined) return found
      }
    },
    [Symbol.asyncDispose]: () => ended(child),
  }
}

async function makeClip(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-dlna-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const clip = join(folder, 'clip.ts')
  const video = [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=320x180:rate=25',
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-g',
    '25',
    '-pix_fmt',
    'yuv420p',
  ]
  const audio = ['-f', 'lavfi', '-i', 'sine=frequency=440', '-c:a', 'aac']
  await run('ffmpeg', ['-v', 'error', ...video.slice(0, 4), ...audio.slice(0, 4), ...video.slice(4), ...audio.slice(4), '-t', '10', clip])
  return clip
}

const ready = (event: Event): Event | undefined => (event.event === 'ready' ? event : undefined)
const renderers = (event: Event): readonly Renderer[] => (event.event === 'renderers' ? event.renderers : [])

test('a real renderer is found, plays a channel with a title in any script, moves on, and stops', async (t) => {
  if (!needs(t, 'gmediarender', 'ffmpeg') || !needsNamespaces(t)) return
  await using stack = new AsyncDisposableStack()
  const clip = await makeClip(stack)
  const lan = stack.use(await createLan(['relay', 'tv']))
  const relay = stack.use(startRelay(lan, 'relay', clip, 'Новости 🎬 <1>'))
  await relay.next(ready)

  const pipes = ['--gstout-audiopipe=fakesink sync=true', '--gstout-videopipe=fakesink sync=true']
  const [file, args] = lan.inside('tv', ['gmediarender', '-I', 'eth0', '-p', '49494', '-u', 'e2e-tv', '-f', 'Living room', ...pipes])
  const tv = spawn(file, args, { stdio: 'ignore' })
  stack.defer(() => ended(tv))

  const found = await relay.next((event) => renderers(event).find(({ name }) => name === 'Living room'))
  t.deepEqual(found.state, { kind: 'idle' })
  relay.command({ do: 'play', renderer: found.id, channel: 'news-one' })
  const position = (event: Event): number => {
    const state = renderers(event)[0]?.state
    return state?.kind === 'playing' ? state.position : 0
  }
  const outcome = await relay.next((event) => (event.event === 'done' || event.event === 'failed' ? event : undefined))
  t.deepEqual(outcome, { event: 'done', did: 'play' })
  const first = await relay.next((event) => (position(event) > 0 ? position(event) : undefined))
  const later = await relay.next((event) => (position(event) > first + 1 ? position(event) : undefined))
  t.true(later > first)

  relay.command({ do: 'stop', renderer: found.id, channel: '' })
  await relay.next((event) => (renderers(event)[0]?.state.kind === 'idle' ? true : undefined))
  await relay.next((event) => (event.event === 'done' && event.did === 'stop' ? true : undefined))
})
