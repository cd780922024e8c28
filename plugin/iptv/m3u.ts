import type { ShownChannel } from '../contract.ts'

export interface PlaylistOptions {
  /** `http://host:port`. */
  readonly base: string
  readonly guidePath: string
  readonly group: 'network' | 'none'
}

/**
 * PURE. Text that every reader takes for one field: readers split lines at commas (Kodi at the last, VLC at the first), attributes at
 * quotes, and groups at semicolons, and none knows an escape.
 */
export const plainField = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replaceAll('"', "'")
    .replaceAll(/[,;]/g, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim()

/** The guide is found by `tvg-id`, which never changes. `mimetype` spares Kodi two HEAD and two GET for each channel start. */
function entry(channel: ShownChannel, { base, group }: PlaylistOptions): string {
  const name = plainField(channel.name)
  const groupTitle = group === 'none' ? '' : ` group-title="${plainField(channel.network)}"`
  return [
    `#EXTINF:-1 tvg-id="${channel.id}" tvg-chno="${channel.number}" tvg-name="${name}"${groupTitle},${name}`,
    '#KODIPROP:mimetype=video/mp2t',
    `${base}${channel.livePath}`,
    '',
  ].join('\n')
}

/** PURE. The channels as an extended M3U, by number, for Kodi's IPTV Simple, VLC, mpv and Jellyfin. */
export function playlist(channels: readonly ShownChannel[], options: PlaylistOptions): string {
  const guide = `${options.base}${options.guidePath}`
  const sorted = channels.toSorted((a, b) => a.number - b.number)
  return `#EXTM3U url-tvg="${guide}" x-tvg-url="${guide}"\n${sorted.map((channel) => entry(channel, options)).join('')}`
}
