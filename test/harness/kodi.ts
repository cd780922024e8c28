/** Kodi, headless: an X server of its own, a clocked null audio sink (without one its clock runs at a third), and JSON-RPC. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { freePort } from './free-port.ts'
import { until } from './house.ts'

/** Debian's `kodi` is a script around this one. */
const KODI = '/usr/lib/x86_64-linux-gnu/kodi/kodi.bin'
/** What it takes besides Kodi. */
export const KODI_TOOLS = ['kodi', 'Xvfb', 'pulseaudio', 'dbus-run-session'] as const
const PARTS_DEADLINE_MS = 15_000
const UP_DEADLINE_MS = 90_000
/** So many looks in a row without a dialog: the questions of the first start are over. */
const QUIET_LOOKS = 8
const QUESTIONS_DEADLINE_MS = 30_000
const STOP_DEADLINE_MS = 5_000
const RPC_TIMEOUT_MS = 20_000

export interface Kodi extends AsyncDisposable {
  rpc(method: string, params?: object): Promise<Record<string, unknown>>
}

const settings = (values: Readonly<Record<string, string>>): string =>
  `<settings version="2">\n${Object.entries(values)
    .map(([id, value]) => `<setting id="${id}">${value.replaceAll('&', '&amp;')}</setting>`)
    .join('\n')}\n</settings>\n`

/** The group, since dbus-run-session does not end what it runs. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const group = -child.pid
  const ended = new Promise((resolve) => child.once('close', resolve))
  const kill = (signal: NodeJS.Signals): void => {
    try {
      process.kill(group, signal)
    } catch {
      // all of it has ended meanwhile
    }
  }
  kill('SIGTERM')
  const late = setTimeout(() => kill('SIGKILL'), STOP_DEADLINE_MS)
  await ended
  clearTimeout(late)
  kill('SIGKILL')
}

export interface KodiOptions {
  /** An empty folder. */
  readonly home: string
  readonly playlist: string
  readonly guide: string
}

/** Starts Kodi with the IPTV Simple add-on enabled on a playlist and a guide. */
export async function startKodi({ home, playlist, guide }: KodiOptions): Promise<Kodi> {
  const port = await freePort()
  const userdata = join(home, '.kodi', 'userdata')
  const runtime = join(home, 'runtime')
  mkdirSync(join(userdata, 'addon_data', 'pvr.iptvsimple'), { recursive: true })
  mkdirSync(runtime, { recursive: true, mode: 0o700 })
  writeFileSync(
    join(userdata, 'guisettings.xml'),
    settings({
      'services.webserver': 'true',
      'services.webserverport': String(port),
      'services.webserverauthentication': 'false',
      'services.esenabled': 'false',
      'services.upnp': 'false',
      'services.zeroconf': 'false',
      'general.addonupdates': '2',
      'screensaver.mode': '',
    }),
  )
  writeFileSync(
    join(userdata, 'advancedsettings.xml'),
    '<advancedsettings version="1.0"><setupcomplete>true</setupcomplete><gui><algorithmdirtyregions>1</algorithmdirtyregions></gui></advancedsettings>\n',
  )
  writeFileSync(
    join(userdata, 'addon_data', 'pvr.iptvsimple', 'settings.xml'),
    settings({
      m3uPathType: '1',
      m3uUrl: playlist,
      m3uCache: 'false',
      epgPathType: '1',
      epgUrl: guide,
      epgCache: 'false',
      timeshiftEnabled: 'false',
    }),
  )

  await using started = new AsyncDisposableStack()
  const launch = (command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'], detached: true })
    child.on('error', () => {}) // seen as a part that never comes up
    started.defer(async () => end(child))
    return child
  }
  const pulse = join(runtime, 'pulse.sock')
  const display = await displayOf(
    launch('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x720x24', '+extension', 'GLX', '-nolisten', 'tcp', '-noreset'], {}),
  )
  const session = { HOME: home, XDG_RUNTIME_DIR: runtime, DISPLAY: display }
  const sink = ['-L', 'module-null-sink sink_name=null', '-L', `module-native-protocol-unix auth-anonymous=1 socket=${pulse}`]
  launch('pulseaudio', ['-n', '--daemonize=no', '--exit-idle-time=-1', '--use-pid-file=no', ...sink], session).stdout?.resume()
  await until('the audio sink', PARTS_DEADLINE_MS, async () => (existsSync(pulse) ? true : undefined))
  const player = launch('dbus-run-session', ['--', KODI, '--standalone', '--windowing=x11', '--audio-backend=pulseaudio'], {
    ...session,
    LIBGL_ALWAYS_SOFTWARE: '1',
    GALLIUM_DRIVER: 'llvmpipe',
    PULSE_SERVER: `unix:${pulse}`,
  })
  player.stdout?.resume()
  const fails = (why: string, cause?: unknown): Error =>
    new Error(`${why}; its log ends with:\n${logEnd(join(home, '.kodi', 'temp', 'kodi.log'))}`, { cause })
  const crashed = new Promise<never>((_, reject) => player.once('close', () => reject(fails('Kodi has ended'))))
  crashed.catch(() => {}) // it ends at last

  const rpc: Kodi['rpc'] = async (method, params = {}) => ask(port, method, params)
  const up = until('Kodi’s JSON-RPC', UP_DEADLINE_MS, async () => rpc('JSONRPC.Ping')).catch((error: unknown) => {
    throw fails('Kodi does not answer', error)
  })
  await Promise.race([up, crashed])
  for (const addonid of ['inputstream.ffmpegdirect', 'pvr.iptvsimple']) await rpc('Addons.SetAddonEnabled', { addonid, enabled: true })
  // the first start asks whether the disabled add-ons shall be enabled; Back closes the questions
  let quiet = 0
  await until('Kodi without questions', QUESTIONS_DEADLINE_MS, async () => {
    const { currentwindow } = await rpc('GUI.GetProperties', { properties: ['currentwindow'] })
    const asks = JSON.stringify(currentwindow).includes('dialog')
    quiet = asks ? 0 : quiet + 1
    if (asks) await rpc('Input.Back')
    return quiet >= QUIET_LOOKS ? true : undefined
  })
  const running = started.move()
  return { rpc, [Symbol.asyncDispose]: async () => running.disposeAsync() }
}

const LOG_LINES = 90
function logEnd(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-LOG_LINES).join('\n') : '(there is none)'
}

/** Xvfb takes a free display by itself and says which. */
async function displayOf({ stdout }: { readonly stdout: Readable | null }): Promise<string> {
  for await (const piece of stdout ?? []) return `:${String(piece).trim()}`
  throw new Error('Xvfb did not start')
}

async function ask(port: number, method: string, params: object): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${port}/jsonrpc`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(RPC_TIMEOUT_MS),
  })
  const answer = (await response.json()) as { result?: unknown; error?: { message: string } }
  if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`)
  return typeof answer.result === 'object' && answer.result !== null
    ? (answer.result as Record<string, unknown>)
    : { result: answer.result }
}
