/**
 * What differs from TV to TV, as rows: first match wins. Sources: the configurations of UMS, Gerbera, Rygel and xupnpd, and what we
 * measured on gmediarender, rygel, Kodi and VLC. No handler asks for a brand.
 */
import type { IncomingHttpHeaders } from 'node:http'

export const TS_MIMES = ['video/mpeg', 'video/mp2t', 'video/vnd.dlna.mpeg-tts'] as const
export type TsMime = (typeof TS_MIMES)[number]

export interface Quirk {
  readonly id: string
  readonly name: string
  /** One request header that gives the family away. */
  readonly match: readonly { readonly header: 'user-agent' | 'x-av-client-info'; readonly is: RegExp }[]
  /** Manufacturer, model and name of a renderer's description, in one line. */
  readonly device?: RegExp
  /** The type under which it takes MPEG-TS; DIDL, cast metadata and HTTP header all say the same. */
  readonly tsMime: TsMime
  /** Of a live resource. 8D100000: sender-paced, s0 and sN move, streaming, DLNA 1.5. 01700000: what older sets want. */
  readonly liveFlags: '8D100000' | '01700000'
  /** How a live answer ends on HTTP/1.1: by chunks, or by closing the connection. */
  readonly liveEnd: 'chunked' | 'close'
  /** Asks `bytes=N-` of a live URL and wants 200 from the live edge instead of 416. */
  readonly ignoreRange: boolean
  /** `object.item.videoItem.videoBroadcast`, or plain `videoItem` for sets that hide classes they do not know. */
  readonly broadcastClass: boolean
}

export const GENERIC: Quirk = {
  id: 'generic',
  name: 'Any other',
  match: [],
  // rygel refuses video/mp2t, everything we tried takes video/mpeg
  tsMime: 'video/mpeg',
  liveFlags: '8D100000',
  liveEnd: 'chunked',
  ignoreRange: false,
  broadcastClass: true,
}

export const QUIRKS: readonly Quirk[] = [
  {
    ...GENERIC,
    id: 'samsung',
    name: 'Samsung',
    match: [{ header: 'user-agent', is: /SEC_HHP_(?!\[PC\])|Samsung/i }],
    device: /samsung/i,
    tsMime: 'video/vnd.dlna.mpeg-tts',
    liveFlags: '01700000',
    liveEnd: 'close',
    ignoreRange: true,
  },
  {
    ...GENERIC,
    id: 'lg',
    name: 'LG',
    match: [{ header: 'user-agent', is: /LGE_DLNA_SDK|webOS|LG TV/i }],
    device: /\bLG\b|LG Electronics|webOS/i,
  },
  {
    ...GENERIC,
    id: 'playstation',
    name: 'PlayStation',
    match: [
      { header: 'x-av-client-info', is: /PLAYSTATION/i },
      { header: 'user-agent', is: /PLAYSTATION/i },
    ],
    ignoreRange: true,
  },
  {
    ...GENERIC,
    id: 'sony',
    name: 'Sony',
    match: [
      { header: 'x-av-client-info', is: /BRAVIA|Sony/i },
      { header: 'user-agent', is: /BRAVIA/i },
    ],
    device: /sony|bravia/i,
    tsMime: 'video/vnd.dlna.mpeg-tts',
  },
  { ...GENERIC, id: 'panasonic', name: 'Panasonic', match: [{ header: 'user-agent', is: /Panasonic MIL DLNA CP/i }], device: /panasonic/i },
  {
    ...GENERIC,
    id: 'philips',
    name: 'Philips',
    match: [{ header: 'user-agent', is: /Philips|Allegro-Software|\bIPI\//i }],
    device: /philips/i,
    tsMime: 'video/vnd.dlna.mpeg-tts',
  },
  {
    ...GENERIC,
    id: 'xbox',
    name: 'Xbox',
    match: [{ header: 'user-agent', is: /^Xbox|Xbox\//i }],
    device: /xbox/i,
    liveFlags: '01700000',
    broadcastClass: false,
  },
  { ...GENERIC, id: 'kodi', name: 'Kodi', match: [{ header: 'user-agent', is: /Kodi|XBMC|Platinum/i }], device: /kodi|xbmc/i },
  { ...GENERIC, id: 'vlc', name: 'VLC', match: [{ header: 'user-agent', is: /VLC|LibVLC/i }] },
  {
    ...GENERIC,
    id: 'picky-ranges',
    name: 'KnOS, Reciva and other players that always ask for a range',
    match: [{ header: 'user-agent', is: /KnOS\/3|Reciva|Mediabolic|SHARP-AQUOS-DMP/i }],
    ignoreRange: true,
  },
]

/** The row whose header matches; undefined when the request does not tell. */
export const quirkOfHeaders = (headers: IncomingHttpHeaders): Quirk | undefined =>
  QUIRKS.find((quirk) =>
    quirk.match.some(({ header, is }) => {
      const value = headers[header]
      return typeof value === 'string' && is.test(value)
    }),
  )

/** The row for a renderer's own description. */
export const quirkOfDevice = (description: string): Quirk | undefined => QUIRKS.find((quirk) => quirk.device?.test(description) === true)
