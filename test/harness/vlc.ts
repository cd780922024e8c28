/** VLC without a screen, driven through its remote control on a socket. It refuses to run as root: there it runs as nobody. */
import { spawn } from 'node:child_process'
import { chmod } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { freePort } from './free-port.ts'
import { until } from './house.ts'
import { findTool } from './tools.ts'

const NOBODY = '65534'
const UP_DEADLINE_MS = 20_000
const STOP_DEADLINE_MS = 5_000
/** An answer has no end of its own: it is over when VLC has said nothing for so long. */
const ANSWER_QUIET_MS = 300

/** What a machine needs for it. */
export const VLC_TOOLS = process.getuid?.() === 0 ? (['cvlc', 'setpriv'] as const) : (['cvlc'] as const)

export interface Vlc extends AsyncDisposable {
  /** One command of the remote control, and what VLC answers. */
  ask(command: string): Promise<string>
}

const asNobody = (command: readonly string[]): readonly string[] =>
  process.getuid?.() === 0
    ? [findTool('setpriv') ?? 'setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...command]
    : command

const open = async (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      socket.on('error', () => {}) // it goes when VLC does
      resolve(socket)
    })
  })

/** Plays `url`. @param home an empty folder */
export async function startVlc(home: string, url: string): Promise<Vlc> {
  await chmod(home, 0o777)
  const port = await freePort()
  const flags = ['-I', 'rc', '--rc-host', `127.0.0.1:${port}`, '--no-audio', '--vout', 'dummy', '--network-caching', '500']
  const [file = '', ...args] = asNobody(['cvlc', '--ignore-config', ...flags, url])
  const child = spawn(file, args, { stdio: 'ignore', env: { ...process.env, HOME: home, XDG_RUNTIME_DIR: home } })
  const ended = new Promise((resolve) => {
    child.once('error', resolve)
    child.once('close', resolve)
  })
  await using started = new AsyncDisposableStack()
  started.defer(async () => {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS)
    await ended
    clearTimeout(late)
  })
  const socket = await until('VLC’s remote control', UP_DEADLINE_MS, async () => open(port))
  started.defer(() => void socket.destroy())
  const ask = async (command: string): Promise<string> =>
    new Promise((resolve) => {
      let text = ''
      let quiet = setTimeout(() => {}, 0)
      const wait = (): void => {
        clearTimeout(quiet)
        quiet = setTimeout(() => {
          socket.off('data', heard)
          resolve(text)
        }, ANSWER_QUIET_MS)
      }
      const heard = (piece: Buffer): void => {
        text += piece.toString()
        wait()
      }
      socket.on('data', heard)
      socket.write(`${command}\n`)
      wait()
    })
  const running = started.move()
  return { ask, [Symbol.asyncDispose]: async () => running.disposeAsync() }
}
