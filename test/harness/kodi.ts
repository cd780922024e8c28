/** Kodi, headless: an X server of its own, a clocked null audio sink (without one its clock runs at a third), and JSON-RPC. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const KODI = '/usr/lib/x86_64-linux-gnu/kodi/kodi.bin'
const POLL_MS = 250
const UP_DEADLINE_MS = 90_000
const RPC_TIMEOUT_MS = 20_000

export interface Kodi extends AsyncDisposable {
  rpc(method: string, params?: object): Promise<Record<string, unknown>>
  /** Asks until the answer satisfies; throws with the last answer at the deadline. */
  until<Answer>(what: string, ask: () => Promise<Answer | undefined>, deadlineMs: number): Promise<Answer>
}

const settings = (values: Readonly<Record<string, string>>): string =>
  `<settings version="2">\n${Object.entries(values)
    .map(([id, value]) => `<setting id="${id}">${value.replaceAll('&', '&amp;')}</setting>`)
    .join('\n')}\n</settings>\n`

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await ended
  clearTimeout(timer)
}

export interface KodiOptions {
  /** An empty folder. */
  readonly home: string
  readonly playlist: string
  readonly guide: string
  /** X display number. */
  readonly display: number
}

/** Starts Kodi with the IPTV Simple add-on enabled on a playlist and a guide. */
export async function startKodi({ home, playlist, guide, display }: KodiOptions): Promise<Kodi> {
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

  const started = new AsyncDisposableStack()
  const launch = (command: string, args: readonly string[], env: NodeJS.ProcessEnv): void => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'ignore' })
    child.on('error', () => {}) // seen as JSON-RPC that never comes up
    started.defer(async () => end(child))
  }
  const pulse = join(runtime, 'pulse.sock')
  const session = { HOME: home, XDG_RUNTIME_DIR: runtime, DISPLAY: `:${display}` }
  launch('Xvfb', [`:${display}`, '-screen', '0', '1280x720x24', '+extension', 'GLX', '-nolisten', 'tcp', '-noreset'], {})
  launch(
    'pulseaudio',
    [
      '-n',
      '--daemonize=no',
      '--exit-idle-time=-1',
      '--use-pid-file=no',
      '-L',
      'module-null-sink sink_name=null',
      '-L',
      `module-native-protocol-unix auth-anonymous=1 socket=${pulse}`,
    ],
    session,
  )
  await sleep(1_000) // the display and the sink have no other sign of being there
  launch('dbus-run-session', ['--', KODI, '--standalone', '--windowing=x11', '--audio-backend=pulseaudio'], {
    ...session,
    LIBGL_ALWAYS_SOFTWARE: '1',
    GALLIUM_DRIVER: 'llvmpipe',
    PULSE_SERVER: `unix:${pulse}`,
  })

  const rpc = async (method: string, params: object = {}): Promise<Record<string, unknown>> => {
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
  const until: Kodi['until'] = async (what, ask, deadlineMs) => {
    const deadline = performance.now() + deadlineMs
    let last: unknown
    while (performance.now() < deadline) {
      try {
        const answer = await ask()
        if (answer !== undefined) return answer
      } catch (error) {
        last = error
      }
      await sleep(POLL_MS)
    }
    throw new Error(`Kodi: ${what} did not come true in ${deadlineMs / 1000} s`, { cause: last })
  }

  try {
    await until('JSON-RPC', async () => rpc('JSONRPC.Ping'), UP_DEADLINE_MS)
    for (const addonid of ['inputstream.ffmpegdirect', 'pvr.iptvsimple']) await rpc('Addons.SetAddonEnabled', { addonid, enabled: true })
    // the first start asks whether the disabled add-ons shall be enabled; Back closes the questions
    let quiet = 0
    await until(
      'closing the first questions',
      async () => {
        const { currentwindow } = await rpc('GUI.GetProperties', { properties: ['currentwindow'] })
        if (JSON.stringify(currentwindow).includes('dialog')) {
          quiet = 0
          await rpc('Input.Back')
        } else quiet += 1
        return quiet >= 8 ? true : undefined
      },
      30_000,
    )
  } catch (error) {
    await started.disposeAsync()
    throw error
  }
  return { rpc, until, [Symbol.asyncDispose]: async () => started.disposeAsync() }
}
