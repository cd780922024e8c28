/** What a command of the command line is, and how its arguments are read. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { OPTIONS, type Config, type OptionName, type RawOptions, type RawValue } from '../config.ts'
import { RelayError } from '../errors.ts'
import type { Log } from '../log.ts'

/** A flag that only one command has, and that is no part of the configuration. */
export interface OwnFlag {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
  /** Placeholder in the help text; empty for a switch. */
  readonly value: string
  readonly help: string
}

export interface CommandContext {
  /** What stands behind the command besides flags. */
  readonly positionals: readonly string[]
  readonly flags: Readonly<Record<string, string | boolean | readonly string[] | undefined>>
  readonly config: Config
  /** For a program: one line of JSON instead of words. */
  readonly json: boolean
  readonly log: Log
  /** Standard output; a line each. */
  readonly print: (line: string) => void
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal
}

export interface Command {
  readonly name: string
  readonly summary: string
  /** What follows the name, such as `LINK`. */
  readonly operands: string
  readonly options: readonly OptionName[]
  readonly own: Readonly<Record<string, OwnFlag>>
  readonly example: string
  /** Resolves with the exit code. Throws RelayError: `usage` and `config-invalid` end with 2, all others with 1. */
  run(context: CommandContext): Promise<number>
}

export interface Invocation {
  readonly command: Command
  readonly positionals: readonly string[]
  readonly flags: CommandContext['flags']
  /** The configuration's options among the flags. */
  readonly options: RawOptions
  readonly json: boolean
  readonly help: boolean
}

/** How many letters differ (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (let line = 1; line <= one.length; line += 1) {
    const next = [line]
    for (let column = 1; column <= other.length; column += 1) {
      const swap = (row[column - 1] ?? 0) + (one[line - 1] === other[column - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}

const MAX_TYPOS = 2

/** The known name that was probably meant. */
export const nearest = (name: string, known: readonly string[]): string | undefined =>
  known
    .map((candidate) => ({ candidate, typos: distance(name, candidate) }))
    .filter(({ typos }) => typos <= MAX_TYPOS)
    .toSorted((one, other) => one.typos - other.typos)[0]?.candidate

const usage = (message: string): RelayError => new RelayError('usage', message)

/** Reads the arguments behind the command's name. Throws `usage`. */
export function parseInvocation(command: Command, args: readonly string[]): Invocation {
  const known: ParseArgsOptionsConfig = { json: { type: 'boolean' }, help: { type: 'boolean' } }
  for (const name of command.options) {
    const { kind } = OPTIONS[name]
    known[name] = { type: kind === 'yes' ? 'boolean' : 'string', multiple: kind === 'texts' }
  }
  for (const [name, flag] of Object.entries(command.own)) known[name] = { type: flag.type, multiple: flag.multiple ?? false }

  const { tokens } = parseArgs({
    args: [...args],
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const values: Record<string, RawValue> = {}
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const negated = token.name.startsWith('no-') && known[token.name] === undefined
    const name = negated ? token.name.slice('no-'.length) : token.name
    const option = known[name]
    if (option === undefined || (negated && option.type !== 'boolean')) {
      const meant = nearest(token.name, Object.keys(known))
      throw usage(
        `${command.name} has no flag ${token.rawName}${meant === undefined ? '' : `; did you mean --${meant}?`} (tributary ${command.name} --help lists them)`,
      )
    }
    if (option.type === 'boolean') {
      if (token.value !== undefined) throw usage(`--${name} takes no value; write --${name} or --no-${name}`)
      values[name] = !negated
    } else {
      if (token.value === undefined || token.value === '')
        throw usage(`--${name} needs a value (tributary ${command.name} --help shows which)`)
      values[name] = option.multiple === true ? [...((values[name] as string[] | undefined) ?? []), token.value] : token.value
    }
  }
  const options: RawOptions = {}
  for (const name of command.options) if (values[name] !== undefined) options[name] = values[name]
  return {
    command,
    positionals,
    flags: values as Invocation['flags'],
    options,
    json: values['json'] === true,
    help: values['help'] === true,
  }
}

/** A text flag's value, or undefined. */
export const textFlag = (flags: CommandContext['flags'], name: string): string | undefined => {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}

/** A repeatable flag's values. */
export const textFlags = (flags: CommandContext['flags'], name: string): readonly string[] => {
  const value = flags[name]
  return Array.isArray(value) ? (value as readonly string[]) : []
}

export function requiredFlag(context: CommandContext, command: string, name: string): string {
  const value = textFlag(context.flags, name)
  if (value === undefined) throw usage(`${command} needs --${name} (tributary ${command} --help shows an example)`)
  return value
}

export function wholeFlag(flags: CommandContext['flags'], name: string, least: number): number | undefined {
  const value = textFlag(flags, name)
  if (value === undefined) return undefined
  const number = Number(value)
  if (!Number.isInteger(number) || number < least)
    throw usage(`--${name} is ${JSON.stringify(value)}; expected a whole number of at least ${least}`)
  return number
}

/** The operand at `index`, or a usage error that names it. */
export function operand(context: CommandContext, command: Command, index: number): string {
  const value = context.positionals[index]
  if (value === undefined) throw usage(`${command.name} needs ${command.operands}, as in: ${command.example}`)
  return value
}

const line = (flag: string, help: string): string => `  ${flag.padEnd(29)} ${help}`

export function helpOf(command: Command): string {
  const options = command.options.map((name) => {
    const { kind, value, help } = OPTIONS[name]
    return line(kind === 'yes' ? `--[no-]${name}` : `--${name} ${value}`, help)
  })
  const own = Object.entries(command.own).map(([name, flag]) => line(`--${name} ${flag.value}`.trim(), flag.help))
  return [
    `tributary ${[command.name, command.operands].filter((part) => part !== '').join(' ')} [FLAGS]`,
    '',
    `${command.summary}.`,
    '',
    ...own,
    ...options,
    line('--json', 'one line of JSON instead of words'),
    line('--help', 'this page'),
    '',
    `Example: ${command.example}`,
  ].join('\n')
}
