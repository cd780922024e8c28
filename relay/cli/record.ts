import { z } from 'zod'
import { RelayError } from '../errors.ts'
import { Recording, type StartRecording } from '../http/schemas.ts'
import { operand, textFlag, type Command, type CommandContext } from './command.ts'
import { requireRunningRelay } from './running-relay.ts'

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

/** Seconds in `90m`, `2h` or `45s`. */
function secondsOf(duration: string): number {
  const match = /^(\d+)([smh])$/.exec(duration)
  const unit = SECONDS[match?.[2] ?? '']
  if (match === null || unit === undefined)
    throw new RelayError('usage', `--for is "${duration}"; expected a length such as 45s, 90m or 2h`)
  return Number(match[1]) * unit
}

const stateOf = ({ capture }: Recording): string => ('reason' in capture ? `${capture.kind} (${capture.reason})` : capture.kind)

function tell(context: CommandContext, recording: Recording): void {
  if (context.json) return context.print(JSON.stringify(recording))
  const gaps = recording.gaps.length === 0 ? '' : `, ${recording.gaps.length} gaps`
  const megabytes = (recording.bytes / 1e6).toFixed(1)
  context.print(`${recording.id}  ${recording.title}  ${stateOf(recording)}  ${Math.round(recording.duration)} s, ${megabytes} MB${gaps}`)
}

export const recordCommand: Command = {
  name: 'record',
  summary: 'Records a channel now, for a time or until stopped; lists and stops recordings',
  operands: '[CHANNEL]',
  options: ['data', 'log-level'],
  own: {
    for: { type: 'string', value: 'LENGTH', help: 'how long, such as 90m (default: until stopped)' },
    title: { type: 'string', value: 'TEXT', help: 'what to call it (default: the programme on now)' },
    stop: { type: 'string', value: 'ID', help: 'stop this recording and keep it' },
    list: { type: 'boolean', value: '', help: 'list the recordings' },
  },
  example: 'tributary record news --for 90m',
  async run(context) {
    const { flags, config, signal } = context
    const stop = textFlag(flags, 'stop')
    const length = textFlag(flags, 'for')
    const title = textFlag(flags, 'title')
    const seconds = length === undefined ? undefined : secondsOf(length)
    const wanted = flags['list'] === true ? 'list' : stop !== undefined ? 'stop' : operand(context, recordCommand, 0)
    const relay = requireRunningRelay(config.data)
    if (flags['list'] === true) {
      const recordings = await relay.get('recordings', z.array(Recording), signal)
      if (context.json) context.print(JSON.stringify(recordings))
      else if (recordings.length === 0) context.print('no recordings yet')
      else for (const recording of recordings) tell(context, recording)
    } else if (stop !== undefined) {
      tell(context, await relay.post(`recordings/${encodeURIComponent(stop)}/stop`, {}, Recording, signal))
    } else {
      const body: StartRecording = {
        channel: wanted,
        ...(seconds === undefined ? {} : { seconds }),
        ...(title === undefined ? {} : { title }),
      }
      tell(context, await relay.post('recordings', body, Recording, signal))
    }
    return 0
  },
}
