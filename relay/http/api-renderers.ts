import { z } from 'zod'
import { RelayError } from '../errors.ts'
import { channelOf, checkProfile } from './api-channels.ts'
import { operation, type Operation } from './operation.ts'
import type { HttpPorts } from './ports.ts'
import { PlayOnRenderer, Renderer } from './schemas.ts'

function rendererOf(ports: HttpPorts, id: string): Renderer {
  const renderer = ports.renderers.list().find((each) => each.id === id)
  if (renderer === undefined) throw new RelayError('renderer-not-found', `no TV "${id}"; /api/v1/renderers lists those that answer now`)
  return renderer
}

export const rendererOperations: readonly Operation[] = [
  operation({
    method: 'get',
    path: '/renderers',
    summary: 'The TVs and speakers found on the LAN',
    answer: { status: 200, schema: z.array(Renderer) },
    run: ({ ports }) => ports.renderers.list(),
  }),
  operation({
    method: 'post',
    path: '/renderers/{id}/play',
    summary: 'Plays a channel there',
    body: PlayOnRenderer,
    answer: { status: 200, schema: Renderer },
    async run({ ports }, { path, body }, signal) {
      const { id } = rendererOf(ports, path['id'] ?? '')
      const channel = channelOf(ports, body.channel)
      await checkProfile(ports, body.profile)
      await ports.renderers.play(id, { channel: channel.id, profile: body.profile }, signal)
      return rendererOf(ports, id)
    },
  }),
  operation({
    method: 'post',
    path: '/renderers/{id}/stop',
    summary: 'Stops what plays there',
    answer: { status: 200, schema: Renderer },
    async run({ ports }, { path }, signal) {
      const { id } = rendererOf(ports, path['id'] ?? '')
      await ports.renderers.stop(id, signal)
      return rendererOf(ports, id)
    },
  }),
]
