/**
 * Broadcasts of real captures, looped, through a peer to a relay that never meets the broadcasters. It plays for five minutes, all three
 * at once; TRIBUTARY_PLAY_SECONDS makes it shorter while one works on it.
 */
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import test from 'ava'
import { beginsWithKeyFrame, tracksOf } from '../harness/ffprobe.ts'
import { startHouse } from '../harness/house.ts'
import { compareWithLoop, tablesIn, type LoopComparison } from '../harness/loop-comparison.ts'
import { capture, made } from '../harness/media.ts'
import { temporaryFolder } from '../harness/processes.ts'
import { needs } from '../harness/tools.ts'

const PLAY_MS = Number(process.env['TRIBUTARY_PLAY_SECONDS'] ?? 300) * 1000
/** What ffprobe looks at; tables and all tracks come many times in it. */
const SAVED_BYTES = 8 * 2 ** 20

interface Source {
  readonly name: string
  readonly file: string
  readonly program: number
}

/** The first programme that has video, as the broadcaster chooses it. */
async function sourceOf(name: string, file: string): Promise<Source> {
  const { pat, pmts } = tablesIn(await readFile(file))
  const isVideo = (type: number): boolean => type === 0x02 || type === 0x1b || type === 0x24
  const program = pat.programs.find((entry) => pmts.get(entry.program)?.streams.some(({ type }) => isVideo(type)) === true)?.program
  if (program === undefined) throw new Error(`${file} has no programme with video`)
  return { name, file, program }
}

const sources = async (): Promise<Source[]> =>
  Promise.all([
    sourceOf('High definition', capture('dvb-hd-1080i-h264-eac3') ?? (await made('h264-aac.ts'))),
    sourceOf('Web', capture('web-576p-h264-aac') ?? (await made('open-gop.ts'))),
    sourceOf('Multiplex', capture('dvb-sd-mux-mpeg2-mp2') ?? (await made('two-programmes.ts'))),
  ])

/** Reads a live stream until the signal; its beginning goes into a file. */
async function play(url: string, comparison: LoopComparison, saved: string, signal: AbortSignal): Promise<void> {
  const file = createWriteStream(saved)
  await new Promise<void>((resolve, reject) => {
    get(url, { signal }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`))
      response.on('data', (piece: Buffer) => {
        comparison.push(piece)
        if (file.bytesWritten < SAVED_BYTES) file.write(piece)
      })
      response.on('error', () => resolve()) // our own end
      response.on('end', () => (signal.aborted ? resolve() : reject(new Error(`${url} ended by itself`))))
    }).on('error', (error) => (signal.aborted ? resolve() : reject(error)))
  })
  await new Promise((resolve) => file.end(resolve))
}

test('captures arrive untouched at a relay that has no connection to their broadcasters', async (t) => {
  t.timeout(PLAY_MS + 180_000)
  if (!needs(t, 'ffmpeg', 'ffprobe')) return
  await using folder = await temporaryFolder()
  const channels = await sources()
  await using house = await startHouse({
    channels: channels.map(({ name, file }) => ({ name, input: file, flags: ['--loop'] })),
    carriers: 1,
    apart: true,
  })
  const listed = await house.relay.api<readonly { name: string; slug: string }[]>('channels')
  const stop = new AbortController()
  const playing = channels.map(({ name, file, program }) => {
    const slug = listed.find((channel) => channel.name === name)?.slug ?? ''
    const saved = join(folder.path, `${slug}.ts`)
    return { name, file, program, slug, saved }
  })
  const comparisons = await Promise.all(playing.map(async ({ file, program }) => compareWithLoop(await readFile(file), program)))
  const ends = playing.map(async ({ slug, saved }, index) =>
    play(`${house.relay.url}/live/${slug}.ts`, comparisons[index] as LoopComparison, saved, stop.signal),
  )
  await Promise.race([pause(PLAY_MS), Promise.all(ends)])

  const broadcasters = house.broadcasters.map(({ process }) => process.ready['peerId'])
  const met = await house.relay.api<readonly { peer: string }[]>('peers')
  t.true(met.length > 0)
  t.deepEqual(
    met.filter(({ peer }) => broadcasters.includes(peer)),
    [],
    'the relay has no connection to a broadcaster',
  )
  stop.abort()
  await Promise.all(ends)

  for (const [index, { name, file, program, saved }] of playing.entries()) {
    const comparison = comparisons[index] as LoopComparison
    t.log(`${name}: ${comparison.compared} packets, ${comparison.loops} loops`)
    t.is(comparison.difference, undefined, `${name}: every packet of the programme is the source's, in order`)
    t.is(comparison.tableErrors, 0, `${name}: the counters of the tables have no error`)
    t.deepEqual(comparison.beginning, { pat: true, pmt: true }, `${name}: PAT and PMT come first`)
    t.true(comparison.loops > 0 || PLAY_MS < 30_000, `${name}: it was played over a loop point`)
    t.true(await beginsWithKeyFrame(saved), `${name}: the first picture is a random access point`)
    t.deepEqual(await tracksOf(saved, program), await tracksOf(file, program), `${name}: every track is there`)
  }
})
