/**
 * Plays a URL on a renderer and follows it (AVTransport:1): metadata of our own, the type it takes, wait for PLAYING, then its
 * position once a second, until it stops.
 */
import type { Clock } from '../clock.ts'
import { RelayError } from '../errors.ts'
import type { CastAnswer } from './cast-messages.ts'
import type { CastProcess } from './cast-process.ts'
import { protocolInfo, type MediaKind } from './protocol-info.ts'
import { TS_MIMES, type Quirk, type TsMime } from './quirks.ts'
import type { RendererDescription } from './renderer-description.ts'
import { escapeXmlAscii } from './xml.ts'

export interface Media extends MediaKind {
  /** ASCII, path only behind host and port. */
  readonly url: string
  readonly title: string
  readonly class: string
}

export interface CastDeps {
  readonly process: CastProcess
  readonly clock: Clock
}

export interface CastTo {
  readonly description: RendererDescription
  readonly address: string
  readonly quirk: Quirk
}

/** A TV opens the URL, probes it and fills its buffer: 1 to 4 s; a sleeping one takes longer. */
const PLAYING_DEADLINE_MS = 20_000
const START_POLL_MS = 250
const FOLLOW_POLL_MS = 1000
/** Polls in a row that a TV may leave without an answer: Wi-Fi. */
const MAX_SILENT_POLLS = 5
/** AVTransport:1 §2.4.1.4: Illegal MIME-type; 704 and 501 are what sets without it answer. */
const TYPE_REFUSALS: readonly (number | undefined)[] = [714, 704, 501]

/** PURE. DIDL of one item, ASCII. */
export function castMetadata(media: Media, mime: TsMime, quirk: Quirk): string {
  const info = protocolInfo(mime, media, quirk)
  return (
    '<DIDL-Lite xmlns="urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/" xmlns:dc="http://purl.org/dc/elements/1.1/"' +
    ' xmlns:upnp="urn:schemas-upnp-org:metadata-1-0/upnp/" xmlns:dlna="urn:schemas-dlna-org:metadata-1-0/">' +
    `<item id="cast" parentID="0" restricted="1"><dc:title>${escapeXmlAscii(media.title)}</dc:title>` +
    `<upnp:class>${media.class}</upnp:class><res protocolInfo="${info}">${escapeXmlAscii(media.url)}</res></item></DIDL-Lite>`
  )
}

/** PURE. The types to try: what its Sink names first, in the order of its family. */
export function planMimes(quirk: Quirk, sink: string): readonly TsMime[] {
  const order = [quirk.tsMime, ...TS_MIMES.filter((mime) => mime !== quirk.tsMime)]
  const named = order.filter((mime) => sink.toLowerCase().includes(`:${mime}:`))
  return [...named, ...order.filter((mime) => !named.includes(mime))]
}

/** `H:MM:SS`, with or without a fraction, in seconds; 0 for NOT_IMPLEMENTED. */
export function parseTime(text: string | undefined): number {
  const [, hours, minutes, seconds] = /^\s*(\d{1,5}):([0-5]?\d):([0-5]?\d(?:\.\d{1,9})?)/.exec(text ?? '') ?? []
  return seconds === undefined ? 0 : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}

type Refused = Extract<CastAnswer, { ok: false }>
const refusal = (to: CastTo, answer: Refused): RelayError =>
  new RelayError('renderer-refused', `${to.description.name} refused to play: ${answer.message}`)

const call = (
  { process }: CastDeps,
  { description, address }: CastTo,
  action: string,
  args: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<CastAnswer> => {
  const { location, transport, connections } = description
  const service = action === 'GetProtocolInfo' ? 'ConnectionManager' : 'AVTransport'
  return process.call({ renderer: { location, address, transport, connections }, service, action, args }, signal)
}

/** Ends what a renderer plays. A renderer that does not answer has nothing to stop. */
export const stopCast = async (deps: CastDeps, to: CastTo, signal: AbortSignal): Promise<void> => {
  await call(deps, to, 'Stop', { InstanceID: '0' }, signal)
}

/** Resolves with the type that it took, once it has accepted Play. */
async function load(deps: CastDeps, to: CastTo, media: Media, onMime: (mime: TsMime) => void, signal: AbortSignal): Promise<void> {
  const known = to.description.connections === undefined ? undefined : await call(deps, to, 'GetProtocolInfo', {}, signal)
  let last: Refused | undefined
  for (const mime of planMimes(to.quirk, known?.ok === true ? (known.result['Sink'] ?? '') : '')) {
    onMime(mime) // before the renderer asks for the URL: its answer must say the same
    const metadata = castMetadata(media, mime, to.quirk)
    const set = await call(deps, to, 'SetAVTransportURI', { InstanceID: '0', CurrentURI: media.url, CurrentURIMetaData: metadata }, signal)
    const played = set.ok ? await call(deps, to, 'Play', { InstanceID: '0', Speed: '1' }, signal) : set
    if (played.ok) return
    last = played
    if (!TYPE_REFUSALS.includes(played.code)) break
  }
  throw last === undefined ? new RelayError('renderer-refused', `${to.description.name} takes none of our types`) : refusal(to, last)
}

const stateOf = async (deps: CastDeps, to: CastTo, signal: AbortSignal): Promise<string | undefined> => {
  const info = await call(deps, to, 'GetTransportInfo', { InstanceID: '0' }, signal)
  return info.ok ? info.result['CurrentTransportState'] : undefined
}

/** Resolves when the renderer plays. After a failure it has to be told to stop. Throws `renderer-refused` and `renderer-timeout`. */
export async function startCast(
  deps: CastDeps,
  to: CastTo,
  media: Media,
  onMime: (mime: TsMime) => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = deps
  await load(deps, to, media, onMime, signal)
  const until = clock.monotonic() + PLAYING_DEADLINE_MS
  let seen: string | undefined
  while (clock.monotonic() < until) {
    const before = seen
    seen = await stateOf(deps, to, signal)
    if (seen === 'PLAYING') return
    if (before === 'TRANSITIONING' && seen === 'STOPPED') {
      throw new RelayError(
        'renderer-refused',
        `${to.description.name} opened the channel and stopped: it cannot play this format. Try another profile.`,
      )
    }
    await clock.sleep(START_POLL_MS, signal)
  }
  throw new RelayError('renderer-timeout', `${to.description.name} did not begin to play within ${PLAYING_DEADLINE_MS / 1000} s`)
}

/** Follows a playing renderer. Resolves when it has stopped by itself or by its remote control; throws `renderer-timeout`. */
export async function followCast(deps: CastDeps, to: CastTo, onPosition: (seconds: number) => void, signal: AbortSignal): Promise<void> {
  let silent = 0
  for (;;) {
    try {
      const position = await call(deps, to, 'GetPositionInfo', { InstanceID: '0' }, signal)
      if (position.ok) onPosition(parseTime(position.result['RelTime']))
      const state = await stateOf(deps, to, signal)
      if (state === 'STOPPED' || state === 'NO_MEDIA_PRESENT') return
      silent = state === undefined ? silent + 1 : 0
    } catch (error) {
      signal.throwIfAborted()
      silent += 1
      if (silent >= MAX_SILENT_POLLS) throw error
    }
    if (silent >= MAX_SILENT_POLLS) throw new RelayError('renderer-timeout', `${to.description.name} does not answer any more`)
    await deps.clock.sleep(FOLLOW_POLL_MS, signal)
  }
}
