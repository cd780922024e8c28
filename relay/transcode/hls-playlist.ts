/** A segment as a playlist shows it. */
export interface SegmentInfo {
  /** Its number, one more than the segment before. */
  readonly sequence: number
  readonly seconds: number
  /** When its first chunk was cut, ms since the Unix epoch. */
  readonly time: number
  /** Its time stamps do not go on from the segment before, or something is missing between the two. */
  readonly discontinuity: boolean
}

export interface PlaylistView {
  /** In order, without holes. */
  readonly segments: readonly SegmentInfo[]
  /** Whole seconds; no segment is longer, rounded. */
  readonly targetSeconds: number
  /** Discontinuities that are no longer in the list. */
  readonly discontinuitySequence: number
  readonly ended: boolean
  /** Goes behind each segment's name, as `?profile=h264`. */
  readonly query: string
}

/** What EXT-X-INDEPENDENT-SEGMENTS and decimal durations together ask of a player. */
const PROTOCOL_VERSION = 6
const EXTENSION = '.ts'

/** The segment's address, relative to the playlist's. */
export const segmentName = (sequence: number): string => `${sequence}${EXTENSION}`

/** The number in a segment's address; undefined for anything else. */
export function parseSegmentName(name: string): number | undefined {
  const digits = /^(\d{1,15})\.ts$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** PURE. A live media playlist (RFC 8216). */
export function hlsPlaylist(view: PlaylistView): string {
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${PROTOCOL_VERSION}`,
    `#EXT-X-TARGETDURATION:${view.targetSeconds}`,
    `#EXT-X-MEDIA-SEQUENCE:${view.segments[0]?.sequence ?? 0}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${view.discontinuitySequence}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
  ]
  for (const segment of view.segments) {
    if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY')
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.time).toISOString()}`)
    lines.push(`#EXTINF:${segment.seconds.toFixed(3)},`, `${segmentName(segment.sequence)}${view.query}`)
  }
  if (view.ended) lines.push('#EXT-X-ENDLIST')
  return lines.join('\n') + '\n'
}
