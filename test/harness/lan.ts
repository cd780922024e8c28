/** A LAN of network namespaces, made by a test and gone with it: hosts on switches, nothing outside of it. Needs root. */
import { threadId } from 'node:worker_threads'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface LanHost {
  readonly name: string
  /** The switches it is plugged into: its eth0, eth1 and so on. None: a machine with nothing but loopback. */
  readonly on: readonly string[]
  /** A route for multicast, for programs that do not choose an interface themselves. */
  readonly multicastRoute?: boolean
}

export interface Lan extends AsyncDisposable {
  /** Puts a command line into a host's namespace. */
  inside(host: string, command: readonly string[]): readonly [file: string, args: string[]]
  /** A host's address on a switch. */
  address(host: string, on: string): string
  /** Plugs a running host into one more switch; resolves when its interface has its address. */
  plug(host: string, on: string): Promise<void>
}

const ip = async (...args: string[]): Promise<void> => void (await run('ip', args))

let made = 0
const FIRST_HOST = 10

/** Switch number S is 10.S'.N.0/24 with an S' of this process; host number H has the last byte 10 + H. */
export async function createLan(hosts: readonly LanHost[], unused: readonly string[] = []): Promise<Lan> {
  made += 1
  const own = made
  const prefix = `trib${process.pid}-${threadId}-${own}`
  const switches = [...new Set([...hosts.flatMap(({ on }) => on), ...unused])]
  const plugs = new Map<string, number>()
  const namespace = (name: string): string => `${prefix}-${name}`
  const address = (host: string, on: string): string =>
    `10.${100 + (process.pid % 100)}.${switches.indexOf(on) + own * 8}.${FIRST_HOST + hosts.findIndex(({ name }) => name === host)}`

  await using stack = new AsyncDisposableStack()
  const addNamespace = async (name: string): Promise<void> => {
    await ip('netns', 'add', namespace(name))
    stack.defer(() => ip('netns', 'del', namespace(name)))
    await ip('-n', namespace(name), 'link', 'set', 'lo', 'up')
  }
  const plug = async (host: string, on: string): Promise<void> => {
    const index = plugs.get(host) ?? 0
    plugs.set(host, index + 1)
    const port = `${host}${index}`
    const eth = `eth${index}`
    await ip('-n', namespace(host), 'link', 'add', eth, 'type', 'veth', 'peer', 'name', port, 'netns', namespace(`sw-${on}`))
    await ip('-n', namespace(`sw-${on}`), 'link', 'set', port, 'master', 'br0', 'up')
    await ip('-n', namespace(host), 'link', 'set', eth, 'up')
    await ip('-n', namespace(host), 'addr', 'add', `${address(host, on)}/24`, 'brd', '+', 'dev', eth)
  }
  for (const name of switches) {
    await addNamespace(`sw-${name}`)
    await ip('-n', namespace(`sw-${name}`), 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0', 'forward_delay', '0')
    await ip('-n', namespace(`sw-${name}`), 'link', 'set', 'br0', 'up')
  }
  for (const { name, on, multicastRoute } of hosts) {
    await addNamespace(name)
    for (const where of on) await plug(name, where)
    if (multicastRoute === true) await ip('-n', namespace(name), 'route', 'add', '224.0.0.0/4', 'dev', 'eth0')
  }
  const running = stack.move()
  return {
    inside: (host, command) => ['ip', ['netns', 'exec', namespace(host), ...command]],
    address,
    plug,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
