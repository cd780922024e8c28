/** The device description and the SCPDs: what a TV reads to decide whether it lists us (UDA 1.0 §2). */
import { controlPath, eventsPath, iconPath, scpdPath } from './paths.ts'
import type { Service } from './service.ts'
import { escapeXml, XML_DECLARATION } from './xml.ts'

export const DEVICE_TYPE = 'urn:schemas-upnp-org:device:MediaServer:1'

export interface Identity {
  /** Stable over restarts: `uuid:...`. */
  readonly udn: string
  readonly name: string
  readonly version: string
}

/** The pictures under `assets/`, with their true size and depth. */
export const ICONS = [
  { file: 'icon-120.png', mime: 'image/png', side: 120, depth: 24 },
  { file: 'icon-120.jpg', mime: 'image/jpeg', side: 120, depth: 24 },
  { file: 'icon-48.png', mime: 'image/png', side: 48, depth: 24 },
  { file: 'icon-48.jpg', mime: 'image/jpeg', side: 48, depth: 24 },
] as const

const element = (name: string, text: string): string => `<${name}>${escapeXml(text)}</${name}>`

const serviceXml = (service: Service): string =>
  '<service>' +
  element('serviceType', service.type) +
  element('serviceId', service.id) +
  element('SCPDURL', scpdPath(service.name)) +
  element('controlURL', controlPath(service.name)) +
  element('eventSubURL', eventsPath(service.name)) +
  '</service>'

const iconXml = ({ file, mime, side, depth }: (typeof ICONS)[number]): string =>
  '<icon>' +
  element('mimetype', mime) +
  element('width', String(side)) +
  element('height', String(side)) +
  element('depth', String(depth)) +
  element('url', iconPath(file)) +
  '</icon>'

/** PURE. `origin` is `http://host:port` by which the asker reached us. No URLBase: it is deprecated, and one host suits one LAN only. */
export const deviceDescription = ({ udn, name, version }: Identity, services: readonly Service[], origin: string): string =>
  XML_DECLARATION +
  '<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion><device>' +
  '<dlna:X_DLNADOC xmlns:dlna="urn:schemas-dlna-org:device-1-0">DMS-1.50</dlna:X_DLNADOC>' +
  '<dlna:X_DLNADOC xmlns:dlna="urn:schemas-dlna-org:device-1-0">M-DMS-1.50</dlna:X_DLNADOC>' +
  element('deviceType', DEVICE_TYPE) +
  element('friendlyName', name) +
  element('manufacturer', 'Tributary') +
  element('modelDescription', 'A peer-to-peer television relay for the home') +
  element('modelName', 'Tributary') +
  element('modelNumber', version) +
  element('serialNumber', udn.replace(/^uuid:/, '')) +
  element('UDN', udn) +
  `<iconList>${ICONS.map(iconXml).join('')}</iconList>` +
  `<serviceList>${services.map(serviceXml).join('')}</serviceList>` +
  element('presentationURL', `${origin}/`) +
  '</device></root>'

/** PURE. */
export const scpd = ({ actions, variables }: Service): string =>
  XML_DECLARATION +
  '<scpd xmlns="urn:schemas-upnp-org:service-1-0"><specVersion><major>1</major><minor>0</minor></specVersion><actionList>' +
  actions
    .map((action) => {
      const list = (direction: 'in' | 'out'): string =>
        action[direction]
          .map(
            ({ name, variable }) =>
              `<argument>${element('name', name)}${element('direction', direction)}${element('relatedStateVariable', variable)}</argument>`,
          )
          .join('')
      const all = list('in') + list('out')
      return `<action>${element('name', action.name)}${all === '' ? '' : `<argumentList>${all}</argumentList>`}</action>`
    })
    .join('') +
  '</actionList><serviceStateTable>' +
  variables
    .map(({ name, type, evented, allowed }) => {
      const values =
        allowed === undefined
          ? ''
          : `<allowedValueList>${allowed.map((value) => element('allowedValue', value)).join('')}</allowedValueList>`
      const events = `sendEvents="${evented ? 'yes' : 'no'}"`
      return `<stateVariable ${events}>${element('name', name)}${element('dataType', type)}${values}</stateVariable>`
    })
    .join('') +
  '</serviceStateTable></scpd>'
