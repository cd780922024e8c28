/** SearchCriteria (CDS §2.5.5): parsed to a tree, evaluated over objects; nothing of it is ever run or concatenated. */
import type { ContentObject } from './content-object.ts'
import { isSearchable, propertyOf, type Property } from './properties.ts'

const OPERATORS = ['=', '!=', '<=', '>=', '<', '>', 'contains', 'doesNotContain', 'derivedfrom', 'startsWith'] as const
type Operator = (typeof OPERATORS)[number]

export type Criteria =
  | { readonly kind: 'everything' }
  | { readonly kind: 'and' | 'or'; readonly left: Criteria; readonly right: Criteria }
  | { readonly kind: 'exists'; readonly property: Property; readonly wanted: boolean }
  | { readonly kind: 'compare'; readonly property: Property; readonly operator: Operator; readonly value: string }

/** TVs send about 150 characters. */
const MAX_CRITERIA_CHARS = 4096
const MAX_NESTING = 16

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|([()])|([^\s()"]+))/y

function tokens(text: string): readonly string[] | undefined {
  const found: string[] = []
  const pattern = new RegExp(TOKEN)
  let end = 0
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    found.push(match[1] ?? match[2] ?? match[3] ?? '')
    end = pattern.lastIndex
  }
  return text.slice(end).trim() === '' ? found : undefined
}

const quoted = (token: string | undefined): string | undefined =>
  token?.startsWith('"') === true ? token.slice(1, -1).replace(/\\(.)/g, '$1') : undefined

/** Undefined when it is not the grammar, or names a property that is not searchable: fault 708. */
export function parseSearch(text: string): Criteria | undefined {
  if (text.length > MAX_CRITERIA_CHARS) return undefined
  if (text.trim() === '*') return { kind: 'everything' }
  const stream = tokens(text)
  if (stream === undefined) return undefined
  let at = 0

  const relation = (): Criteria | undefined => {
    const property = stream[at]
    const operator = stream[at + 1]
    const operand = stream[at + 2]
    at += 3
    if (property === undefined || !isSearchable(property)) return undefined
    if (operator === 'exists') {
      return operand === 'true' || operand === 'false' ? { kind: 'exists', property, wanted: operand === 'true' } : undefined
    }
    const known = OPERATORS.find((name) => name.toLowerCase() === operator?.toLowerCase())
    const value = quoted(operand)
    return known === undefined || value === undefined ? undefined : { kind: 'compare', property, operator: known, value }
  }
  const term = (depth: number): Criteria | undefined => {
    if (stream[at] !== '(') return relation()
    if (depth >= MAX_NESTING) return undefined
    at += 1
    const inner = expression(depth + 1)
    if (stream[at] !== ')') return undefined
    at += 1
    return inner
  }
  /** `and` binds tighter than `or`. */
  const chain = (kind: 'and' | 'or', next: (depth: number) => Criteria | undefined, depth: number): Criteria | undefined => {
    let left = next(depth)
    while (left !== undefined && stream[at]?.toLowerCase() === kind) {
      at += 1
      const right = next(depth)
      left = right === undefined ? undefined : { kind, left, right }
    }
    return left
  }
  const conjunction = (depth: number): Criteria | undefined => chain('and', term, depth)
  const expression = (depth: number): Criteria | undefined => chain('or', conjunction, depth)

  const criteria = expression(0)
  return at === stream.length ? criteria : undefined
}

function compares(have: string, operator: Operator, value: string): boolean {
  const one = have.toLowerCase()
  const other = value.toLowerCase()
  const order = /^\d+$/.test(one) && /^\d+$/.test(other) ? Number(one) - Number(other) : one < other ? -1 : one > other ? 1 : 0
  switch (operator) {
    case '=':
      return order === 0
    case '!=':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    case 'contains':
      return one.includes(other)
    case 'doesNotContain':
      return !one.includes(other)
    case 'startsWith':
      return one.startsWith(other)
    case 'derivedfrom':
      return one === other || one.startsWith(`${other}.`)
  }
}

/** PURE. */
export function matches(object: ContentObject, criteria: Criteria): boolean {
  switch (criteria.kind) {
    case 'everything':
      return true
    case 'and':
      return matches(object, criteria.left) && matches(object, criteria.right)
    case 'or':
      return matches(object, criteria.left) || matches(object, criteria.right)
    case 'exists':
      return (propertyOf(object, criteria.property) !== undefined) === criteria.wanted
    case 'compare': {
      const have = propertyOf(object, criteria.property)
      return have === undefined ? false : compares(have, criteria.operator, criteria.value)
    }
  }
}
