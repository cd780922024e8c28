import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import { startHouse, until, type House } from '../harness/house.ts'
import { temporaryFolder } from '../harness/processes.ts'
import { needs } from '../harness/tools.ts'
import { startVlc, VLC_TOOLS } from '../harness/vlc.ts'

const run = promisify(execFile)
const PLAY_DEADLINE_MS = 30_000
/** Two seconds of them. */
const MANY_FRAMES = 50
const CHANNELS = [{ name: 'News' }, { name: 'Sport', input: 'test:?size=320x180&rate=300k' }]

const startPlayersHouse = async (): Promise<House> => startHouse({ channels: CHANNELS, carriers: 1, apart: true })

interface Probed {
  readonly streams: readonly { readonly codec_type: string; readonly codec_name: string; readonly width?: number }[]
  readonly format: { readonly format_name: string }
}

async function probe(url: string): Promise<Probed> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-analyzeduration', '2M', '-show_streams', '-show_format', '-of', 'json', url], {
    timeout: PLAY_DEADLINE_MS,
  })
  return JSON.parse(stdout) as Probed
}

/** Plays three seconds of each item as fast as they come, at their own pace. */
const mpv = async (url: string): Promise<string> =>
  (await run('mpv', ['--no-config', '--vo=null', '--ao=null', '--length=3', url], { timeout: 2 * PLAY_DEADLINE_MS })).stdout

const shapeOf = ({ streams }: Probed): readonly unknown[] =>
  streams.map(({ codec_type, codec_name, width }) => (width === undefined ? [codec_type, codec_name] : [codec_type, codec_name, width]))

test.serial('ffprobe finds the tracks of a channel as a transport stream, as HLS and as a rendition', async (t) => {
  if (!needs(t, 'ffprobe', 'ffmpeg')) return
  await using house = await startPlayersHouse()
  const { url } = house.relay
  const stream = await probe(`${url}/live/news.ts`)
  t.is(stream.format.format_name, 'mpegts')
  const tracks = [
    ['video', 'h264', 640],
    ['audio', 'aac'],
  ]
  t.deepEqual(shapeOf(stream), tracks)
  const hls = await probe(`${url}/live/news/index.m3u8`)
  t.is(hls.format.format_name, 'hls')
  t.deepEqual(shapeOf(hls), tracks)
  t.deepEqual(shapeOf(await probe(`${url}/live/news.ts?profile=h264`)), tracks)
})

test.serial('mpv plays a channel, and the playlist from one channel to the next', async (t) => {
  if (!needs(t, 'mpv', 'ffmpeg')) return
  await using house = await startPlayersHouse()
  const { url } = house.relay
  t.regex(await mpv(`${url}/live/news.ts`), /Video .*h264 640x360/)
  const told = await mpv(`${url}/iptv/channels.m3u`)
  t.regex(told, /h264 640x360[^]*h264 320x180/)
  t.notRegex(told, /error|failed/i)
})

/** A line of VLC's `stats`. */
const figure = (stats: string, name: string): number => Number(new RegExp(`${name}\\s*:\\s*(\\d+)`).exec(stats)?.[1])

test.serial('VLC lists the channels of the playlist by name, and plays each', async (t) => {
  if (!needs(t, ...VLC_TOOLS, 'ffmpeg')) return
  await using home = await temporaryFolder()
  await using house = await startPlayersHouse()
  await using vlc = await startVlc(home.path, `${house.relay.url}/iptv/channels.m3u`)
  const plays = async (width: number): Promise<void> => {
    await until(`a picture ${width} wide in VLC`, PLAY_DEADLINE_MS, async () =>
      new RegExp(`Video resolution: ${width}x`).test(await vlc.ask('info')) ? true : undefined,
    )
    const stats = await until(`${MANY_FRAMES} frames in VLC`, PLAY_DEADLINE_MS, async () => {
      const told = await vlc.ask('stats')
      return figure(told, 'frames displayed') > MANY_FRAMES ? told : undefined
    })
    t.is(figure(stats, 'demux corrupted'), 0)
    t.is(figure(stats, 'discontinuities'), 0)
  }
  await plays(640)
  t.regex(await vlc.ask('playlist'), /News[^]*Sport/)
  await vlc.ask('next')
  await plays(320)
})
