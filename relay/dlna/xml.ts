/** XML in and out: a total reader for what strangers send, and the escapes for what we write. */
import { SaxesParser } from 'saxes'

export interface XmlElement {
  /** Without its prefix. */
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: XmlElement[]
  /** Its own text, as it stood. */
  text: string
}

/** SOAP is 4 deep, a device description 8. */
const MAX_DEPTH = 32
/** A description with 5 embedded devices of 5 services has about 250. */
const MAX_ELEMENTS = 4096

const local = (name: string): string => name.slice(name.indexOf(':') + 1)

/**
 * The root element, or undefined when the text is not well-formed, too deep, too large, or has a document type: without one
 * there are no entities to expand and nothing external to fetch. Callers cap the text's length. Prefixes are dropped, since
 * devices in the field use some that they never declare.
 */
export function parseXml(text: string): XmlElement | undefined {
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) return undefined
  const parser = new SaxesParser({ xmlns: false })
  const open: XmlElement[] = []
  let root: XmlElement | undefined
  let elements = 0
  let failed = false
  const append = (piece: string): void => {
    const parent = open.at(-1)
    if (parent !== undefined) parent.text += piece
  }
  parser.on('error', () => (failed = true))
  parser.on('doctype', () => (failed = true))
  parser.on('text', append)
  parser.on('cdata', append)
  parser.on('opentag', ({ name, attributes }) => {
    elements += 1
    if (open.length >= MAX_DEPTH || elements > MAX_ELEMENTS) failed = true
    if (failed) return
    const element: XmlElement = { name: local(name), attributes: attributes as Record<string, string>, children: [], text: '' }
    open.at(-1)?.children.push(element)
    root ??= element
    open.push(element)
  })
  parser.on('closetag', () => {
    if (!failed) open.pop()
  })
  parser.write(text.replace(/^\uFEFF/, '')).close()
  return failed ? undefined : root
}

export const childNamed = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  element?.children.find((child) => child.name === name)

/** The trimmed text of a child; undefined when there is none or it is empty. */
export function childText(element: XmlElement | undefined, name: string): string | undefined {
  const text = childNamed(element, name)?.text.trim()
  return text === undefined || text === '' ? undefined : text
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
/** XML 1.0 §2.2: these characters cannot stand in a document, not even escaped; lone surrogates neither. */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

/** Named entities only: a Samsung shows an empty list where it meets `&#34;`. */
export const escapeXml = (text: string): string =>
  text
    .toWellFormed()
    .replace(FORBIDDEN, '')
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '')

/** For documents that travel through code which counts UTF-16 units as bytes: every other character as `&#N;`. */
export const escapeXmlAscii = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  escapeXml(text).replace(/[^\u0000-\u007f]/gu, (character) => `&#${character.codePointAt(0) ?? 0xfffd};`)

export const XML_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
