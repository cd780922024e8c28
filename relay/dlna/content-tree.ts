/**
 * The objects that control points browse: a root, the live channels, the recordings. The tree owns a snapshot of what the ports said
 * last, its lists in every order somebody asked for, and the update ids. A page costs the same wherever it begins.
 */
import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { ChannelObject, ContainerObject, ContentObject, RecordingObject } from './content-object.ts'
import type { DlnaChannel, DlnaPorts, DlnaRecording } from './ports.ts'
import { sortObjects, type SortKey } from './sort.ts'

export const ROOT_ID = '0'
export const LIVE_ID = 'live'
export const RECORDINGS_ID = 'recordings'
/** CDS §2.7.4.2: the parent of the root. */
export const NO_PARENT = '-1'

export interface ContentTree {
  object(id: string): ContentObject | undefined
  /** Sorted by `keys`; without any, channels by number and recordings newest first. */
  children(container: string, keys: readonly SortKey[]): readonly ContentObject[]
  /** All that is below a container, in the same order. */
  descendants(container: string, keys: readonly SortKey[]): readonly ContentObject[]
  readonly systemUpdateId: number
  updateId(container: string): number
  /** Asks the ports again; the ids of the containers whose content is not what it was. */
  refresh(): readonly string[]
  /** When a programme begins or ends next, ms since the Unix epoch. */
  nextChange(): number | undefined
}

/** Sorted lists kept per snapshot; control points use one or two orders. */
const MAX_SORTED_LISTS = 16

const UI4 = 2 ** 32

interface Snapshot {
  readonly objects: ReadonlyMap<string, ContentObject>
  readonly children: ReadonlyMap<string, readonly ContentObject[]>
  readonly prints: ReadonlyMap<string, string>
  readonly sorted: Map<string, readonly ContentObject[]>
  readonly changes: readonly number[]
}

const channelObject = (channel: DlnaChannel): ChannelObject => ({
  kind: 'channel',
  id: `ch/${channel.id}`,
  parent: LIVE_ID,
  title: `${channel.number} ${channel.name}${channel.air === 'off-air' ? ' (off air)' : ''}`,
  class: 'object.item.videoItem.videoBroadcast',
  channel,
})

const recordingObject = (recording: DlnaRecording): RecordingObject => ({
  kind: 'recording',
  id: `rec/${recording.id}`,
  parent: RECORDINGS_ID,
  title: recording.title,
  class: 'object.item.videoItem',
  recording,
})

const container = (id: string, parent: string, title: string, childCount: number): ContainerObject => ({
  kind: 'container',
  id,
  parent,
  title,
  // sets that hide classes they do not know show both of these
  class: id === LIVE_ID ? 'object.container' : 'object.container.storageFolder',
  tuner: id === LIVE_ID,
  childCount,
})

const printOf = (facts: unknown): string => createHash('sha1').update(JSON.stringify(facts)).digest('base64')

/** A growing recording is the same entry with more bytes: no control point has to ask again for that. */
const lasting = ({ bytes, duration, ...facts }: DlnaRecording): unknown => (facts.running ? facts : { ...facts, bytes, duration })

function takeSnapshot(ports: DlnaPorts, title: string): Snapshot {
  const channels = ports.channels().toSorted((one, other) => one.number - other.number)
  const recordings = ports.recordings().toSorted((one, other) => other.start - one.start)
  const live = channels.map(channelObject)
  const recorded = recordings.map(recordingObject)
  const folders = [container(LIVE_ID, ROOT_ID, 'Live TV', live.length), container(RECORDINGS_ID, ROOT_ID, 'Recordings', recorded.length)]
  const root = container(ROOT_ID, NO_PARENT, title, folders.length)
  return {
    objects: new Map<string, ContentObject>([root, ...folders, ...live, ...recorded].map((object) => [object.id, object])),
    children: new Map<string, readonly ContentObject[]>([
      [ROOT_ID, folders],
      [LIVE_ID, live],
      [RECORDINGS_ID, recorded],
    ]),
    prints: new Map([
      [LIVE_ID, printOf(channels)],
      [RECORDINGS_ID, printOf(recordings.map(lasting))],
    ]),
    sorted: new Map(),
    changes: channels.flatMap(({ now, next }) => [now?.end, next?.start]).filter((time) => time !== undefined),
  }
}

export function createContentTree(deps: { readonly ports: DlnaPorts; readonly clock: Clock }, title: string): ContentTree {
  let snapshot = takeSnapshot(deps.ports, title)
  // seconds since the epoch: a restart never falls back to an id that a TV has cached
  let systemUpdateId = Math.floor(deps.clock.now() / 1000) % UI4
  const updateIds = new Map([ROOT_ID, LIVE_ID, RECORDINGS_ID].map((id) => [id, systemUpdateId]))

  const listed = (name: string, objects: readonly ContentObject[], keys: readonly SortKey[]): readonly ContentObject[] => {
    if (keys.length === 0) return objects
    const order = `${name}|${keys.map(({ property, descending }) => (descending ? '-' : '+') + property).join()}`
    const known = snapshot.sorted.get(order)
    if (known !== undefined) return known
    const sorted = sortObjects(objects, keys)
    if (snapshot.sorted.size >= MAX_SORTED_LISTS) snapshot.sorted.clear()
    snapshot.sorted.set(order, sorted)
    return sorted
  }
  const below = (id: string): readonly ContentObject[] =>
    (snapshot.children.get(id) ?? []).flatMap((child) => (child.kind === 'container' ? [child, ...below(child.id)] : [child]))

  return {
    object: (id) => snapshot.objects.get(id),
    children: (id, keys) => listed(`children of ${id}`, snapshot.children.get(id) ?? [], keys),
    descendants(id, keys) {
      const name = `below ${id}`
      const all = snapshot.sorted.get(name) ?? below(id)
      snapshot.sorted.set(name, all)
      return listed(name, all, keys)
    },
    get systemUpdateId() {
      return systemUpdateId
    },
    updateId: (id) => updateIds.get(id) ?? systemUpdateId,
    refresh() {
      const before = snapshot
      snapshot = takeSnapshot(deps.ports, title)
      const changed = [LIVE_ID, RECORDINGS_ID].filter((id) => before.prints.get(id) !== snapshot.prints.get(id))
      if (changed.length === 0) return changed
      systemUpdateId = (systemUpdateId + 1) % UI4
      for (const id of changed) updateIds.set(id, systemUpdateId)
      return changed
    },
    nextChange() {
      const now = deps.clock.now()
      let next: number | undefined
      for (const time of snapshot.changes) if (time > now && (next === undefined || time < next)) next = time
      return next
    },
  }
}
