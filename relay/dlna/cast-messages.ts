/** What the relay and the casting child say to each other. Both sides check: the child stands next to code that strangers feed. */
import type { RendererService } from './renderer-description.ts'

export interface CastTarget {
  readonly location: string
  readonly address: string
  readonly transport: RendererService
  readonly connections: RendererService | undefined
}

export interface CastCommand {
  readonly id: number
  readonly renderer: CastTarget
  readonly service: 'AVTransport' | 'ConnectionManager'
  readonly action: string
  readonly args: Readonly<Record<string, string>>
}

export type CastAnswer =
  | { readonly id: number; readonly ok: true; readonly result: Readonly<Record<string, string>> }
  /** `code` is the renderer's own UPnP error. */
  | { readonly id: number; readonly ok: false; readonly code: number | undefined; readonly message: string }

/** A Sink of every format there is has 20 KB. */
const MAX_TEXT_CHARS = 64 * 1024
const MAX_MESSAGE_CHARS = 300

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

function strings(value: unknown): Record<string, string> | undefined {
  if (!isFields(value)) return undefined
  const pairs = Object.entries(value).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string' && pair[1].length <= MAX_TEXT_CHARS,
  )
  return Object.fromEntries(pairs)
}

function service(value: unknown): RendererService | undefined {
  const { type, controlUrl } = strings(value) ?? {}
  return type === undefined || controlUrl === undefined ? undefined : { type, controlUrl }
}

/** PURE. */
export function parseCommand(value: unknown): CastCommand | undefined {
  if (!isFields(value) || !isFields(value['renderer'])) return undefined
  const { id, action } = value
  const { location, address } = strings(value['renderer']) ?? {}
  const transport = service(value['renderer']['transport'])
  const args = strings(value['args'])
  const name = value['service']
  if (typeof id !== 'number' || typeof action !== 'string' || (name !== 'AVTransport' && name !== 'ConnectionManager')) return undefined
  if (location === undefined || address === undefined || transport === undefined || args === undefined) return undefined
  return {
    id,
    action,
    args,
    service: name,
    renderer: { location, address, transport, connections: service(value['renderer']['connections']) },
  }
}

/** PURE. */
export function parseAnswer(value: unknown): CastAnswer | undefined {
  if (!isFields(value)) return undefined
  const { id, ok, code, message } = value
  if (typeof id !== 'number') return undefined
  if (ok === true) return { id, ok, result: strings(value['result']) ?? {} }
  if (ok !== false) return undefined
  return {
    id,
    ok,
    code: typeof code === 'number' ? code : undefined,
    message: typeof message === 'string' ? message.slice(0, MAX_MESSAGE_CHARS) : 'no reason given',
  }
}
