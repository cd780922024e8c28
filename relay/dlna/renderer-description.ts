/**
 * Fetches and reads the description of a device that somebody announced. Its URL is a stranger's: only the announcer's own private
 * address is asked, with caps on size and time, and redirects are not followed.
 */
import { get } from 'node:http'
import { isIPv4 } from 'node:net'
import type { Clock } from '../clock.ts'
import { isLanAddress } from './addresses.ts'
import { childNamed, childText, parseXml, type XmlElement } from './xml.ts'

export interface RendererService {
  readonly type: string
  readonly controlUrl: string
}

export interface RendererDescription {
  /** Without `uuid:`; safe in a URL path. */
  readonly udn: string
  readonly name: string
  readonly manufacturer: string | undefined
  readonly model: string | undefined
  readonly location: string
  readonly transport: RendererService
  /** ConnectionManager, where there is one. */
  readonly connections: RendererService | undefined
}

/** The largest description we know, of a TV with icons in base64, has 60 KB. */
const MAX_DESCRIPTION_BYTES = 256 * 1024
const DESCRIPTION_DEADLINE_MS = 3000
const MAX_URL_CHARS = 512
const MAX_NAME_CHARS = 128

/** An http URL on `address` itself; undefined for every other. */
export function vettedUrl(text: string | undefined, base: string | undefined, address: string): URL | undefined {
  if (text === undefined || text.length > MAX_URL_CHARS) return undefined
  const url = URL.parse(text.trim(), base)
  if (url === null || url.protocol !== 'http:' || url.username !== '' || url.password !== '') return undefined
  return isIPv4(address) && url.hostname === address && isLanAddress(address) ? url : undefined
}

/** Depth first: the renderer may be embedded in a TV that is something else at its root. */
function findRenderer(device: XmlElement | undefined): XmlElement | undefined {
  if (device === undefined) return undefined
  if (/:device:MediaRenderer:\d+$/.test(childText(device, 'deviceType') ?? '')) return device
  for (const embedded of childNamed(device, 'deviceList')?.children ?? []) {
    const found = findRenderer(embedded)
    if (found !== undefined) return found
  }
  return undefined
}

function serviceOf(device: XmlElement, kind: string, base: string, address: string): RendererService | undefined {
  const service = childNamed(device, 'serviceList')?.children.find((child) =>
    new RegExp(`:service:${kind}:\\d+$`).test(childText(child, 'serviceType') ?? ''),
  )
  const controlUrl = vettedUrl(childText(service, 'controlURL'), base, address)
  const type = childText(service, 'serviceType')
  return controlUrl === undefined || type === undefined ? undefined : { type, controlUrl: controlUrl.href }
}

/** PURE. Undefined when the text does not describe a renderer that can be driven, on `address`. */
export function readDescription(text: string, location: string, address: string): RendererDescription | undefined {
  const root = parseXml(text)
  const device = root?.name === 'root' ? findRenderer(childNamed(root, 'device')) : undefined
  if (device === undefined) return undefined
  const base = vettedUrl(childText(root, 'URLBase'), undefined, address)?.href ?? location
  const udn = childText(device, 'UDN')?.replace(/^uuid:/i, '')
  const transport = serviceOf(device, 'AVTransport', base, address)
  if (udn === undefined || !/^[\w.-]{1,64}$/.test(udn) || transport === undefined) return undefined
  const short = (name: string): string | undefined => childText(device, name)?.slice(0, MAX_NAME_CHARS).toWellFormed()
  return {
    udn,
    name: short('friendlyName') ?? 'TV',
    manufacturer: short('manufacturer'),
    model: short('modelName'),
    location,
    transport,
    connections: serviceOf(device, 'ConnectionManager', base, address),
  }
}

const fetchText = (clock: Clock, url: URL, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = get(url, { agent: false, signal, headers: { Connection: 'close' } })
    const deadline = clock.after(DESCRIPTION_DEADLINE_MS, () => request.destroy(new Error('the description took too long')))
    const fail = (error: Error): void => {
      deadline[Symbol.dispose]()
      request.destroy()
      reject(error)
    }
    request.on('error', fail).on('response', (response) => {
      if (response.statusCode !== 200) return fail(new Error(`the description answered ${response.statusCode}`))
      const pieces: Buffer[] = []
      let bytes = 0
      response
        .on('data', (piece: Buffer) => {
          bytes += piece.length
          pieces.push(piece)
          if (bytes > MAX_DESCRIPTION_BYTES) fail(new Error('the description is too large'))
        })
        .on('error', fail)
        .on('end', () => {
          deadline[Symbol.dispose]()
          resolve(Buffer.concat(pieces).toString('utf8'))
        })
    })
  })

/** Rejects with the reason, for the log: no stranger's description is an error of ours. */
export async function fetchDescription(clock: Clock, location: string, address: string, signal: AbortSignal): Promise<RendererDescription> {
  const url = vettedUrl(location, undefined, address)
  if (url === undefined) throw new Error('its LOCATION is not on the address that announced it')
  const description = readDescription(await fetchText(clock, url, signal), url.href, address)
  if (description === undefined) throw new Error('its description is not that of a renderer')
  return description
}
