import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Config } from '../config.ts'
import { freeBytes, openDataFolder } from '../data-folder.ts'
import { messageOf } from '../errors.ts'
import { findFfmpeg } from '../transcode/find-ffmpeg.ts'
import { tryEncoder } from '../transcode/try-encoder.ts'
import type { Command, CommandContext } from './command.ts'
import { findRunningRelay } from './running-relay.ts'

type Verdict = 'good' | 'note' | 'bad'

export interface Finding {
  readonly verdict: Verdict
  readonly about: string
  /** What was found. */
  readonly detail: string
  /** What to do; only where something is to be done. */
  readonly fix?: string
}

const good = (about: string, detail: string): Finding => ({ verdict: 'good', about, detail })
const note = (about: string, detail: string, fix: string): Finding => ({ verdict: 'note', about, detail, fix })
const bad = (about: string, detail: string, fix: string): Finding => ({ verdict: 'bad', about, detail, fix })

/** What may encode H.264 on the machines that run a relay; hardware first. */
const H264_ENCODERS = ['h264_v4l2m2m', 'h264_vaapi', 'h264_qsv', 'h264_nvenc', 'h264_rkmpp', 'libx264'] as const
const GIB = 2 ** 30

async function checkData(config: Config): Promise<Finding[]> {
  try {
    await openDataFolder(config.data)
    await openDataFolder(config.recordings.path)
    const free = await freeBytes(config.recordings.path)
    const room = `${(free / GIB).toFixed(1)} GiB free in ${config.recordings.path}`
    return [
      good('data folder', config.data),
      free > config.recordings.reserve
        ? good('recordings', room)
        : bad(
            'recordings',
            `${room}, and ${(config.recordings.reserve / GIB).toFixed(1)} GiB are kept free`,
            'delete recordings, or choose another disk with --recordings',
          ),
    ]
  } catch (error) {
    return [bad('data folder', messageOf(error), 'choose a folder that this user can write: --data DIR')]
  }
}

async function checkFfmpeg(config: Config, signal: AbortSignal): Promise<Finding[]> {
  const fix = 'install it: sudo apt-get install ffmpeg'
  try {
    const ffmpeg = await findFfmpeg({ ...process.env, ...(config.ffmpeg === undefined ? {} : { TRIBUTARY_FFMPEG: config.ffmpeg }) }, signal)
    if (ffmpeg === undefined) return [note('ffmpeg', 'none found: channels play as they are, nothing is transcoded', fix)]
    const findings = [good('ffmpeg', `${ffmpeg.version} (${ffmpeg.path})`)]
    for (const name of H264_ENCODERS) {
      const trial = await tryEncoder(ffmpeg.path, name, signal)
      if (trial.ok) findings.push(good('encoder', `${name} works: one second of 720p took ${trial.ms} ms`))
    }
    if (findings.length === 1) findings.push(bad('encoder', 'no H.264 encoder of this ffmpeg works', 'install an ffmpeg with libx264'))
    return findings
  } catch (error) {
    return [bad('ffmpeg', messageOf(error), fix)]
  }
}

const checkPort = async (port: number, running: string | undefined): Promise<Finding> =>
  new Promise((resolve) => {
    if (running !== undefined) return resolve(good('page', `a relay runs on this data folder: ${running}`))
    const server = createServer()
    server.once('error', (error) =>
      resolve(bad('page', `port ${port} cannot be used (${messageOf(error)})`, 'choose another with --http-port, or stop what uses it')),
    )
    server.listen(port, () => server.close(() => resolve(good('page', `port ${port} is free`))))
  })

function checkInterfaces(): Finding {
  const lan = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).filter((address) => !address.internal && address.family === 'IPv4').map((address) => `${name} ${address.address}`),
  )
  return lan.length > 0
    ? good('LAN', lan.join(', '))
    : note('LAN', 'this machine has no network address but loopback: TVs and other relays cannot reach it', 'connect it to the network')
}

const checkPage = (): Finding =>
  existsSync(new URL('../../web-ui/dist/index.html', import.meta.url))
    ? good('page files', 'built')
    : bad('page files', 'the page has not been built', 'run ./scripts/start, or npm run build:page')

const MARK: Readonly<Record<Verdict, string>> = { good: 'ok  ', note: 'note', bad: 'BAD ' }

async function examine({ config, signal }: CommandContext): Promise<readonly Finding[]> {
  return [
    good('Node', process.version),
    ...(await checkData(config)),
    await checkPort(config.http.port, findRunningRelay(config.data)),
    checkPage(),
    checkInterfaces(),
    ...(await checkFfmpeg(config, signal)),
  ]
}

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Looks at this machine and says what would keep a relay from working well',
  operands: '',
  options: ['data', 'http-port', 'recordings', 'recordings-reserve', 'ffmpeg', 'log-level'],
  own: {},
  example: 'tributary doctor',
  async run(context) {
    const findings = await examine(context)
    if (context.json) context.print(JSON.stringify(findings))
    else
      for (const { verdict, about, detail, fix } of findings) {
        context.print(`${MARK[verdict]}  ${about.padEnd(12)} ${detail}`)
        if (fix !== undefined) context.print(`                   to mend it: ${fix}`)
      }
    return findings.some(({ verdict }) => verdict === 'bad') ? 1 : 0
  },
}
