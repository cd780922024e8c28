/** What DLNA asks of a GET or HEAD for media (DLNA 7.5.4.3): a pure decision before anything is tuned or opened. */
import type { IncomingHttpHeaders } from 'node:http'
import type { MediaHeaders } from './ports.ts'
import { contentFeatures, type MediaKind } from './protocol-info.ts'
import type { Quirk, TsMime } from './quirks.ts'

export interface MediaRequest {
  readonly headers: IncomingHttpHeaders
  readonly http10: boolean
}

export type MediaPlan =
  | { readonly kind: 'refuse'; readonly status: 400 | 406 | 416; readonly headers: MediaHeaders }
  /** `close`: no chunks, no length, the end of the connection is the end of the programme. */
  | { readonly kind: 'serve'; readonly headers: MediaHeaders; readonly close: boolean }

export interface MediaFacts extends MediaKind {
  /** The type that DIDL, or the cast, has promised. */
  readonly mime: TsMime
  readonly server: string
}

const refuse = (status: 400 | 406 | 416, headers: MediaHeaders = {}): MediaPlan => ({ kind: 'refuse', status, headers })

const header = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name]
  return Array.isArray(value) ? value.join() : value
}

const RANGE = /^bytes=(?:(\d{1,16})-(\d{0,16})|-(\d{1,16}))$/

/** Live has no bytes to go back to: `bytes=0-` means now, anything later cannot be given. */
function refusedRange(range: string | undefined, live: boolean, quirk: Quirk): MediaPlan | undefined {
  if (range === undefined || (live && quirk.ignoreRange)) return undefined
  const match = RANGE.exec(range.trim())
  if (match === null) return /^bytes=[\d\s,-]+$/.test(range.trim()) && range.includes(',') && !live ? undefined : refuse(400)
  // files have their exact 206 and 416 from whoever sends them
  if (!live || Number(match[1]) === 0) return undefined
  return refuse(416, { 'Content-Range': 'bytes */*' })
}

/** PURE. */
export function planMedia({ headers, http10 }: MediaRequest, facts: MediaFacts, quirk: Quirk): MediaPlan {
  const features = header(headers, 'getcontentfeatures.dlna.org')
  if (features !== undefined && features.trim() !== '1') return refuse(400)

  const mode = header(headers, 'transfermode.dlna.org')?.trim().toLowerCase() ?? 'streaming'
  // Interactive is for pictures; a live channel cannot be fetched in the background (7.5.4.3.2.33)
  if (mode !== 'streaming' && (mode !== 'background' || facts.live)) return refuse(406)

  if (header(headers, 'timeseekrange.dlna.org') !== undefined) return refuse(406)
  const speed = header(headers, 'playspeed.dlna.org')
  if (speed !== undefined) {
    const wanted = /^\s*speed\s*=\s*(-?\d+(?:\/\d+)?)\s*$/i.exec(speed)
    if (wanted === null) return refuse(400)
    if (wanted[1] !== '1') return refuse(406)
  }
  const range = refusedRange(header(headers, 'range'), facts.live, quirk)
  if (range !== undefined) return range

  const close = facts.live && (http10 || quirk.liveEnd === 'close')
  return {
    kind: 'serve',
    close,
    headers: {
      'Content-Type': facts.mime,
      'contentFeatures.dlna.org': contentFeatures(facts, quirk),
      'transferMode.dlna.org': mode === 'background' ? 'Background' : 'Streaming',
      EXT: '',
      Server: facts.server,
      ...(facts.live
        ? {
            'realTimeInfo.dlna.org': 'DLNA.ORG_TLAG=*',
            'Accept-Ranges': 'none',
            'Cache-Control': 'no-cache',
            ...(close ? { Connection: 'close' } : {}),
          }
        : {}),
    },
  }
}
