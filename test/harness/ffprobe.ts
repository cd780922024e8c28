/** What ffprobe says of a file: a judge that is not ours. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MAX_OUTPUT_BYTES = 16 * 2 ** 20

interface Probed {
  readonly programs: readonly { readonly program_id: number; readonly streams: readonly ProbedStream[] }[]
}
interface ProbedStream {
  readonly id: string
  readonly codec_name?: string
  readonly codec_type: string
  readonly tags?: Readonly<Record<string, string>>
}

/** The tracks of a programme, one text each, by PID: `0x140 video h264` or `0x14a audio eac3 fra`. */
export async function tracksOf(file: string, program: number): Promise<string[]> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_programs', '-of', 'json', file], { maxBuffer: MAX_OUTPUT_BYTES })
  const found = (JSON.parse(stdout) as Probed).programs.find(({ program_id: id }) => id === program)
  if (found === undefined) throw new Error(`ffprobe finds no programme ${program} in ${file}`)
  return found.streams
    .map(({ id, codec_type: type, codec_name: codec, tags }) =>
      [id, type, codec, tags?.['language']].filter((word) => word !== undefined).join(' '),
    )
    .toSorted()
}

/** True when the first picture of a file is a key frame. */
export async function beginsWithKeyFrame(file: string): Promise<boolean> {
  const args = ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=flags', '-read_intervals', '%+#1', '-of', 'csv=p=0', file]
  const { stdout } = await run('ffprobe', args, { maxBuffer: MAX_OUTPUT_BYTES })
  return stdout.split('\n')[0]?.includes('K') === true
}
