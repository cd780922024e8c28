/** A UPnP service as data: its actions and variables give the SCPD, the check of arguments, and the dispatch. */
import type { Fault } from './faults.ts'
import type { Quirk } from './quirks.ts'

export interface Argument {
  readonly name: string
  readonly variable: string
}
export interface Action {
  readonly name: string
  readonly in: readonly Argument[]
  readonly out: readonly Argument[]
}
export interface Variable {
  readonly name: string
  readonly type: 'string' | 'ui4' | 'i4' | 'uri' | 'boolean' | 'bin.base64'
  readonly evented: boolean
  readonly allowed?: readonly string[]
}

/** Who asks, and by which address of ours. */
export interface Caller {
  readonly quirk: Quirk
  /** `http://host:port` of ours on the interface through which the request came. */
  readonly origin: string
}

export type ActionResult = readonly (readonly [name: string, value: string])[] | Fault

export interface Service {
  /** As in its paths: `content-directory`. */
  readonly name: string
  readonly type: string
  readonly id: string
  readonly actions: readonly Action[]
  readonly variables: readonly Variable[]
  /** Every argument of `action.in` is present; values are as the stranger sent them. */
  invoke(action: string, args: ReadonlyMap<string, string>, caller: Caller): ActionResult
  /** The evented variables as they are now; with `parts`, those that tell of these parts (container ids). */
  state(parts: ReadonlySet<string> | undefined): readonly (readonly [name: string, value: string])[]
}

/** UDA's ui4: 0 to 4,294,967,295. Undefined for everything else. */
export function parseUi4(text: string): number | undefined {
  if (!/^\s*\+?\d{1,10}\s*$/.test(text)) return undefined
  const value = Number(text)
  return value <= 0xffff_ffff ? value : undefined
}
