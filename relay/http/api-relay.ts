import { z } from 'zod'
import { operation, type Operation } from './operation.ts'
import { JoinNetwork, Network, Peer, Status, Swarm } from './schemas.ts'
import { statusView } from './views.ts'

export const relayOperations: readonly Operation[] = [
  operation({
    method: 'get',
    path: '/status',
    summary: 'This relay: its name, addresses, load and what it can do',
    answer: { status: 200, schema: Status },
    run: ({ ports, gauge }) => statusView(ports, gauge),
  }),
  operation({
    method: 'get',
    path: '/networks',
    summary: 'The networks that this relay has joined',
    answer: { status: 200, schema: z.array(Network) },
    run: ({ ports }) => ports.networks.list(),
  }),
  operation({
    method: 'post',
    path: '/networks',
    summary: 'Joins a network by its link',
    body: JoinNetwork,
    answer: { status: 201, schema: Network },
    run: ({ ports }, { body }, signal) => ports.networks.join(body.link, signal),
  }),
  operation({
    method: 'get',
    path: '/peers',
    summary: 'The peers that this relay is connected to',
    answer: { status: 200, schema: z.array(Peer) },
    run: ({ ports }) => ports.peers(),
  }),
  operation({
    method: 'get',
    path: '/swarms',
    summary: 'The swarms that this relay is in: whom it gets a channel from, whom it gives it to',
    answer: { status: 200, schema: z.array(Swarm) },
    run: ({ ports }) => ports.swarms(),
  }),
]
