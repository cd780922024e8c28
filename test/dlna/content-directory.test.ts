import test from 'ava'
import { GENERIC, QUIRKS } from '../../relay/dlna/quirks.ts'
import { createContentDirectory } from '../../relay/dlna/content-directory.ts'
import { createContentTree } from '../../relay/dlna/content-tree.ts'
import type { DlnaChannel } from '../../relay/dlna/ports.ts'
import { isFault } from '../../relay/dlna/faults.ts'
import type { ActionResult } from '../../relay/dlna/service.ts'
import { fakeClock } from '../harness/clock.ts'
import { EIGHT_PM, filmTwo, newsOne, portsOver, yesterday, type Lists } from '../harness/dlna.ts'

const ORIGIN = 'http://10.1.0.1:8080'
const HEAD =
  '<DIDL-Lite xmlns="urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/" xmlns:dc="http://purl.org/dc/elements/1.1/"' +
  ' xmlns:upnp="urn:schemas-upnp-org:metadata-1-0/upnp/" xmlns:dlna="urn:schemas-dlna-org:metadata-1-0/">'
const LIVE = (ci: number): string => `DLNA.ORG_OP=00;DLNA.ORG_CI=${ci};DLNA.ORG_FLAGS=8D100000000000000000000000000000`

interface Answer {
  readonly result: string
  readonly returned: number
  readonly total: number
  readonly update: number
}

function directory(lists: Lists = { channels: [newsOne, filmTwo], recordings: [yesterday] }, quirk = GENERIC) {
  const clock = fakeClock()
  const tree = createContentTree({ ports: portsOver(lists), clock }, 'Tributary')
  const service = createContentDirectory(tree, ['h264'])
  const invoke = (action: string, args: Record<string, string>): ActionResult =>
    service.invoke(action, new Map(Object.entries(args)), { quirk, origin: ORIGIN })
  const page = { Filter: '*', StartingIndex: '0', RequestedCount: '0', SortCriteria: '' }
  const shown = (result: ActionResult): Answer | number => {
    if (isFault(result)) return result.fault
    const values = new Map(result)
    const number = (name: string): number => Number(values.get(name))
    return {
      result: values.get('Result') ?? '',
      returned: number('NumberReturned'),
      total: number('TotalMatches'),
      update: number('UpdateID'),
    }
  }
  const listed = (answer: Answer | number): Answer => {
    if (typeof answer === 'number') throw new Error(`fault ${answer}`)
    return answer
  }
  const browse = (id: string, more: Record<string, string> = {}): Answer | number =>
    shown(invoke('Browse', { ObjectID: id, BrowseFlag: 'BrowseDirectChildren', ...page, ...more }))
  const search = (criteria: string, container = '0'): Answer | number =>
    shown(invoke('Search', { ContainerID: container, SearchCriteria: criteria, ...page }))
  return { clock, tree, service, invoke, browse, search, listed }
}

const titles = ({ result }: Answer): string[] => [...result.matchAll(/<dc:title>(.*?)<\/dc:title>/g)].map(([, title = '']) => title)
const many = (count: number): DlnaChannel[] =>
  Array.from({ length: count }, (_, index) => ({
    ...newsOne,
    id: `id${index}`,
    slug: `s${index}`,
    number: index + 1,
    name: `Channel ${index + 1}`,
  }))

test('a live channel is a broadcast with its number, its programme and a resource per profile', (t) => {
  const { browse, listed } = directory()
  const answer = listed(browse('ch/aaaa', { BrowseFlag: 'BrowseMetadata' }))
  t.is(
    answer.result,
    `${HEAD}<item id="ch/aaaa" parentID="live" restricted="1"><dc:title>12 News One</dc:title>` +
      '<upnp:class>object.item.videoItem.videoBroadcast</upnp:class><upnp:channelName>News One</upnp:channelName><upnp:channelNr>12</upnp:channelNr>' +
      '<upnp:scheduledStartTime>2026-01-01T20:00:00Z</upnp:scheduledStartTime><upnp:scheduledEndTime>2026-01-01T20:30:00Z</upnp:scheduledEndTime>' +
      '<upnp:programTitle>The News &amp; Weather</upnp:programTitle><dc:date>2026-01-01</dc:date><upnp:genre>News</upnp:genre>' +
      '<dc:description>Now: The News &amp; Weather / Next, 20:30 UTC: Film</dc:description><upnp:longDescription>Of the day</upnp:longDescription>' +
      `<res protocolInfo="http-get:*:video/mpeg:${LIVE(0)}">${ORIGIN}/dlna/live/news-one.ts</res>` +
      `<res protocolInfo="http-get:*:video/mpeg:${LIVE(1)}">${ORIGIN}/dlna/live/news-one.h264.ts</res></item></DIDL-Lite>`,
  )
  t.is(answer.returned, 1)
  t.is(answer.total, 1)
})

test('a channel that is off air says so and offers nothing to play', (t) => {
  const { browse, listed } = directory()
  const { result } = listed(browse('ch/bbbb', { BrowseFlag: 'BrowseMetadata' }))
  t.true(result.includes('<dc:title>2 Film &lt;Two&gt; (off air)</dc:title>'))
  t.false(result.includes('<res'))
})

test('a recording has its size, its length and byte seek', (t) => {
  const { browse, listed } = directory()
  t.is(
    listed(browse('recordings')).result,
    `${HEAD}<item id="rec/rec-1" parentID="recordings" restricted="1"><dc:title>Вчера 🎬</dc:title><upnp:class>object.item.videoItem</upnp:class>` +
      '<upnp:channelName>News One</upnp:channelName><dc:date>2025-12-31T20:00:00Z</dc:date>' +
      '<res protocolInfo="http-get:*:video/mpeg:DLNA.ORG_OP=01;DLNA.ORG_CI=0;DLNA.ORG_FLAGS=01700000000000000000000000000000"' +
      ` size="1000000" duration="1:01:01.500">${ORIGIN}/dlna/recordings/rec-1.ts</res></item></DIDL-Lite>`,
  )
})

test('the root lists live television and recordings, and is its own metadata', (t) => {
  const { browse, listed } = directory()
  t.deepEqual(titles(listed(browse('0'))), ['Live TV', 'Recordings'])
  t.true(
    listed(browse('0', { BrowseFlag: 'BrowseMetadata' })).result.includes('<container id="0" parentID="-1" restricted="1" childCount="2"'),
  )
  t.true(listed(browse('0')).result.includes('<dlna:containerType>Tuner_1_0</dlna:containerType>'))
})

test('an empty folder has no childCount, since Kodi hides empty folders', (t) => {
  const { browse, listed } = directory({ channels: [], recordings: [] })
  t.false(listed(browse('0')).result.includes('childCount'))
})

test('pages joined are the whole list, whatever their size', (t) => {
  const { browse, listed } = directory({ channels: many(103), recordings: [] })
  for (const size of [1, 7, 50, 103, 4_294_967_295]) {
    const joined: string[] = []
    for (let from = 0; from < 103; from += size) {
      const page = listed(browse('live', { StartingIndex: String(from), RequestedCount: String(size) }))
      t.is(page.total, 103)
      t.is(page.returned, titles(page).length)
      joined.push(...titles(page))
    }
    t.deepEqual(joined, titles(listed(browse('live'))))
  }
})

test('RequestedCount 0 means all that remain, of ten thousand too', (t) => {
  const { browse, listed } = directory({ channels: many(10_000), recordings: [] })
  t.is(listed(browse('live')).returned, 10_000)
  t.is(listed(browse('live', { StartingIndex: '9990' })).returned, 10)
  const beyond = listed(browse('live', { StartingIndex: '20000' }))
  t.deepEqual([beyond.returned, beyond.total], [0, 10_000])
})

for (const [what, id, more, fault] of [
  ['an object that does not exist', 'ch/none', {}, 701],
  ['the children of an item', 'ch/aaaa', {}, 710],
  ['an unknown flag', '0', { BrowseFlag: 'BrowseAll' }, 402],
  ['a negative index', '0', { StartingIndex: '-1' }, 402],
  ['a count beyond ui4', '0', { RequestedCount: '4294967296' }, 402],
  ['a count that is no number', '0', { RequestedCount: 'ten' }, 402],
  ['an unsupported sort', '0', { SortCriteria: '+res@size' }, 709],
  ['a sort that is none', '0', { SortCriteria: "+dc:title';--" }, 709],
] as const) {
  test(`${what} is fault ${fault}`, (t) => {
    t.is(directory().browse(id, more), fault)
  })
}

test('channels come by number, and in any order that is asked for', (t) => {
  const { browse, listed } = directory({
    channels: [
      { ...newsOne, number: 10 },
      { ...newsOne, id: 'b', name: 'Art', number: 9 },
    ],
    recordings: [],
  })
  const order = (sort: string): string[] => titles(listed(browse('live', { SortCriteria: sort })))
  t.deepEqual(order(''), ['9 Art', '10 News One'])
  t.deepEqual(order('-upnp:channelNr'), ['10 News One', '9 Art'])
  t.deepEqual(order('+dc:title'), ['9 Art', '10 News One'])
  t.deepEqual(order('-upnp:class,-dc:title'), ['10 News One', '9 Art'])
})

test('a filter leaves out what was not asked for, and never what is required', (t) => {
  const { browse, listed } = directory()
  const bare = listed(browse('ch/aaaa', { BrowseFlag: 'BrowseMetadata', Filter: '' })).result
  t.is(
    bare,
    `${HEAD}<item id="ch/aaaa" parentID="live" restricted="1"><dc:title>12 News One</dc:title>` +
      '<upnp:class>object.item.videoItem.videoBroadcast</upnp:class></item></DIDL-Lite>',
  )
  const sized = listed(browse('recordings', { Filter: 'dc:title,res@size' })).result
  t.true(sized.includes(' size="1000000">'))
  t.false(sized.includes('duration='))
  t.false(sized.includes('dc:date'))
})

for (const [criteria, found] of [
  ['*', 5],
  ['upnp:class derivedfrom "object.item.videoItem"', 3],
  ['upnp:class = "object.item.videoItem.videoBroadcast"', 2],
  ['upnp:class derivedfrom "object.container"', 2],
  ['upnp:class derivedfrom "object.item.audioItem"', 0],
  ['dc:title contains "NEWS"', 1],
  ['dc:title doesNotContain "news" and upnp:class derivedfrom "object.item"', 2],
  ['(upnp:class derivedfrom "object.item.videoItem") and (@parentID = "live" and res exists true)', 1],
  ['upnp:channelNr >= "10" or dc:title contains "вчера"', 2],
  ['upnp:genre exists false and upnp:channelNr exists true', 1],
  ['dc:title = "2 Film <Two> (off air)"', 1],
] as const) {
  test(`search ${criteria} finds ${found}`, (t) => {
    const { search, listed } = directory()
    t.is(listed(search(criteria)).total, found)
  })
}

for (const criteria of [
  '',
  'dc:title',
  'dc:title contains',
  'dc:title contains news',
  'dc:title contains "news',
  'dc:title like "%"',
  'secret = "1"',
  '(dc:title exists true',
  'dc:title exists true)',
  'dc:title exists maybe',
  'dc:title exists true and',
  `${'('.repeat(5000)}dc:title exists true${')'.repeat(5000)}`,
  `${'('.repeat(100)}dc:title exists true${')'.repeat(100)}`,
  '" OR 1=1 --',
]) {
  test(`search ${criteria.slice(0, 40)} of ${criteria.length} characters is fault 708`, (t) => {
    t.is(directory().search(criteria), 708)
  })
}

test('a search in what is no container is fault 710', (t) => {
  t.is(directory().search('*', 'ch/aaaa'), 710)
  t.is(directory().search('*', 'nothing'), 710)
})

test('an update id moves when a list changes, and not when nothing does', (t) => {
  const lists: Lists = { channels: [newsOne], recordings: [] }
  const { tree } = directory(lists)
  const before = tree.systemUpdateId
  t.deepEqual(tree.refresh(), [])
  t.is(tree.systemUpdateId, before)
  lists.channels = [{ ...newsOne, air: 'off-air' }]
  t.deepEqual(tree.refresh(), ['live'])
  t.is(tree.systemUpdateId, before + 1)
  t.is(tree.updateId('live'), before + 1)
  t.is(tree.updateId('recordings'), before)
})

test('a growing recording shows its bytes without being news', (t) => {
  const lists: Lists = { channels: [], recordings: [{ ...yesterday, running: true, bytes: 100 }] }
  const { tree, browse, listed } = directory(lists)
  lists.recordings = [{ ...yesterday, running: true, bytes: 200 }]
  t.deepEqual(tree.refresh(), [])
  t.true(listed(browse('recordings')).result.includes('size="200"'))
  lists.recordings = [{ ...yesterday, bytes: 300 }]
  t.deepEqual(tree.refresh(), ['recordings'])
})

test('the tree knows when the next programme begins', (t) => {
  const { tree, clock } = directory()
  t.is(tree.nextChange(), EIGHT_PM + 1_800_000)
  return clock.advance(1_800_000).then(() => t.is(tree.nextChange(), undefined))
})

test('a set that hides unknown classes gets plain video items, and each family its own type', (t) => {
  const quirk = (id: string) => QUIRKS.find((row) => row.id === id) ?? GENERIC
  const didlFor = (id: string): string => {
    const { browse, listed } = directory(undefined, quirk(id))
    return listed(browse('ch/aaaa', { BrowseFlag: 'BrowseMetadata' })).result
  }
  t.true(didlFor('xbox').includes('<upnp:class>object.item.videoItem</upnp:class>'))
  t.true(didlFor('samsung').includes('http-get:*:video/vnd.dlna.mpeg-tts:DLNA.ORG_OP=00;DLNA.ORG_CI=0;DLNA.ORG_FLAGS=01700000'))
  t.true(didlFor('kodi').includes('http-get:*:video/mpeg:'))
})

test('Samsung finds its three views, and each of them exists', (t) => {
  const { invoke, tree } = directory()
  const result = invoke('X_GetFeatureList', {})
  if (isFault(result)) return t.fail()
  const ids = [...(result[0]?.[1] ?? '').matchAll(/<container id="([^"]+)"/g)].map(([, id = '']) => id)
  t.is(ids.length, 3)
  for (const id of ids) t.is(tree.object(id)?.kind, 'container')
})

test('what can be searched and sorted is said as it is', (t) => {
  const { invoke } = directory()
  t.deepEqual(invoke('GetSortCapabilities', {}), [['SortCaps', 'dc:title,upnp:channelNr,dc:date,upnp:class']])
  t.deepEqual(invoke('GetSearchCapabilities', {}), [
    ['SearchCaps', 'dc:title,upnp:class,upnp:channelName,upnp:channelNr,dc:date,upnp:genre,@id,@parentID,res'],
  ])
  t.deepEqual(invoke('Format', {}), { fault: 401 })
})
