/**
 * The page's words, all in one catalogue, and how it writes times, sizes and rates. A translation is another object of the same
 * shape; `{name}` is filled in, and a text with `one` and `other` is chosen by `count`.
 */
type Plural = { readonly one: string; readonly other: string }

const en = {
  'app.name': 'Tributary',
  'app.skip': 'Skip to the content',
  'nav.label': 'Pages',
  'nav.channels': 'Channels',
  'nav.recordings': 'Recordings',
  'nav.tvs': 'TVs',
  'nav.network': 'Network',

  'action.undo': 'Undo',
  'action.retry': 'Try again',
  'action.dismiss': 'Dismiss',
  'action.back': 'Back',
  'action.stop': 'Stop',
  'action.delete': 'Delete',
  'action.play': 'Play',
  'action.watch': 'Watch',
  'action.download': 'Download',
  'action.copy': 'Copy',
  'action.copied': 'Copied',

  'link.lost': 'The relay does not answer. What you see is from {time}.',
  'link.retry': 'Connect now',
  'link.back': 'Connected again.',
  'problem.unreachable': 'The relay cannot be reached. Check that it is running and that this device is on the same network.',
  'problem.unexpected': 'The relay answered with something this page does not understand.',
  'problem.load': 'This could not be loaded',

  'air.on-air': 'On air',
  'air.off-air': 'Off air',
  'air.off-air-since': 'Off air since {time}',
  'air.unknown': 'Waiting for news',

  'channels.title': 'Channels',
  'channels.count': { one: '{count} channel', other: '{count} channels' },
  'channels.onAir': '{count} on air',
  'channels.loading': 'Loading channels',
  'channels.watch': 'Watch {channel}',
  'channels.next': 'Next, {time}: {title}',
  'channels.noGuide': 'No guide for this channel',
  'channels.viewers': { one: '{count} is watching', other: '{count} are watching' },
  'channels.progress': '{title}, {percent} over',
  'channels.until': 'until {time}',
  'channels.empty.title': 'The catalogue is on its way',
  'channels.empty.text':
    'You have joined {network}. Its channels appear here as soon as a neighbour has passed its catalogue on. That mostly takes a few seconds.',

  'welcome.title': 'Join a television network',
  'welcome.text':
    'Tributary receives television from other viewers and hands it on to your TVs, your browser and your recordings. To begin, paste the join link that your provider gave you.',
  'welcome.step1': 'Get a join link. It begins with tributary: and often comes as a QR code.',
  'welcome.step2': 'Paste it here. The link holds the network’s public key, so only channels that it has signed will ever appear.',
  'welcome.step3': 'Watch. While you receive a channel you also pass it on, up to the limit you have set.',
  'join.label': 'Join link',
  'join.placeholder': 'tributary:…',
  'join.submit': 'Join',
  'join.sending': 'Joining …',
  'join.hint': 'A join link begins with “tributary:”.',
  'join.another': 'Join another network',

  'record.start': 'Record',
  'record.starting': 'Starting …',
  'record.stop': 'Stop recording',
  'record.recording': 'Recording',
  'record.stopping': 'Stopping …',
  'record.start.label': 'Record {channel}',
  'record.stop.label': 'Stop recording {channel}',
  'record.refused': '{channel} is not being recorded.',
  'record.stopRefused': 'The recording goes on.',
  'record.began': 'Recording {channel}.',

  'tv.menu': 'Play on a TV',
  'tv.menu.label': 'Play {channel} on a TV',
  'tv.none': 'No TV found yet',
  'tv.none.text': 'TVs and speakers that speak DLNA appear here by themselves. Switch yours on and see that it is on the same network.',
  'tv.title': 'TVs',
  'tv.count': { one: '{count} found in the house', other: '{count} found in the house' },
  'tv.idle': 'Ready',
  'tv.starting': 'Starting {channel} …',
  'tv.playing': 'Playing {channel}',
  'tv.playingOther': 'Playing something else',
  'tv.stopping': 'Stopping …',
  'tv.failed': 'Did not play: {reason}',
  'tv.plays': '{tv} plays {channel}.',
  'tv.playRefused': '{tv} did not play it.',
  'tv.stopRefused': '{tv} did not stop.',
  'tv.choose': 'Choose a channel',
  'tv.choose.label': 'Choose a channel for {tv}',
  'tv.stop.label': 'Stop {tv}',
  'tv.noChannels': 'No channels yet',
  'tv.unnamed': 'Unknown model',

  'watch.loading': 'Loading …',
  'watch.notFound.title': 'No such channel',
  'watch.notFound.text': 'There is no channel “{channel}” in the networks that this relay has joined.',
  'watch.allChannels': 'All channels',
  'watch.player': 'Picture of {channel}',
  'watch.controls': 'Controls of the picture',
  'watch.opening': 'Tuning in',
  'watch.opening.slow': 'Still tuning in. The relay is looking for others who watch this channel.',
  'watch.converting': 'Tuning in. The relay converts this channel for your browser.',
  'watch.stalled': 'The picture is waiting for data',
  'watch.retrying': 'Trying again in {seconds} s',
  'watch.retryingNow': 'Trying again',
  'watch.ended': 'The stream ended.',
  'watch.lostData': 'The connection to the relay was lost.',
  'watch.still': 'No new picture has arrived for a while.',
  'watch.noPicture': 'No picture has arrived.',
  'watch.cannotDecode': 'The browser could not decode the picture.',
  'watch.blocked': 'Your browser wants a click before it plays.',
  'watch.start': 'Play',
  'watch.unsupported.title': 'This browser cannot play television',
  'watch.unsupported.text':
    'It has neither Media Source Extensions nor HLS. Open {url} in a player such as VLC, or play the channel on a TV.',
  'watch.offAir.title': 'Off air',
  'watch.offAir.since': 'Nothing has been sent since {time}.',
  'watch.offAir.text': 'The picture returns by itself when the channel does.',
  'watch.unmute': 'Sound on',
  'watch.mute': 'Sound off',
  'watch.volume': 'Volume',
  'watch.fullScreen': 'Full screen',
  'watch.leaveFullScreen': 'Leave full screen',
  'watch.channelUp': 'Next channel',
  'watch.channelDown': 'Previous channel',
  'watch.live': 'Live',
  'watch.behind': '{seconds} s behind',
  'watch.behind.label': 'Behind the broadcaster',
  'watch.converted': 'Converted for this browser',
  'watch.original': 'Original picture',
  'watch.noNumber': 'No channel {digits}',
  'watch.now': 'Now',
  'watch.next': 'Next',
  'watch.keys': 'Keys',
  'watch.keys.zap': 'channel',
  'watch.keys.number': 'number',
  'watch.keys.mute': 'sound',
  'watch.keys.full': 'full screen',
  'watch.keys.record': 'record',

  'swarm.title': 'Where it comes from',
  'swarm.summary': 'From {from}, to {to}',
  'swarm.peers': { one: '{count} peer', other: '{count} peers' },
  'swarm.source': 'This relay is the source.',
  'swarm.none': 'Not received at the moment. It begins when somebody watches or records.',
  'swarm.searching': 'Looking for others who watch this channel …',
  'swarm.in': 'Receiving',
  'swarm.out': 'Passing on',
  'swarm.lag': 'Behind the source',
  'swarm.missed': 'Missed',
  'swarm.rejected': 'Rejected',
  'swarm.given': 'Given back',
  'swarm.given.detail': '{out} of {in}',
  'swarm.shares': 'Share of the bytes by peer',
  'swarm.share.rest': 'others',
  'swarm.table': 'Peers of {channel}',
  'swarm.peer': 'Peer',
  'swarm.way': 'Way',
  'swarm.rtt': 'Round trip',
  'swarm.share': 'Share',
  'swarm.inbound': 'came to us',
  'swarm.outbound': 'we called',
  'swarm.chunks': { one: '{count} chunk', other: '{count} chunks' },

  'recordings.title': 'Recordings',
  'recordings.count': { one: '{count} recording', other: '{count} recordings' },
  'recordings.size': '{bytes} used, {free} free',
  'recordings.loading': 'Loading recordings',
  'recordings.empty.title': 'Nothing recorded yet',
  'recordings.empty.text': 'Press Record on a channel. The recording appears here at once and can be watched while it runs.',
  'recordings.play': 'Play {title}',
  'recordings.stop.label': 'Stop recording {title}',
  'recordings.delete.label': 'Delete {title}',
  'recordings.removed': '“{title}” is deleted.',
  'recordings.removeRefused': '“{title}” was not deleted.',
  'recordings.due': 'Begins {time}',
  'recordings.running': 'Recording',
  'recordings.stopped': 'Stopped',
  'recordings.reached-end': 'Complete',
  'recordings.off-air': 'The channel went off air',
  'recordings.disk-full': 'The disk was full',
  'recordings.relay-stopped': 'The relay was stopped',
  'recordings.failed': 'Failed: {reason}',
  'recordings.gaps': { one: '{count} gap, {length}', other: '{count} gaps, {length}' },
  'recordings.noGaps': 'No gaps',
  'recordings.gap': '{began} to {ended} ({length}): {cause}',
  'recordings.gap.not-received': 'not received',
  'recordings.gap.relay-stopped': 'the relay was stopped',
  'recordings.gap.reader-slow': 'the disk was too slow',
  'recordings.notFound.title': 'No such recording',
  'recordings.notFound.text': 'It may have been deleted.',
  'recordings.all': 'All recordings',
  'recordings.player': 'Picture of {title}',
  'recordings.position': 'Position',
  'recordings.pause': 'Pause',
  'recordings.cannotPlay.title': 'This browser cannot play this recording',
  'recordings.cannotPlay.text':
    'It was recorded as broadcast, in a format that browsers do not decode. Download it and open it in a player such as VLC.',
  'recordings.fileLost': 'The file could not be read.',
  'recordings.nothingYet': 'Nothing has been recorded yet',
  'recordings.nothing': 'Nothing was recorded',

  'network.title': 'Network',
  'network.traffic': 'Traffic now',
  'network.down': 'Download',
  'network.up': 'Upload',
  'network.cap': 'of {cap} allowed',
  'network.capZero': 'Passing on is switched off: the upload limit is 0.',
  'network.joined': 'Networks',
  'network.channels': { one: '{count} channel', other: '{count} channels' },
  'network.waiting': 'Waiting for the catalogue',
  'network.joinedAt': 'joined {time}',
  'network.link': 'Join link, to pass on',
  'network.qr': 'Show as a QR code',
  'network.qrAlt': 'QR code of the join link of {name}',
  'network.swarms': 'Channels on the move',
  'network.swarms.empty': 'No channel is being received. Watch or record one, and the peers it comes from appear here.',
  'network.peers': 'Connected peers',
  'network.peers.empty': 'No peer is connected yet. The relay keeps looking on the local network and among the peers it knows.',
  'network.address': 'Address',
  'network.since': 'Since',
  'network.transport': 'Transport',
  'network.none': 'No network joined yet',

  'footer.version': 'Tributary {version}',
  'footer.disk': '{free} free',
  'footer.ffmpegMissing': 'ffmpeg is missing: channels are not converted',
  'theme.label': 'Appearance',
  'theme.auto': 'Auto',
  'theme.dark': 'Dark',
  'theme.light': 'Light',

  'notFound.title': 'There is nothing here',
  'notFound.text': 'The address may have been typed wrong.',
} as const satisfies Record<string, string | Plural>

export type MessageKey = keyof typeof en
type Text<K extends MessageKey> = (typeof en)[K]
type Holes<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Holes<Rest> : never
type HolesOf<T> = T extends Plural ? Holes<T['one']> | Holes<T['other']> | 'count' : Holes<T>
/** The values that a text asks for. */
export type Values<K extends MessageKey> = { readonly [N in HolesOf<Text<K>>]: N extends 'count' ? number : string }
type Arguments<K extends MessageKey> = [HolesOf<Text<K>>] extends [never] ? [] : [values: Values<K>]

/** English times follow the reader's own habit where the browser tells it. */
const locale = ((): string => {
  const wished =
    typeof navigator === 'undefined' ? undefined : (navigator.languages ?? [navigator.language]).find((tag) => tag.startsWith('en'))
  return wished ?? 'en-GB'
})()

const plurals = new Intl.PluralRules(locale)
const counts = new Intl.NumberFormat(locale)
const fine = new Intl.NumberFormat(locale, { maximumSignificantDigits: 1 })

/** The text of `key`, its holes filled. */
export function t<K extends MessageKey>(key: K, ...[values]: Arguments<K>): string {
  const message: string | Plural = en[key]
  const given = values as Readonly<Record<string, string | number>> | undefined
  const text = typeof message === 'string' ? message : message[plurals.select(Number(given?.['count'])) === 'one' ? 'one' : 'other']
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = given?.[name]
    return value === undefined ? hole : typeof value === 'number' ? counts.format(value) : value
  })
}

const clockTime = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' })
const exactTime = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit', second: '2-digit' })
const dayTime = new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' })

type When = string | number
const date = (when: When): Date => new Date(when)

/** As in 20:15. */
export const formatClock = (when: When): string => clockTime.format(date(when))
/** With seconds. */
export const formatExact = (when: When): string => exactTime.format(date(when))

const HALF_DAY_MS = 12 * 3_600_000
/** The time alone when it is near `now`, else with the day. */
export const formatWhen = (when: When, now: number): string =>
  Math.abs(date(when).getTime() - now) < HALF_DAY_MS ? formatClock(when) : dayTime.format(date(when))

const scaled = (value: number, units: readonly string[]): string => {
  let at = 0
  let rest = Math.max(0, value)
  while (rest >= 999.5 && at < units.length - 1) {
    rest /= 1000
    at += 1
  }
  const digits = at === 0 || rest >= 99.5 ? 0 : 1
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(rest)} ${units[at] ?? ''}`
}

export const formatBytes = (bytes: number): string => scaled(bytes, ['B', 'kB', 'MB', 'GB', 'TB'])
/** Of a rate in bit/s. */
export const formatRate = (bits: number): string => scaled(bits, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'])
/** Of 0 to 1. */
export const formatPercent = (share: number): string =>
  share > 0 && share < 0.01 ? `${fine.format(share * 100)} %` : `${counts.format(Math.round(share * 100))} %`
export const formatCount = (count: number): string => counts.format(count)

/** Seconds as 1:02:03, or 2:03. */
export function formatLength(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const two = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** Seconds of a gap: 0.4 s, 12 s, 2 min 5 s. */
export function formatGap(seconds: number): string {
  if (seconds < 9.95) return `${new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(seconds)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** Milliseconds as seconds with one digit, without the unit. */
export const formatSeconds = (ms: number): string =>
  new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(Math.max(0, ms) / 1000)
