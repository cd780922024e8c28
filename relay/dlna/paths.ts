/** Every path under /dlna/. Media paths are short, ASCII, end in an extension and carry no query: some TVs cut at `?` and `&`. */
import type { LiveTarget } from './ports.ts'

export const DEVICE_PATH = '/dlna/device.xml'

export const livePath = ({ channel, profile }: LiveTarget): string =>
  `/dlna/live/${channel}${profile === undefined ? '' : `.${profile}`}.ts`
export const recordingPath = (id: string): string => `/dlna/recordings/${id}.ts`
export const scpdPath = (service: string): string => `/dlna/${service}.xml`
export const controlPath = (service: string): string => `/dlna/control/${service}`
export const eventsPath = (service: string): string => `/dlna/events/${service}`
export const iconPath = (name: string): string => `/dlna/${name}`

export type Route =
  | { readonly kind: 'device' }
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'control' | 'events'; readonly service: string }
  | { readonly kind: 'live'; readonly target: LiveTarget }
  | { readonly kind: 'recording'; readonly id: string }
  | { readonly kind: 'unknown' }

const LIVE = /^\/dlna\/live\/([a-z0-9-]{1,128})(?:\.([a-z0-9-]{1,32}))?\.ts$/
const RECORDING = /^\/dlna\/recordings\/([A-Za-z0-9_-]{1,128})\.ts$/
const SERVICE = /^\/dlna\/(control|events)\/([a-z-]{1,32})$/
const FILE = /^\/dlna\/([a-z0-9-]{1,32}\.(?:xml|png|jpg))$/

/** PURE. Undefined when the request is not ours. Nothing of a path ever becomes a file name: names are looked up in tables. */
export function routeOf(url: string): Route | undefined {
  const path = url.split('?', 1)[0] ?? ''
  if (path !== '/dlna' && !path.startsWith('/dlna/')) return undefined
  if (path === DEVICE_PATH) return { kind: 'device' }
  const live = LIVE.exec(path)
  if (live?.[1] !== undefined) return { kind: 'live', target: { channel: live[1], profile: live[2] } }
  const recording = RECORDING.exec(path)
  if (recording?.[1] !== undefined) return { kind: 'recording', id: recording[1] }
  const service = SERVICE.exec(path)
  if (service?.[2] !== undefined) return { kind: service[1] === 'control' ? 'control' : 'events', service: service[2] }
  const file = FILE.exec(path)
  return file?.[1] === undefined ? { kind: 'unknown' } : { kind: 'file', name: file[1] }
}
