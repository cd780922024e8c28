import { z } from 'zod'
import { RelayError } from '../errors.ts'
import { channelOf } from './api-channels.ts'
import { operation, type Operation } from './operation.ts'
import type { HttpPorts, RecordingInfo } from './ports.ts'
import { Recording, StartRecording } from './schemas.ts'
import { recordingView } from './views.ts'

/** @throws RelayError recording-not-found */
export function recordingOf(ports: HttpPorts, id: string): RecordingInfo {
  const recording = ports.recordings.get(id)
  if (recording === undefined) throw new RelayError('recording-not-found', `no recording "${id}"; /api/v1/recordings lists them`)
  return recording
}

function untilOf(body: StartRecording, now: number): number | undefined {
  if (body.seconds !== undefined) return now + body.seconds * 1000
  if (body.until === undefined) return undefined
  const until = Date.parse(body.until)
  if (until <= now) throw new RelayError('request-invalid', `body.until: ${body.until} is over; expected a time that is still to come`)
  return until
}

export const recordingOperations: readonly Operation[] = [
  operation({
    method: 'get',
    path: '/recordings',
    summary: 'All recordings: due, running and done',
    answer: { status: 200, schema: z.array(Recording) },
    run: ({ ports }) => ports.recordings.list().map(recordingView),
  }),
  operation({
    method: 'get',
    path: '/recordings/{id}',
    summary: 'One recording',
    answer: { status: 200, schema: Recording },
    run: ({ ports }, { path }) => recordingView(recordingOf(ports, path['id'] ?? '')),
  }),
  operation({
    method: 'post',
    path: '/recordings',
    summary: 'Records a channel now: for a time, until a time, or until stopped',
    body: StartRecording,
    answer: { status: 201, schema: Recording },
    async run({ ports }, { body }) {
      const channel = channelOf(ports, body.channel)
      const until = untilOf(body, ports.clock.now())
      const request = { channel: channel.id, channelName: channel.name, title: body.title ?? channel.now?.title, until }
      return recordingView(await ports.recordings.record(request))
    },
  }),
  operation({
    method: 'post',
    path: '/recordings/{id}/stop',
    summary: 'Ends a running recording and keeps it',
    answer: { status: 200, schema: Recording },
    async run({ ports }, { path }) {
      return recordingView(await ports.recordings.stop(recordingOf(ports, path['id'] ?? '').id))
    },
  }),
  operation({
    method: 'delete',
    path: '/recordings/{id}',
    summary: 'Removes a recording and its files',
    answer: { status: 204 },
    run: ({ ports }, { path }) => ports.recordings.remove(recordingOf(ports, path['id'] ?? '').id),
  }),
]
