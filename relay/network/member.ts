/** One network that this relay takes part in: what is known of it, and how it is kept. */
import { toChannelId } from '../chunk/channel-id.ts'
import { encodeJoinLink, type JoinLink } from './join-link.ts'
import type { JoinedNetwork } from './joined.ts'

export interface NetworkInfo {
  readonly id: string
  readonly key: Uint8Array
  readonly name: string
  readonly channels: number
  /** The catalogue's sequence; 0 before the first has arrived. */
  readonly catalogue: number
  readonly link: string
  /** ms since the Unix epoch. */
  readonly joined: number
}

export interface Member {
  network: JoinedNetwork
  /** `joining` is not listed, `passing` not kept on disk. */
  kind: 'joining' | 'kept' | 'passing'
  /** Since when a neighbour knows the network, monotonic ms; undefined while none does. */
  heardSince: number | undefined
  /** Resolves with the first catalogue. */
  readonly ready: PromiseWithResolvers<void>
  readonly lifetime: AbortController
}

export const newMember = (network: JoinedNetwork, kind: Member['kind']): Member => {
  const member: Member = { network, kind, heardSince: undefined, ready: Promise.withResolvers(), lifetime: new AbortController() }
  if (network.signed !== undefined) member.ready.resolve()
  return member
}

/** 0 before the first catalogue. */
export const sequenceOf = (member: Member | undefined): number => member?.network.signed?.catalogue.sequence ?? 0

/** Where its neighbours are looked for first. */
export const bootstrapOf = ({ network }: Member): readonly string[] => [
  ...new Set([...network.bootstrap, ...(network.signed?.catalogue.bootstrap ?? [])]),
]

export const infoOf = (member: Member): NetworkInfo => {
  const { id, key, name, link, joined, signed } = member.network
  return {
    id,
    key,
    name: signed?.catalogue.name ?? name,
    channels: signed?.catalogue.channels.length ?? 0,
    catalogue: sequenceOf(member),
    link,
    joined,
  }
}

/** A network of which only the link is known. */
export const networkOf = (link: JoinLink, now: number): JoinedNetwork => ({
  id: toChannelId(link.networkKey),
  key: link.networkKey,
  name: link.name,
  link: encodeJoinLink(link),
  bootstrap: link.bootstrap,
  joined: now,
  signed: undefined,
})
