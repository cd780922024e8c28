/** DIDL-Lite: what a control point reads about our objects (CDS §2.5.8, and DLNA's additions). */
import type { ChannelObject, ContainerObject, ContentObject, RecordingObject } from './content-object.ts'
import { livePath, recordingPath } from './paths.ts'
import type { DlnaProgramme } from './ports.ts'
import { isoTime } from './properties.ts'
import { protocolInfo } from './protocol-info.ts'
import type { Caller } from './service.ts'
import { escapeXml } from './xml.ts'

export interface DidlContext extends Caller {
  readonly filter: Filter
  /** Transcode profiles that get a res of their own beside the original. */
  readonly profiles: readonly string[]
}

/** Says whether an optional property was asked for. */
export type Filter = (property: string) => boolean

/** Longer filters name properties that nobody has. */
const MAX_FILTER_CHARS = 4096

/** `*` or a list of names. Asking for `res@size` asks for `res`. */
export function parseFilter(text: string): Filter {
  const names = text
    .slice(0, MAX_FILTER_CHARS)
    .split(',')
    .map((name) => name.trim())
  if (names.includes('*')) return () => true
  const wanted = new Set(names.flatMap((name) => (name.includes('@') ? [name, name.slice(0, name.indexOf('@'))] : [name])))
  return (property) => wanted.has(property)
}

const HEAD =
  '<DIDL-Lite xmlns="urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/" xmlns:dc="http://purl.org/dc/elements/1.1/"' +
  ' xmlns:upnp="urn:schemas-upnp-org:metadata-1-0/upnp/" xmlns:dlna="urn:schemas-dlna-org:metadata-1-0/">'

export const didl = (objects: readonly ContentObject[], context: DidlContext): string =>
  `${HEAD}${objects.map((object) => objectXml(object, context)).join('')}</DIDL-Lite>`

const SECONDS_PER_MINUTE = 60
const SECONDS_PER_HOUR = 3600
const two = (value: number): string => String(value).padStart(2, '0')
/** `H:MM:SS.mmm` (CDS, res@duration). */
export function duration(seconds: number): string {
  const ms = Math.max(0, Math.round(seconds * 1000))
  const whole = Math.floor(ms / 1000)
  const minutes = Math.floor(whole / SECONDS_PER_MINUTE) % SECONDS_PER_MINUTE
  return `${Math.floor(whole / SECONDS_PER_HOUR)}:${two(minutes)}:${two(whole % SECONDS_PER_MINUTE)}.${String(ms % 1000).padStart(3, '0')}`
}

function objectXml(object: ContentObject, context: DidlContext): string {
  switch (object.kind) {
    case 'container':
      return containerXml(object, context)
    case 'channel':
      return channelXml(object, context)
    case 'recording':
      return recordingXml(object, context)
  }
}

/** `<name>text</name>`, when asked for and there is something to say. */
const optional = (filter: Filter, name: string, text: string | undefined): string =>
  text !== undefined && text !== '' && filter(name) ? `<${name}>${escapeXml(text)}</${name}>` : ''

const required = (object: ContentObject, itemClass: string): string =>
  `<dc:title>${escapeXml(object.title)}</dc:title><upnp:class>${itemClass}</upnp:class>`

const opening = (element: 'container' | 'item', { id, parent }: ContentObject): string =>
  `<${element} id="${escapeXml(id)}" parentID="${escapeXml(parent)}" restricted="1"`

function containerXml(object: ContainerObject, { filter }: DidlContext): string {
  const count =
    object.childCount > 0 && (filter('@childCount') || filter('container@childCount')) ? ` childCount="${object.childCount}"` : ''
  const searchable = filter('@searchable') || filter('container@searchable') ? ' searchable="1"' : ''
  const tuner = object.tuner && filter('dlna:containerType') ? '<dlna:containerType>Tuner_1_0</dlna:containerType>' : ''
  return `${opening('container', object)}${count}${searchable}>${required(object, object.class)}${tuner}</container>`
}

const res = (attributes: string, url: string): string => `<res ${attributes}>${escapeXml(url)}</res>`

function liveResources({ channel }: ChannelObject, { filter, origin, profiles, quirk }: DidlContext): string {
  // nothing to play: a TV that tries would show an error of its own
  if (channel.air === 'off-air' || !filter('res')) return ''
  return [undefined, ...profiles]
    .map((profile) => {
      const info = protocolInfo(quirk.tsMime, { live: true, transcoded: profile !== undefined }, quirk)
      return res(`protocolInfo="${info}"`, origin + livePath({ channel: channel.slug, profile }))
    })
    .join('')
}

const programmeXml = (filter: Filter, now: DlnaProgramme): string =>
  optional(filter, 'upnp:scheduledStartTime', isoTime(now.start)) +
  optional(filter, 'upnp:scheduledEndTime', isoTime(now.end)) +
  optional(filter, 'upnp:programTitle', now.title) +
  optional(filter, 'dc:date', isoTime(now.start).slice(0, 'yyyy-mm-dd'.length)) +
  optional(filter, 'upnp:genre', now.category)

const clockTime = (time: number): string => isoTime(time).slice('yyyy-mm-ddT'.length, 'yyyy-mm-ddTHH:MM'.length)

/** What most sets show as the second line. */
const nowAndNext = (now: DlnaProgramme | undefined, next: DlnaProgramme | undefined): string =>
  [now === undefined ? '' : `Now: ${now.title}`, next === undefined ? '' : `Next, ${clockTime(next.start)} UTC: ${next.title}`]
    .filter((line) => line !== '')
    .join(' / ')

function channelXml(object: ChannelObject, context: DidlContext): string {
  const { channel } = object
  const { filter } = context
  const { now, next } = channel
  const long = now?.description ?? now?.subtitle
  return (
    `${opening('item', object)}>${required(object, context.quirk.broadcastClass ? object.class : 'object.item.videoItem')}` +
    optional(filter, 'upnp:channelName', channel.name) +
    optional(filter, 'upnp:channelNr', String(channel.number)) +
    (now === undefined ? '' : programmeXml(filter, now)) +
    optional(filter, 'dc:description', channel.air === 'off-air' ? 'Off air' : nowAndNext(now, next)) +
    optional(filter, 'upnp:longDescription', long) +
    `${liveResources(object, context)}</item>`
  )
}

function recordingXml(object: RecordingObject, { filter, origin, quirk }: DidlContext): string {
  const { recording } = object
  const size = filter('res@size') ? ` size="${recording.bytes}"` : ''
  const length = filter('res@duration') ? ` duration="${duration(recording.duration)}"` : ''
  const info = protocolInfo(quirk.tsMime, { live: false, transcoded: false }, quirk)
  return (
    `${opening('item', object)}>${required(object, object.class)}` +
    optional(filter, 'upnp:channelName', recording.channelName) +
    optional(filter, 'dc:date', isoTime(recording.start)) +
    optional(filter, 'dc:description', recording.description) +
    (filter('res') ? res(`protocolInfo="${info}"${size}${length}`, origin + recordingPath(recording.id)) : '') +
    '</item>'
  )
}
