/** The properties of an object by their DIDL names, as sort and search see them. */
import type { ContentObject } from './content-object.ts'

export const SEARCHABLE = [
  'dc:title',
  'upnp:class',
  'upnp:channelName',
  'upnp:channelNr',
  'dc:date',
  'upnp:genre',
  '@id',
  '@parentID',
  'res',
] as const
export type Property = (typeof SEARCHABLE)[number]

export const isSearchable = (name: string): name is Property => (SEARCHABLE as readonly string[]).includes(name)

const MS_PER_SECOND = 1000
/** RFC 3339 in UTC, whole seconds. */
export const isoTime = (time: number): string =>
  new Date(Math.floor(time / MS_PER_SECOND) * MS_PER_SECOND).toISOString().replace('.000Z', 'Z')

export function propertyOf(object: ContentObject, property: Property): string | undefined {
  switch (property) {
    case 'dc:title':
      return object.title
    case 'upnp:class':
      return object.class
    case '@id':
      return object.id
    case '@parentID':
      return object.parent
    case 'upnp:channelName':
      if (object.kind === 'channel') return object.channel.name
      return object.kind === 'recording' ? object.recording.channelName : undefined
    case 'upnp:channelNr':
      return object.kind === 'channel' ? String(object.channel.number) : undefined
    case 'upnp:genre':
      return object.kind === 'channel' ? object.channel.now?.category : undefined
    case 'dc:date':
      if (object.kind === 'recording') return isoTime(object.recording.start)
      return object.kind === 'channel' && object.channel.now !== undefined ? isoTime(object.channel.now.start) : undefined
    case 'res':
      return object.kind === 'recording' || (object.kind === 'channel' && object.channel.air !== 'off-air') ? '' : undefined
  }
}
