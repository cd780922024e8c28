/**
 * What the relay costs, as ratios against something real in the same run: bytes passed on between peers against a libp2p stream and a TCP
 * pipe, viewers against nginx; the time from tune to first byte; resident memory. Nothing here passes or fails. Everything runs on
 * loopback, in processes of its own, and ends by itself within five minutes.
 *
 *     node scripts/bench.ts [relaying] [viewers] [tuning]     default: all of it
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../relay/errors.ts'
import type { Channel } from '../relay/http/schemas.ts'
import { startHouse, type House } from '../test/harness/house.ts'
import type { HopKind } from './benchmark/hops/hop.ts'
import { CHANNEL_RATE, channelFile } from './benchmark/media.ts'
import { measureMemory } from './benchmark/memory.ts'
import { startNginx } from './benchmark/nginx.ts'
import { relayRound, RELAY_RATE, ROUND_BYTES, type Round } from './benchmark/relaying.ts'
import { megabytes, milliseconds, percent, quantile, table, times } from './benchmark/table.ts'
import { measureTuning, TRIES } from './benchmark/tuning.ts'
import { measureViewers, openViewers, type ViewerLoad } from './benchmark/viewers.ts'

const GIB = 2 ** 30
const MIB = 2 ** 20
const ROUNDS = 3
const CHAINS: readonly (readonly [HopKind, string])[] = [
  ['tributary', 'Tributary'],
  ['libp2p', 'bare libp2p stream'],
  ['libp2p-tuned', 'the same, with the relay’s tuning'],
  ['tcp', 'bare TCP pipe'],
]
const VIEWER_COUNTS = [1, 10, 50]
/** nginx's file lasts longer than a measurement. */
const NGINX_SECONDS = 30
/** A relay that has had a channel for a moment has compiled what it needs for it. */
const WARM_UP_MS = 8_000
const GOALS = { relaying: 1.3, viewers: 1.5, warmMs: 300, coldMs: 2000, idleMb: 150, busyMb: 250 } as const

const print = (line = ''): void => void process.stdout.write(line + '\n')
const heading = (line: string): void => print(`\n${line}\n`)
const verdict = (value: number, goal: number, unit: string): string =>
  `goal ${unit === 'x' ? `${goal} x` : `${goal} ${unit}`}: ${value <= goal ? 'met' : 'missed'}`

async function relaying(signal: AbortSignal): Promise<void> {
  heading(
    `Relaying between peers: CPU of the middle process of a chain of three, ${RELAY_RATE / 1e6} Mbit/s, ${ROUNDS} rounds of ${ROUND_BYTES / MIB} MiB each in turn`,
  )
  const rounds = new Map<HopKind, Round[]>(CHAINS.map(([kind]) => [kind, []]))
  for (let round = 0; round < ROUNDS; round += 1) for (const [kind] of CHAINS) rounds.get(kind)?.push(await relayRound(kind, signal))
  const sum = (kind: HopKind, of: (round: Round) => number): number =>
    (rounds.get(kind) ?? []).reduce((total, round) => total + of(round), 0)
  const cost = (kind: HopKind): number => sum(kind, ({ cpu }) => cpu) / (sum(kind, ({ bytes }) => bytes) / GIB)
  const rate = (kind: HopKind): number => (sum(kind, ({ bytes }) => bytes) * 8) / sum(kind, ({ seconds }) => seconds)
  const rows = CHAINS.map(([kind, name]) => [
    name,
    cost(kind).toFixed(2),
    times(cost(kind) / cost('libp2p')),
    times(cost(kind) / cost('tcp')),
    `${(rate(kind) / 1e6).toFixed(0)} Mbit/s`,
    megabytes(rounds.get(kind)?.at(-1)?.rss ?? Number.NaN),
  ])
  print(table([['', 'CPU s/GiB', 'to libp2p', 'to TCP', 'rate', 'RSS'], ...rows]))
  print(`\n  Tributary to libp2p: ${verdict(cost('tributary') / cost('libp2p'), GOALS.relaying, 'x')}`)
  print('  Tributary proves each chunk (SHA-256 and Ed25519) before it passes it on, and keeps half a minute of the channel.')
  const direct = rounds.get('tributary')?.at(-1)?.direct ?? 0
  if (direct < 1) print(`  Only ${percent(direct)} of the sink's bytes came through the middle: the figures are not comparable.`)
}

const viewerRow = (ours: ViewerLoad, theirs: ViewerLoad, alone: number): string[] => [
  String(ours.viewers),
  percent(ours.cpu),
  percent(ours.cpu - alone),
  percent(theirs.cpu),
  times((ours.cpu - alone) / theirs.cpu),
  times(ours.cpu / theirs.cpu),
  megabytes(ours.rss),
  megabytes(theirs.rss),
  `${(ours.rate / 1e6).toFixed(2)} Mbit/s`,
]

/** @param house whose relay holds the channel, whoever watches */
async function viewers(house: House, folder: string, signal: AbortSignal): Promise<void> {
  heading(
    `Viewers over HTTP: a channel of ${CHANNEL_RATE / 1e6} Mbit/s from a relay, and at the same time a file at that rate from nginx (sendfile)`,
  )
  await using nginx = await startNginx(folder, CHANNEL_RATE, NGINX_SECONDS)
  const [channel] = await house.relay.api<readonly Channel[]>('channels')
  const relay = { url: `${house.relay.url}/live/${channel?.id}.ts`, pid: house.relay.process.pid }
  {
    using _first = openViewers(relay.url, 1)
    await sleep(WARM_UP_MS, undefined, { signal })
  }
  const alone = async (): Promise<number> => (await measureViewers([relay], 0, signal))[0]?.cpu ?? Number.NaN
  const before = await alone()
  const rows: string[][] = []
  let most = Number.NaN
  for (const count of VIEWER_COUNTS) {
    const [ours, theirs] = await measureViewers([relay, nginx], count, signal)
    if (ours === undefined || theirs === undefined) continue
    rows.push(viewerRow(ours, theirs, before))
    most = (ours.cpu - before) / theirs.cpu
  }
  const after = await alone()
  print(table([['viewers', 'relay', 'for the viewers', 'nginx', 'ratio', 'total', 'relay RSS', 'nginx RSS', 'each got'], ...rows]))
  print(
    `\n  The relay with the channel and no viewer: ${percent(before)} before, ${percent(after)} after; "for the viewers" is what comes on top.`,
  )
  print(`  For 50 viewers, to nginx: ${verdict(most, GOALS.viewers, 'x')}. For fewer, both are too small to tell.`)
}

const tuneRow = (name: string, values: readonly number[], goalMs: number): string[] => [
  name,
  milliseconds(quantile(values, 0.5)),
  milliseconds(quantile(values, 0.95)),
  verdict(quantile(values, 0.95), goalMs, 'ms'),
]

async function tuning(input: string, signal: AbortSignal): Promise<void> {
  const { warm, cold } = await measureTuning(input, signal)
  heading(
    `From the request to the first byte: broadcaster, two peers that carry the channel, a relay that reaches only them; ${TRIES} tries each`,
  )
  const rows = [tuneRow('the channel is on', warm, GOALS.warmMs), tuneRow('it is not', cold, GOALS.coldMs)]
  print(table([['', 'median', 'p95', ''], ...rows]))
}

async function memory(house: House, signal: AbortSignal): Promise<void> {
  const { idle, busy, out } = await measureMemory(house, signal)
  heading('Resident memory of a relay')
  const rows = [
    ['idle, a network joined', megabytes(idle), verdict(idle / 1e6, GOALS.idleMb, 'MB')],
    [`one channel in, one TV, two peers out (${(out / 1e6).toFixed(1)} Mbit/s)`, megabytes(busy), verdict(busy / 1e6, GOALS.busyMb, 'MB')],
  ]
  print(table([['', 'RSS', ''], ...rows]))
}

/** One network on loopback. Its relay, which carries the channel, serves the viewers last: by then it has compiled what it needs. */
async function inHouse(parts: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'tributary-bench-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const input = await channelFile()
  const channels = [{ name: 'Channel', input, flags: ['--loop'] }]
  const house = stack.use(await startHouse({ channels, relayFlags: ['--http-host', '127.0.0.1', '--no-dlna', '--carry', 'all'] }))
  await house.relay.stop() // what Node has compiled is kept at the end of a process
  await house.relay.start()
  const both = await Promise.allSettled([
    ...(parts.has('tuning') ? [tuning(input, signal)] : []),
    ...(parts.has('memory') ? [memory(house, signal)] : []),
  ])
  for (const one of both) if (one.status === 'rejected') throw one.reason
  if (parts.has('viewers')) await viewers(house, folder, signal)
}

const PARTS = ['relaying', 'viewers', 'tuning', 'memory']
const asked = process.argv.slice(2)
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)))
try {
  const unknown = asked.find((part) => !PARTS.includes(part))
  if (unknown !== undefined) throw new Error(`there is no part ${unknown}; there are ${PARTS.join(', ')}`)
  const parts = new Set(asked.length === 0 ? PARTS : asked)
  if (parts.has('relaying')) await relaying(stop.signal)
  if (parts.size > (parts.has('relaying') ? 1 : 0)) await inHouse(parts, stop.signal)
} catch (error) {
  process.stderr.write(`bench: ${messageOf(error)}\n`)
  process.exitCode = 1
}
