/** The process edge: arguments, configuration, signals, exit codes. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse as parseYaml } from 'yaml'
import '../heap.ts'
import { COMMANDS } from './commands.ts'
import { helpOf, nearest, parseInvocation } from './command.ts'
import { defaultData, optionsFromEnvironment, optionsFromFile, resolveConfig, type Config, type RawOptions } from '../config.ts'
import { isAbort, isRelayError, messageOf, RelayError } from '../errors.ts'
import { createLog, type Log } from '../log.ts'

const EXIT_OK = 0
const EXIT_FAILED = 1
const EXIT_USAGE = 2
/** A stop that takes longer has hung: the process ends all the same, and says so by its exit code. */
const STOP_DEADLINE_MS = 15_000
const DEFAULT_COMMAND = 'relay'

function overview(): string {
  const width = Math.max(...COMMANDS.map((command) => command.name.length + command.operands.length))
  return [
    'tributary COMMAND [FLAGS]',
    '',
    'A peer-to-peer television relay for the home.',
    '',
    ...COMMANDS.map((command) => `  ${`${command.name} ${command.operands}`.padEnd(width + 2)} ${command.summary}`),
    '',
    'tributary COMMAND --help tells more. Without a command: relay.',
  ].join('\n')
}

function readConfigFile(data: string): RawOptions {
  const file = join(data, 'config.yaml')
  if (!existsSync(file)) return {}
  let document: unknown
  try {
    document = parseYaml(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new RelayError(
      'config-invalid',
      `${file} cannot be read: ${messageOf(error).split('\n')[0]}; mend it, or move it away to use the defaults`,
    )
  }
  return optionsFromFile(file, document)
}

function configFor(flags: RawOptions): Config {
  const environment = optionsFromEnvironment(process.env)
  const named = flags.data ?? environment.data
  const data = typeof named === 'string' ? named : defaultData(process.env)
  return resolveConfig({ flags, environment, file: readConfigFile(data), defaultData: data })
}

function createProcessLog(config: Config, json: boolean): Log {
  return createLog({
    level: config.logLevel,
    format: json ? 'json' : 'text',
    now: () => Date.now(),
    write: (line) => void process.stderr.write(line),
  })
}

async function main(args: readonly string[]): Promise<number> {
  const first = args[0]
  if (first === '--help' || first === 'help') {
    process.stdout.write(overview() + '\n')
    return EXIT_OK
  }
  if (first === '--version') {
    process.stdout.write(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version + '\n')
    return EXIT_OK
  }
  const named = first !== undefined && !first.startsWith('-')
  const name = named ? first : DEFAULT_COMMAND
  const command = COMMANDS.find((candidate) => candidate.name === name)
  if (command === undefined) {
    const meant = nearest(
      name,
      COMMANDS.map((candidate) => candidate.name),
    )
    throw new RelayError(
      'usage',
      `there is no command ${name}${meant === undefined ? '' : `; did you mean ${meant}?`} (tributary --help lists them)`,
    )
  }
  const invocation = parseInvocation(command, named ? args.slice(1) : args)
  if (invocation.help) {
    process.stdout.write(helpOf(command) + '\n')
    return EXIT_OK
  }
  const config = configFor(invocation.options)
  const stop = new AbortController()
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(EXIT_FAILED) // asked twice: at once
    stop.abort(new DOMException(`stopped by ${signal}`, 'AbortError'))
    setTimeout(() => {
      process.stderr.write(`tributary: the stop took longer than ${STOP_DEADLINE_MS / 1000} s and was cut short\n`)
      process.exit(EXIT_FAILED)
    }, STOP_DEADLINE_MS).unref()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return command.run({
    positionals: invocation.positionals,
    flags: invocation.flags,
    config,
    json: invocation.json,
    log: createProcessLog(config, invocation.json),
    print: (line) => void process.stdout.write(line + '\n'),
    signal: stop.signal,
  })
}

/** Runs the command line to its end; resolves with the exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  // a closed pipe on the other side, as in `tributary channels | head`, is no failure
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT_OK : EXIT_FAILED))
  try {
    return await main(args)
  } catch (error) {
    return tell(error)
  }
}

/** Says on stderr what went wrong; the exit code of it. */
function tell(error: unknown): number {
  if (isAbort(error)) return EXIT_OK
  if (isRelayError(error)) {
    process.stderr.write(`tributary: ${error.message}\n`)
    return error.code === 'usage' || error.code === 'config-invalid' ? EXIT_USAGE : EXIT_FAILED
  }
  process.stderr.write(`tributary: something went wrong that should not: ${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT_FAILED
}
