/**
 * Log lines go to stderr: for people as text, for programs as JSON. Levels: `trace` hot path, `debug` internals, `info` a change
 * of state, `warn` recoverable, `error` work has stopped. Secrets are redacted by field name.
 */
export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error'
export type Fields = Readonly<Record<string, unknown>>

export interface Log {
  trace(message: string, fields?: Fields): void
  debug(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
  /** The same log under a narrower name, as in `relay.swarm`. */
  child(scope: string): Log
}

export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const satisfies readonly Level[]

export interface LogOptions {
  /** Lines below this level are dropped. */
  readonly level: Level
  readonly format: 'text' | 'json'
  readonly now: () => number
  readonly write: (line: string) => void
}

const SECRET_FIELD = /key|token|password|secret|authorization|cookie/i
/** One same-named warning a second reaches the log; the others are counted and told with the next one. */
const WARN_INTERVAL_MS = 1000
/** Warnings are throttled by message; so many different messages are remembered. */
const MAX_WARN_MESSAGES = 256

const shown = (value: unknown): unknown => {
  if (value instanceof Error) return value.message
  if (typeof value === 'bigint') return value.toString()
  return value
}

const redact = (fields: Fields): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, SECRET_FIELD.test(name) ? '[redacted]' : shown(value)]))

export function createLog(options: LogOptions, scope = ''): Log {
  const lowest = LEVELS.indexOf(options.level)
  const warned = new Map<string, { at: number; held: number }>()

  const line = (level: Level, message: string, fields: Fields = {}): void => {
    if (LEVELS.indexOf(level) < lowest) return
    const time = new Date(options.now()).toISOString()
    const safe = redact(fields)
    if (options.format === 'json') {
      options.write(JSON.stringify({ time, level, scope, message, ...safe }) + '\n')
      return
    }
    const pairs = Object.entries(safe).map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    options.write(`${time} ${level.padEnd(5)} ${scope === '' ? '' : scope + ': '}${message}${pairs.join('')}\n`)
  }

  const warn = (message: string, fields: Fields = {}): void => {
    const now = options.now()
    const last = warned.get(message)
    if (last !== undefined && now - last.at < WARN_INTERVAL_MS) {
      last.held += 1
      return
    }
    if (warned.size >= MAX_WARN_MESSAGES) warned.clear()
    warned.set(message, { at: now, held: 0 })
    line('warn', message, last !== undefined && last.held > 0 ? { ...fields, repeated: last.held } : fields)
  }

  return {
    trace: (message, fields) => line('trace', message, fields),
    debug: (message, fields) => line('debug', message, fields),
    info: (message, fields) => line('info', message, fields),
    warn,
    error: (message, fields) => line('error', message, fields),
    child: (name) => createLog(options, scope === '' ? name : `${scope}.${name}`),
  }
}

/** Says nothing; for tests and for tools that only print a result. */
export const silentLog: Log = createLog({ level: 'error', format: 'text', now: () => 0, write: () => {} })
