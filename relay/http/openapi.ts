/** The OpenAPI 3.1 document, generated from the schemas that validate requests. */
import { z } from 'zod'
import type { Operation } from './operation.ts'
import * as schemas from './schemas.ts'

type Json = Readonly<Record<string, unknown>>

const named = z.registry<{ id: string }>()
for (const [name, schema] of Object.entries(schemas)) if (schema instanceof z.ZodType) named.add(schema, { id: name })

const withoutId = ({ $schema: _schema, $id: _id, id: _name, ...rest }: Json): Json => rest

const components = (): Json => {
  const generated = z.toJSONSchema(named, { uri: (id) => `#/components/schemas/${id}`, io: 'input' })
  return Object.fromEntries(Object.entries(generated.schemas).map(([name, schema]) => [name, withoutId(schema as Json)]))
}

/** A reference to a named schema, an array of one, or the schema itself. */
function reference(schema: z.ZodType): Json {
  const id = named.get(schema)?.id
  if (id !== undefined) return { $ref: `#/components/schemas/${id}` }
  if (schema instanceof z.ZodArray) return { type: 'array', items: reference(schema.element as z.ZodType) }
  return withoutId(z.toJSONSchema(schema, { io: 'input' }) as Json)
}

const content = (schema: z.ZodType, type = 'application/json'): Json => ({ [type]: { schema: reference(schema) } })

function parameters(operation: Operation): readonly Json[] {
  const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => ({
    name: match[1],
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  if (operation.query === undefined) return inPath
  const query = z.toJSONSchema(operation.query, { io: 'input' }) as { properties?: Json; required?: readonly string[] }
  const inQuery = Object.entries(query.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: query.required?.includes(name) ?? false,
    schema,
  }))
  return [...inPath, ...inQuery]
}

function describe(operation: Operation): Json {
  const { status, schema } = operation.answer
  return {
    summary: operation.summary,
    parameters: parameters(operation),
    ...(operation.body === undefined ? {} : { requestBody: { required: true, content: content(operation.body) } }),
    responses: {
      [status]: { description: 'Done', ...(schema === undefined ? {} : { content: content(schema) }) },
      default: {
        description: 'A problem: what was wrong, where, and what would be right',
        content: content(schemas.Problem, 'application/problem+json'),
      },
    },
  }
}

const EVENTS: Json = {
  get: {
    summary: `Server-sent events: ${schemas.EVENT_NAMES.join(', ')}. Each carries the whole resource, at connect and on change`,
    parameters: [],
    responses: {
      200: { description: 'Events until either side closes', content: { 'text/event-stream': { schema: { type: 'string' } } } },
    },
  },
}

export function openApi(operations: readonly Operation[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const operation of operations) (paths[operation.path] ??= {})[operation.method] = describe(operation)
  return {
    openapi: '3.1.0',
    info: { title: 'Tributary', version, description: 'Times are RFC 3339 in UTC, rates bit/s, sizes bytes.' },
    servers: [{ url: '/api/v1' }],
    paths: { ...paths, '/events': EVENTS },
    components: { schemas: components() },
  }
}
