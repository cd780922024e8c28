/** One entry of the API: the route, the schemas that validate it, and what it does. `api.ts` serves it, `openapi.ts` describes it. */
import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import type { EventLoopGauge } from './event-loop.ts'
import type { HttpPorts } from './ports.ts'

export interface ApiDeps {
  readonly ports: HttpPorts
  readonly gauge: EventLoopGauge
}

export interface Input<Query, Body> {
  readonly path: Readonly<Record<string, string>>
  readonly query: Query
  readonly body: Body
  readonly request: IncomingMessage
}

export interface Operation<Query = unknown, Body = unknown> {
  readonly method: 'get' | 'post' | 'delete'
  /** Below /api/v1, with parameters as in `/channels/{channel}`. */
  readonly path: string
  readonly summary: string
  readonly query?: z.ZodType<Query>
  readonly body?: z.ZodType<Body>
  /** What a success says; without a schema it has no body. */
  readonly answer: { readonly status: 200 | 201 | 204; readonly schema?: z.ZodType }
  run(deps: ApiDeps, input: Input<Query, Body>, signal: AbortSignal): unknown
}

/** Checks an operation against its own schemas, then forgets them, so that all fit into one list. */
export const operation = <Query = undefined, Body = undefined>(definition: Operation<Query, Body>): Operation =>
  definition as unknown as Operation
