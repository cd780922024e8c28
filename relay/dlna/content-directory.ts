/** ContentDirectory:1, and the one Samsung action without which its sets show nothing. */
import type { ContentObject } from './content-object.ts'
import { LIVE_ID, RECORDINGS_ID, ROOT_ID, type ContentTree } from './content-tree.ts'
import { didl, parseFilter } from './didl.ts'
import type { Fault } from './faults.ts'
import { SEARCHABLE } from './properties.ts'
import { matches, parseSearch } from './search.ts'
import { parseUi4, type Action, type ActionResult, type Argument, type Caller, type Service, type Variable } from './service.ts'
import { parseSort, SORTABLE, type SortKey } from './sort.ts'
import { escapeXml } from './xml.ts'

const argument = (name: string, variable: string): Argument => ({ name, variable })
const page = [
  argument('Filter', 'A_ARG_TYPE_Filter'),
  argument('StartingIndex', 'A_ARG_TYPE_Index'),
  argument('RequestedCount', 'A_ARG_TYPE_Count'),
  argument('SortCriteria', 'A_ARG_TYPE_SortCriteria'),
]
const result = [
  argument('Result', 'A_ARG_TYPE_Result'),
  argument('NumberReturned', 'A_ARG_TYPE_Count'),
  argument('TotalMatches', 'A_ARG_TYPE_Count'),
  argument('UpdateID', 'A_ARG_TYPE_UpdateID'),
]

const ACTIONS: readonly Action[] = [
  { name: 'GetSearchCapabilities', in: [], out: [argument('SearchCaps', 'SearchCapabilities')] },
  { name: 'GetSortCapabilities', in: [], out: [argument('SortCaps', 'SortCapabilities')] },
  { name: 'GetSystemUpdateID', in: [], out: [argument('Id', 'SystemUpdateID')] },
  {
    name: 'Browse',
    in: [argument('ObjectID', 'A_ARG_TYPE_ObjectID'), argument('BrowseFlag', 'A_ARG_TYPE_BrowseFlag'), ...page],
    out: result,
  },
  {
    name: 'Search',
    in: [argument('ContainerID', 'A_ARG_TYPE_ObjectID'), argument('SearchCriteria', 'A_ARG_TYPE_SearchCriteria'), ...page],
    out: result,
  },
  { name: 'X_GetFeatureList', in: [], out: [argument('FeatureList', 'A_ARG_TYPE_Featurelist')] },
]

const text = (name: string, evented = false): Variable => ({ name, type: 'string', evented })
const number = (name: string, evented = false): Variable => ({ name, type: 'ui4', evented })
const VARIABLES: readonly Variable[] = [
  text('A_ARG_TYPE_ObjectID'),
  text('A_ARG_TYPE_Result'),
  text('A_ARG_TYPE_SearchCriteria'),
  { ...text('A_ARG_TYPE_BrowseFlag'), allowed: ['BrowseMetadata', 'BrowseDirectChildren'] },
  text('A_ARG_TYPE_Filter'),
  text('A_ARG_TYPE_SortCriteria'),
  number('A_ARG_TYPE_Index'),
  number('A_ARG_TYPE_Count'),
  number('A_ARG_TYPE_UpdateID'),
  text('A_ARG_TYPE_Featurelist'),
  text('SearchCapabilities'),
  text('SortCapabilities'),
  number('SystemUpdateID', true),
  text('ContainerUpdateIDs', true),
]

/** Every container that a Samsung is sent to must exist; the root always does. */
const FEATURES =
  '<Features xmlns="urn:schemas-upnp-org:av:avs" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' +
  ' xsi:schemaLocation="urn:schemas-upnp-org:av:avs http://www.upnp.org/schemas/av/avs.xsd">' +
  '<Feature name="samsung.com_BASICVIEW" version="1">' +
  ['audioItem', 'videoItem', 'imageItem'].map((kind) => `<container id="${escapeXml(ROOT_ID)}" type="object.item.${kind}"/>`).join('') +
  '</Feature></Features>'

interface Page {
  readonly from: number
  /** Infinity: all that remain. */
  readonly count: number
  readonly keys: readonly SortKey[]
  readonly filter: string
}

function parsePage(args: ReadonlyMap<string, string>): Page | Fault {
  const from = parseUi4(args.get('StartingIndex') ?? '')
  const count = parseUi4(args.get('RequestedCount') ?? '')
  if (from === undefined || count === undefined) return { fault: 402 }
  const keys = parseSort(args.get('SortCriteria') ?? '')
  if (keys === undefined) return { fault: 709 }
  return { from, count: count === 0 ? Infinity : count, keys, filter: args.get('Filter') ?? '*' }
}

export function createContentDirectory(tree: ContentTree, profiles: readonly string[]): Service {
  const answer = (shown: readonly ContentObject[], total: number, updateId: number, filter: string, caller: Caller): ActionResult => [
    ['Result', didl(shown, { ...caller, profiles, filter: parseFilter(filter) })],
    ['NumberReturned', String(shown.length)],
    ['TotalMatches', String(total)],
    ['UpdateID', String(updateId)],
  ]

  const browse = (args: ReadonlyMap<string, string>, caller: Caller): ActionResult => {
    const object = tree.object(args.get('ObjectID') ?? '')
    const asked = parsePage(args)
    if ('fault' in asked) return asked
    if (object === undefined) return { fault: 701 }
    switch (args.get('BrowseFlag')) {
      case 'BrowseMetadata':
        return answer([object], 1, tree.updateId(object.kind === 'container' ? object.id : object.parent), asked.filter, caller)
      case 'BrowseDirectChildren': {
        if (object.kind !== 'container') return { fault: 710 }
        const all = tree.children(object.id, asked.keys)
        return answer(all.slice(asked.from, asked.from + asked.count), all.length, tree.updateId(object.id), asked.filter, caller)
      }
      case undefined:
      default:
        return { fault: 402 }
    }
  }

  const search = (args: ReadonlyMap<string, string>, caller: Caller): ActionResult => {
    const container = tree.object(args.get('ContainerID') ?? '')
    const asked = parsePage(args)
    if ('fault' in asked) return asked
    if (container?.kind !== 'container') return { fault: 710 }
    const criteria = parseSearch(args.get('SearchCriteria') ?? '')
    if (criteria === undefined) return { fault: 708 }
    const found = tree.descendants(container.id, asked.keys).filter((object) => matches(object, criteria))
    return answer(found.slice(asked.from, asked.from + asked.count), found.length, tree.systemUpdateId, asked.filter, caller)
  }

  return {
    name: 'content-directory',
    type: 'urn:schemas-upnp-org:service:ContentDirectory:1',
    id: 'urn:upnp-org:serviceId:ContentDirectory',
    actions: ACTIONS,
    variables: VARIABLES,
    invoke(action, args, caller) {
      switch (action) {
        case 'Browse':
          return browse(args, caller)
        case 'Search':
          return search(args, caller)
        case 'GetSearchCapabilities':
          return [['SearchCaps', SEARCHABLE.join()]]
        case 'GetSortCapabilities':
          return [['SortCaps', SORTABLE.join()]]
        case 'GetSystemUpdateID':
          return [['Id', String(tree.systemUpdateId)]]
        case 'X_GetFeatureList':
          return [['FeatureList', FEATURES]]
        default:
          return { fault: 401 }
      }
    },
    state: (parts) => [
      ['SystemUpdateID', String(tree.systemUpdateId)],
      [
        'ContainerUpdateIDs',
        [LIVE_ID, RECORDINGS_ID]
          .filter((id) => parts?.has(id) ?? true)
          .map((id) => `${id},${tree.updateId(id)}`)
          .join(),
      ],
    ],
  }
}
