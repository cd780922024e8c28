/** PURE. The guide as XMLTV, in pieces, so that a fortnight of many channels is never in memory as one text. */
import type { ShownChannel, ShownProgramme } from '../contract.ts'

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
/** What XML 1.0 §2.2 does not allow, even escaped. */
const NOT_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

export const xmlText = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(NOT_XML, '')
    .replaceAll(/[&<>"]/g, (char) => ENTITIES[char] ?? char)

/** `YYYYMMDDhhmmss +0000`: readers disagree on what no offset means, so there always is one. */
export const xmltvTime = (ms: number): string => `${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)} +0000`

const element = (name: string, text: string | undefined): string =>
  text === undefined || text === '' ? '' : `    <${name}>${xmlText(text)}</${name}>\n`

const channelElement = (channel: ShownChannel): string =>
  `  <channel id="${xmlText(channel.id)}">\n${element('display-name', channel.name)}${element('display-name', String(channel.number))}  </channel>\n`

/** Elements in the order of the DTD. */
const programmeElement = (channel: string, programme: ShownProgramme): string =>
  `  <programme start="${xmltvTime(programme.start)}" stop="${xmltvTime(programme.end)}" channel="${xmlText(channel)}">\n` +
  element('title', programme.title) +
  element('sub-title', programme.subtitle) +
  element('desc', programme.description) +
  element('category', programme.category) +
  '  </programme>\n'

/** All channels first, then each one's programmes in the order of time; one piece a channel. */
export function* xmltv(channels: readonly ShownChannel[], programmesOf: (channel: string) => readonly ShownProgramme[]): Generator<string> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<tv generator-info-name="Tributary">\n'
  for (const channel of channels) yield channelElement(channel)
  for (const { id } of channels) {
    const sorted = programmesOf(id)
      .filter(({ start, end }) => end > start)
      .toSorted((a, b) => a.start - b.start)
    yield sorted.map((programme) => programmeElement(id, programme)).join('')
  }
  yield '</tv>\n'
}
