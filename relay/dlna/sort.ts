/** SortCriteria (CDS §2.5.6): `+dc:title,-dc:date`. */
import type { ContentObject } from './content-object.ts'
import { propertyOf } from './properties.ts'

export const SORTABLE = ['dc:title', 'upnp:channelNr', 'dc:date', 'upnp:class'] as const
export interface SortKey {
  readonly property: (typeof SORTABLE)[number]
  readonly descending: boolean
}

/** Longer than all properties together with room to spare; beyond it somebody is playing. */
const MAX_SORT_KEYS = 8

/** Undefined when a property is not sortable: fault 709. */
export function parseSort(criteria: string): readonly SortKey[] | undefined {
  if (criteria.trim() === '') return []
  const keys: SortKey[] = []
  const parts = criteria.split(',')
  if (parts.length > MAX_SORT_KEYS) return undefined
  for (const part of parts) {
    const [, sign, name] = /^\s*([+-]?)([A-Za-z:@]+)\s*$/.exec(part) ?? []
    const property = SORTABLE.find((sortable) => sortable === name)
    if (property === undefined) return undefined
    keys.push({ property, descending: sign === '-' })
  }
  return keys
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

const compare = (one: string | undefined, other: string | undefined): number => {
  // what lacks the property comes last
  if (one === undefined || other === undefined) return one === other ? 0 : one === undefined ? 1 : -1
  return collator.compare(one, other)
}

/** A sorted copy; equal objects stay in their usual order. */
export const sortObjects = (objects: readonly ContentObject[], keys: readonly SortKey[]): readonly ContentObject[] =>
  objects.toSorted((one, other) => {
    for (const { property, descending } of keys) {
      const order = compare(propertyOf(one, property), propertyOf(other, property))
      if (order !== 0) return descending ? -order : order
    }
    return 0
  })
