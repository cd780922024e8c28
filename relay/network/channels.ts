/** PURE. The channels of all joined networks as one list, each with a slug and a number of its own. */
import { fromChannelId } from '../chunk/channel-id.ts'
import type { Catalogue, Programme } from './catalogue.ts'

export interface ChannelEntry {
  /** base32 of the key. */
  readonly id: string
  readonly key: Uint8Array
  /** Unique in this relay. */
  readonly slug: string
  /** Unique in this relay. */
  readonly number: number
  readonly name: string
  readonly network: { readonly id: string; readonly name: string }
  /** By start. */
  readonly programmes: readonly Programme[]
}

/** Where a second network's channels go whose numbers are taken. */
const OVERFLOW_NUMBER = 1000
const NETWORK_SUFFIX_LETTERS = 6

/** @param catalogues by the time the networks were joined: the first keeps its slugs and numbers */
export function planChannels(catalogues: readonly { readonly id: string; readonly catalogue: Catalogue }[]): readonly ChannelEntry[] {
  const entries = new Map<string, ChannelEntry>()
  const slugs = new Set<string>()
  const numbers = new Set<number>()
  for (const { id: network, catalogue } of catalogues) {
    for (const { id, slug, number, name, programmes } of catalogue.channels) {
      const key = fromChannelId(id)
      if (key === undefined || entries.has(id)) continue
      let free = number
      if (numbers.has(free)) free = OVERFLOW_NUMBER
      while (numbers.has(free)) free += 1
      const own = slugs.has(slug) ? `${slug}-${network.slice(0, NETWORK_SUFFIX_LETTERS)}` : slug
      slugs.add(own)
      numbers.add(free)
      entries.set(id, { id, key, slug: own, number: free, name, network: { id: network, name: catalogue.name }, programmes })
    }
  }
  return [...entries.values()].toSorted((a, b) => a.number - b.number)
}
