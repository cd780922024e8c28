/** What `ffmpeg -i` says about an input on stderr; ffmpeg-static brings no ffprobe. */
export interface StreamInfo {
  readonly kind: 'video' | 'audio' | 'subtitle' | 'other'
  /** ffmpeg's name, as in `h264`. */
  readonly codec: string
  /** A still picture, such as a cover, is no video. */
  readonly isStill: boolean
}

export interface InputInfo {
  readonly streams: readonly StreamInfo[]
  /** Programme numbers; variants of an HLS playlist count as programmes too. */
  readonly programs: readonly number[]
}

const KINDS: Readonly<Record<string, StreamInfo['kind']>> = { Video: 'video', Audio: 'audio', Subtitle: 'subtitle' }

/** Total. Reads the first input only; duplicates that are listed under several programmes count once. */
export function parseInputInfo(stderr: string): InputInfo {
  const streams = new Map<string, StreamInfo>()
  const programs: number[] = []
  for (const line of stderr.split('\n')) {
    if (/Output #0/.test(line)) break
    const program = /^(?:\[info\])?\s+Program (\d+)/.exec(line)
    if (program !== null) programs.push(Number(program[1]))
    const stream = /^(?:\[info\])?\s+Stream #0:(\d+)\S*: (\w+): (\w+)(.*)$/.exec(line)
    if (stream === null) continue
    const [, index = '', kind = '', codec = '', rest = ''] = stream
    streams.set(index, { kind: KINDS[kind] ?? 'other', codec, isStill: rest.includes('(attached pic)') })
  }
  return { streams: [...streams].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, stream]) => stream), programs }
}
