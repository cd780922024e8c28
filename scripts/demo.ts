/**
 * Runs the relay; where nothing is configured yet, a demo network beside it: a bootstrap node, two broadcasters and two peers, each a child
 * process that runs one of the relay's own commands, all on loopback. Their data lives in `DATA-demo`; the relay joins the network for
 * this run only, so that nothing of the demo stays in DATA.
 *
 *     node scripts/demo.ts [COMMAND] [FLAGS]     --demo-reset: delete DATA-demo
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { relayCommand } from '../relay/cli/relay.ts'
import { runCommandLine } from '../relay/cli/run.ts'
import { parseInvocation } from '../relay/cli/command.ts'
import { defaultData } from '../relay/config.ts'
import { messageOf } from '../relay/errors.ts'
import { demoChildren, type Children } from './demo/children.ts'
import { demoSchedule } from './demo/schedule.ts'

/** Handles that libraries forgot must not keep the process. */
const LIBRARY_GRACE_MS = 500
const MAIN = fileURLToPath(new URL('../relay/main.ts', import.meta.url))
const LOOPBACK = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-webrtc']
const PEERS = ['peer-1', 'peer-2']
const INPUTS: Readonly<Record<string, string>> = {
  clock: 'test:?name=Clock&size=1280x720&rate=2M&picture=gradient',
  colours: 'test:?name=Colours&size=960x540&rate=1200k',
}

const say = (line: string): void => void process.stderr.write(`tributary: ${line}\n`)

/** The flags of `relay` on this command line; undefined for another command, or when main.ts has something to say about them. */
function relayFlags(args: readonly string[]): ReturnType<typeof parseInvocation> | undefined {
  const named = args[0] !== undefined && !args[0].startsWith('-')
  if (named && args[0] !== relayCommand.name) return undefined
  try {
    const invocation = parseInvocation(relayCommand, named ? args.slice(1) : args)
    return invocation.help ? undefined : invocation
  } catch {
    return undefined
  }
}

const isConfigured = (data: string): boolean =>
  existsSync(join(data, 'config.yaml')) || (existsSync(join(data, 'networks')) && readdirSync(join(data, 'networks')).length > 0)

/** A command that ends by itself, for its JSON. */
const ask = (args: readonly string[]): Record<string, unknown> =>
  JSON.parse(execFileSync(process.execPath, [MAIN, ...args, '--json'], { encoding: 'utf8' })) as Record<string, unknown>

/** Makes the network once, and signs a schedule for these days with where its bootstrap node is now. Returns the join link. */
function signNetwork(dir: string, bootstrap: string): string {
  if (!existsSync(join(dir, 'network.json'))) {
    const channels = Object.keys(INPUTS).flatMap((slug) => ['--channel', slug[0]?.toUpperCase() + slug.slice(1)])
    ask(['network', 'create', dir, '--name', 'Demo television', ...channels])
  }
  const file = join(dir, 'network.json')
  const source = JSON.parse(readFileSync(file, 'utf8')) as { channels: { slug: string; schedule: unknown }[] }
  for (const channel of source.channels) channel.schedule = demoSchedule(channel.slug, Date.now())
  writeFileSync(file, JSON.stringify(source, undefined, 2) + '\n')
  return String(ask(['network', 'sign', dir, '--bootstrap', bootstrap])['link'])
}

async function startDemo(folder: string, children: Children): Promise<string> {
  say(`nothing is configured yet: bringing up the demo network (its data is in ${folder}; --demo-reset deletes it)`)
  const { ready } = await children.start('bootstrap node', ['bootstrap', '--data', join(folder, 'bootstrap'), ...LOOPBACK])
  const bootstrap = (ready['addresses'] as string[])[0] ?? ''
  const network = join(folder, 'network')
  const link = signNetwork(network, bootstrap)
  const broadcasters = Object.entries(INPUTS).map(async ([slug, input]) => {
    const flags = ['--network', network, '--channel', slug, '--input', input, '--data', join(folder, `broadcast-${slug}`)]
    await children.start(`broadcaster of ${slug}`, ['broadcast', ...flags, ...LOOPBACK])
  })
  await Promise.all(broadcasters)
  const carriers = PEERS.map(async (name) => {
    const page = ['--http-port', '0', '--http-host', '127.0.0.1', '--no-dlna']
    await children.start(name, ['relay', '--data', join(folder, name), '--join', link, '--carry', 'all', ...page, ...LOOPBACK])
  })
  await Promise.all(carriers)
  say('the demo network is on the air: two channels, carried by two peers')
  return link
}

const args = process.argv.slice(2)
const reset = args.includes('--demo-reset')
const invocation = relayFlags(args.filter((arg) => arg !== '--demo-reset'))
const named = invocation?.options.data ?? process.env['TRIBUTARY_DATA']
const data = typeof named === 'string' ? named : defaultData(process.env)
const folder = `${data}-demo`

if (reset) {
  rmSync(folder, { recursive: true, force: true })
  say(`the demo network's data is gone (${folder})`)
} else if (invocation === undefined || invocation.options.join !== undefined || isConfigured(data)) {
  process.exitCode = await runCommandLine(args)
} else {
  mkdirSync(folder, { recursive: true })
  const children = demoChildren(join(folder, 'processes.json'), say)
  try {
    const link = await startDemo(folder, children)
    process.exitCode = await runCommandLine(['relay', '--join', link, ...(args[0] === 'relay' ? args.slice(1) : args)])
  } catch (error) {
    say(messageOf(error))
    process.exitCode = 1
  } finally {
    await children[Symbol.asyncDispose]()
  }
}
setTimeout(() => process.exit(), LIBRARY_GRACE_MS).unref()
