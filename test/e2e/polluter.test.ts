/** One peer in the swarm passes on false bytes. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import test from 'ava'
import type { Swarm } from '../../relay/http/schemas.ts'
import { startHouse, until } from '../harness/house.ts'
import { compareWithLoop, tablesIn } from '../harness/loop-comparison.ts'
import { capture, made } from '../harness/media.ts'
import { needs } from '../harness/tools.ts'

const POLLUTER = new URL('../harness/polluting-peer.ts', import.meta.url).pathname
const CAUGHT_DEADLINE_MS = 120_000
/** Long enough after it was caught to see that playing goes on. */
const AFTERWARDS_MS = 10_000

async function startPolluter(data: string, link: string): Promise<{ readonly peerId: string } & AsyncDisposable> {
  const child = spawn(process.execPath, [POLLUTER, data, link], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const peerId = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(String((JSON.parse(line) as { peerId: string }).peerId)))
    child.once('close', () => reject(new Error('the polluter did not start')))
  })
  return {
    peerId,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

test('a peer that flips one bit in a chunk of a hundred is dropped and named, and none of it is played', async (t) => {
  t.timeout(240_000)
  if (!needs(t, 'ffmpeg')) return
  const file = capture('dvb-hd-1080i-h264-eac3') ?? (await made('h264-aac.ts'))
  const source = await readFile(file)
  await using house = await startHouse({ channels: [{ name: 'News', input: file, flags: ['--loop'] }], carriers: 1, apart: true })
  await using polluter = await startPolluter(join(house.folder, 'polluter'), house.link)

  const comparison = compareWithLoop(source, tablesIn(source).pat.programs[0]?.program ?? 0)
  const stop = new AbortController()
  let endedByItself = false
  let lastPiece = 0
  get(`${house.relay.url}/live/news.ts`, { signal: stop.signal }, (response) => {
    response.on('data', (piece: Buffer) => {
      comparison.push(piece)
      lastPiece = performance.now()
    })
    response.on('end', () => (endedByItself = !stop.signal.aborted))
    response.on('error', () => {}) // our own end
  }).on('error', () => {}) // our own end
  const partners = async (): Promise<readonly string[]> => {
    const [swarm] = await house.relay.api<readonly Swarm[]>('swarms')
    return swarm?.partners.map(({ peer }) => peer) ?? []
  }

  const metrics = async (): Promise<string> => (await fetch(`${house.relay.url}/metrics`)).text()
  const named = new RegExp(`^tributary_swarm_violations_total\\{.*peer="${polluter.peerId}".*\\} [1-9]`, 'm')
  await until('the metrics name the polluter', CAUGHT_DEADLINE_MS, async () => (named.test(await metrics()) ? true : undefined))
  t.false((await partners()).includes(polluter.peerId), 'it is a partner no more')
  const before = comparison.compared
  await pause(AFTERWARDS_MS)
  t.true(comparison.compared > before && performance.now() - lastPiece < 3_000, 'playing goes on')
  t.false(endedByItself)
  t.is(comparison.difference, undefined, 'every byte that came out is the source’s')
  t.false((await partners()).includes(polluter.peerId), 'it does not come back')
  stop.abort()
})
