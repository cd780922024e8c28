import type { ShownChannel, ShownProgramme, SurfaceHost } from '../../plugin/contract.ts'
import { baseUrlOf } from '../../relay/http/base-url.ts'
import { silentLog } from '../../relay/log.ts'

export const NOW = Date.UTC(2026, 0, 1, 20, 10)
export const ONE = 'a'.repeat(52)
export const TWO = 'b'.repeat(52)

export const channel = (id: string, number: number, name: string): ShownChannel => ({
  id,
  number,
  name,
  network: 'Home; "TV"',
  onAir: true,
  livePath: `/live/${id}.ts`,
})

/** Two channels with names and programmes that try every escape there is. */
export function fakeHost(): SurfaceHost & {
  channelList: ShownChannel[]
  programmeList: Map<string, ShownProgramme[]>
  revisionText: string
} {
  const programmes = new Map<string, ShownProgramme[]>([
    [
      ONE,
      [
        { id: 'p2', title: 'Later', start: Date.UTC(2026, 0, 1, 21), end: Date.UTC(2026, 0, 1, 22) },
        {
          id: 'p1',
          title: 'Rock & Roll <live> "2026"',
          subtitle: 'Part\u0000 one\u000b',
          description: 'Ünïcode 📺 \uD800!\nA second line',
          category: 'Music',
          start: Date.UTC(2026, 0, 1, 20),
          end: Date.UTC(2026, 0, 1, 21),
        },
        { id: 'p3', title: 'Broken', start: Date.UTC(2026, 0, 1, 23), end: Date.UTC(2026, 0, 1, 23) },
      ],
    ],
  ])
  return {
    channelList: [channel(TWO, 2, 'News, "Sport"\r\n#EXTINF:-1,Fake\nhttp://evil/; more'), channel(ONE, 1, 'One')],
    programmeList: programmes,
    revisionText: 'r1',
    channels() {
      return this.channelList
    },
    programmes({ channel: id, from, to }) {
      return (this.programmeList.get(id) ?? []).filter((each) => each.end >= from && each.start < to)
    },
    recordings: () => [],
    revision() {
      return this.revisionText
    },
    baseUrl: baseUrlOf,
    now: () => NOW,
    log: silentLog,
  }
}
