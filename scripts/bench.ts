/**
 * What the relay costs, as ratios against something real in the same run: bytes passed on between peers against a libp2p stream and a TCP
 * pipe, viewers against nginx, the time from tune to first byte, resident memory. Nothing here passes or fails.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startHouse } from '../test/harness/house.ts'
import type { HopKind } from './benchmark/hops/hop.ts'
import { CHANNEL_RATE, channelFile } from './benchmark/media.ts'
import { startNginx } from './benchmark/nginx.ts'
import { residentBytes } from './benchmark/process-cpu.ts'
import { RELAY_RATE, relayRound, type Round } from './benchmark/relaying.ts'
import { measureViewers, openViewers } from './benchmark/viewers.ts'

const GIB = 2 ** 30
const MIB = 2 ** 20
const ROUNDS = 3
const TUNES = 8
const VIEWERS = [1, 10, 50] as const
/** Each viewer's file lasts this long at nginx. */
const NGINX_SECONDS = 120
/** A channel lingers 10 s after its last viewer, and then some. */
const UNTUNED_MS = 14_000
const IDLE_MS = 10_000

const say = (line = ''): void => console.log(line)
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
const ratio = (value: number, to: number): string => `${(value / to).toFixed(2)}x`

async function relaying(): Promise<void> {
  const kinds: readonly HopKind[] = ['tcp', 'libp2p', 'libp2p-tuned', 'tributary']
  const rounds = new Map<HopKind, Round[]>(kinds.map((kind) => [kind, []]))
  for (let round = 0; round < ROUNDS; round += 1) for (const kind of kinds) rounds.get(kind)?.push(await relayRound(kind))
  const costs = new Map(kinds.map((kind) => [kind, median((rounds.get(kind) ?? []).map(({ cpu, bytes }) => cpu / (bytes / GIB)))]))
  const cost = (kind: HopKind): number => costs.get(kind) ?? Number.NaN
  say(`Bytes passed on between peers (CPU of the middle process; ${RELAY_RATE / 1e6} Mbit/s; median of ${ROUNDS} rounds)`)
  say(`  TCP pipe                        ${cost('tcp').toFixed(2)} CPU s/GiB`)
  say(`  libp2p stream, as it comes      ${cost('libp2p').toFixed(2)} CPU s/GiB`)
  say(`  libp2p stream, with our tuning  ${cost('libp2p-tuned').toFixed(2)} CPU s/GiB`)
  say(`  Tributary, signed and verified  ${cost('tributary').toFixed(2)} CPU s/GiB`)
  say(`  Tributary / libp2p as it comes  ${ratio(cost('tributary'), cost('libp2p'))}   (goal 1.3x)`)
  say(`  Tributary / libp2p tuned        ${ratio(cost('tributary'), cost('libp2p-tuned'))}`)
  say(`  Tributary / TCP                 ${ratio(cost('tributary'), cost('tcp'))}`)
  say()
}

/** Milliseconds from the request to the first byte of the stream. */
const firstByte = (url: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const began = performance.now()
    const request = get(url, { agent: false }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`))
      response.once('data', () => {
        resolve(performance.now() - began)
        request.destroy()
      })
      response.on('error', () => {}) // our own end
    })
    request.on('error', reject)
  })

async function house(folder: string): Promise<void> {
  const file = await channelFile()
  await using home = await startHouse({
    channels: [{ name: 'News', input: file, flags: ['--loop'] }],
    carriers: 2,
    apart: true,
  })
  const url = `${home.relay.url}/live/news.ts`
  const { pid } = home.relay.process
  await sleep(IDLE_MS)
  const idle = residentBytes(pid)

  const cold: number[] = []
  for (let tune = 0; tune < TUNES; tune += 1) {
    if (tune > 0) await sleep(UNTUNED_MS)
    cold.push(await firstByte(url))
  }
  using watching = openViewers(url, 1)
  await sleep(IDLE_MS)
  const warm: number[] = []
  for (let tune = 0; tune < TUNES; tune += 1) warm.push(await firstByte(url))
  const times = (values: readonly number[]): string => `median ${median(values).toFixed(0)} ms, worst ${Math.max(...values).toFixed(0)} ms`
  say('From tune to first byte (a demo network on this machine; the relay has no connection to the broadcaster)')
  say(`  channel tuned already  ${times(warm)}   (goal 300 ms)`)
  say(`  channel not tuned      ${times(cold)}   (goal 2000 ms)`)
  say()
  const busy = residentBytes(pid)

  await using nginx = await startNginx(folder, CHANNEL_RATE, NGINX_SECONDS)
  say(`Viewers over HTTP of one channel of ${CHANNEL_RATE / 1e6} Mbit/s, against nginx sending a file at that rate by sendfile`)
  const alone = await measureViewers(url, pid, 0)
  for (const count of VIEWERS) {
    const ours = await measureViewers(url, pid, count)
    const theirs = await measureViewers(nginx.url, nginx.pid, count)
    const marginal = Math.max(ours.cpu - alone.cpu, 0)
    const percent = (cpu: number): string => `${(cpu * 100).toFixed(2)} %`
    say(
      `  ${String(count).padStart(2)} viewers: relay ${percent(ours.cpu)} of a core (${percent(marginal)} for the viewers), nginx ${percent(theirs.cpu)}:` +
        ` ${ratio(marginal, theirs.cpu)} (goal 1.5x); ${(ours.rss / MIB).toFixed(0)} MiB; each got ${(ours.bitsPerSecond / 1e6).toFixed(2)} Mbit/s`,
    )
  }
  say()
  say('Resident memory of the relay')
  say(`  idle                     ${(idle / MIB).toFixed(0)} MiB   (goal 150 MB)`)
  say(`  one channel, one viewer  ${(busy / MIB).toFixed(0)} MiB   (goal 250 MB)`)
  for (const [index, carrier] of home.carriers.entries())
    say(`  a peer that carries it   ${(residentBytes(carrier.process.pid) / MIB).toFixed(0)} MiB   (carrier ${index + 1})`)
  watching[Symbol.dispose]()
}

const folder = await mkdtemp(join(tmpdir(), 'tributary-bench-'))
try {
  await relaying()
  await house(folder)
} finally {
  await rm(folder, { recursive: true, force: true })
}
process.exit()
