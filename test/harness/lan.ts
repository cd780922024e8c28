/** A LAN of network namespaces, made by a test and gone with it: hosts on one switch, nothing outside of it. Needs root. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Lan extends AsyncDisposable {
  /** Puts a command line into a host's namespace. */
  inside(host: string, command: readonly string[]): readonly [file: string, args: string[]]
  address(host: string): string
}

const ip = async (...args: string[]): Promise<void> => void (await run('ip', args))

let made = 0

/** Hosts with one interface `eth0`, at 10.77.N.10, .11 and so on, in the order given. */
export async function createLan(hosts: readonly string[]): Promise<Lan> {
  made += 1
  const prefix = `trib${process.pid}-${made}`
  const net = `10.77.${(process.pid + made) % 250}`
  const sw = `${prefix}-sw`
  await using stack = new AsyncDisposableStack()
  const addNamespace = async (name: string): Promise<void> => {
    await ip('netns', 'add', name)
    stack.defer(() => ip('netns', 'del', name))
    await ip('-n', name, 'link', 'set', 'lo', 'up')
  }
  await addNamespace(sw)
  await ip('-n', sw, 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0', 'forward_delay', '0')
  await ip('-n', sw, 'link', 'set', 'br0', 'up')
  for (const [index, host] of hosts.entries()) {
    const name = `${prefix}-${host}`
    await addNamespace(name)
    await ip('-n', name, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', `p${index}`, 'netns', sw)
    await ip('-n', sw, 'link', 'set', `p${index}`, 'master', 'br0', 'up')
    await ip('-n', name, 'link', 'set', 'eth0', 'up')
    await ip('-n', name, 'addr', 'add', `${net}.${10 + index}/24`, 'brd', '+', 'dev', 'eth0')
    await ip('-n', name, 'route', 'add', '224.0.0.0/4', 'dev', 'eth0')
  }
  const running = stack.move()
  return {
    inside: (host, command) => ['ip', ['netns', 'exec', `${prefix}-${host}`, ...command]],
    address: (host) => `${net}.${10 + hosts.indexOf(host)}`,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
