import { z } from 'zod'
import { RelayError } from '../errors.ts'

export type Part = 'body' | 'query' | 'path'

/** The value as the schema wants it. @throws RelayError request-invalid that lists every place that is wrong */
export function validate<Schema extends z.ZodType>(schema: Schema, value: unknown, part: Part): z.infer<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const places = parsed.error.issues.map((issue) => `${[part, ...issue.path].map(String).join('.')}: ${issue.message}`)
  throw new RelayError('request-invalid', places.join('; '), { cause: parsed.error })
}
