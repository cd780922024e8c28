/** Runs every check and every test, and closes with `N passed, N failed`. Each check counts as one test. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

interface Tally {
  passed: number
  failed: number
  readonly skipped: string[]
}

const root = new URL('..', import.meta.url).pathname
const tally: Tally = { passed: 0, failed: 0, skipped: [] }

/** Runs a program of the project; resolves with its exit code. Every line of its output goes to `onLine`. */
async function run(command: readonly string[], onLine: (line: string) => void): Promise<number> {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${root}node_modules/.bin:${process.env['PATH'] ?? ''}` },
  })
  createInterface({ input: child.stdout }).on('line', onLine)
  createInterface({ input: child.stderr }).on('line', onLine)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}

async function check(name: string, command: readonly string[]): Promise<void> {
  const lines: string[] = []
  const code = await run(command, (line) => lines.push(line))
  if (code === 0) {
    tally.passed += 1
    console.log(`ok      ${name}`)
  } else {
    tally.failed += 1
    console.log(`FAILED  ${name}\n${lines.join('\n')}`)
  }
}

/** What ava's own reporter says of one test; its TAP reporter breaks off when a test takes too long. */
const RESULT = /^\s+(?:(✔)|(✘) \[fail\]:|(-) \[(?:skip|todo)\]) (.*?)(?: \(\d.*\))?$/
/** ava has no way to skip a test that has begun: one whose tool is missing passes, and says so. */
const MISSING_TOOL = /^\s+ℹ skipped (".*": .*)$/

async function tests(name: string, args: readonly string[]): Promise<void> {
  console.log(`\n${name}`)
  const failedBefore = tally.failed
  let seen = 0
  const code = await run(['ava', ...args], (line) => {
    const missing = MISSING_TOOL.exec(line)
    if (missing !== null) {
      tally.skipped.push(missing[1] ?? '')
      tally.passed -= 1
      return
    }
    const result = RESULT.exec(line)
    if (result === null) {
      if (line.trim() !== '') console.log(`        ${line}`)
      return
    }
    seen += 1
    const [, passed, failed, , title = ''] = result
    if (passed !== undefined) tally.passed += 1
    else if (failed === undefined) tally.skipped.push(title)
    else {
      tally.failed += 1
      console.log(`FAILED  ${title}`)
    }
  })
  // a run that broke off without naming a failed test has failed all the same
  if ((code !== 0 || seen === 0) && tally.failed === failedBefore) {
    tally.failed += 1
    console.log(`FAILED  ${name} ended with exit code ${code}`)
  }
}

await check('format', [
  'oxfmt',
  '--config',
  'scripts/oxfmt.json',
  '--check',
  'relay',
  'plugin',
  'web-ui',
  'test',
  'scripts',
  'package.json',
])
await check('types', ['tsc', '-p', '.'])
await check('types of the page', ['tsc', '-p', 'web-ui'])
await check('lint', [
  'oxlint',
  '--config',
  'scripts/oxlint.json',
  '--type-aware',
  '--deny-warnings',
  'relay',
  'plugin',
  'web-ui',
  'test',
  'scripts',
])
await check('no unused files, exports or packages', ['knip', '--config', 'scripts/knip.json'])
await tests('unit and contract tests', [])
await tests('end-to-end tests', ['--config', 'scripts/e2e.config.js'])

if (tally.skipped.length > 0)
  console.log(`\n${tally.skipped.length} skipped:\n${tally.skipped.map((title) => `        ${title}`).join('\n')}`)
console.log(`\n${tally.passed} passed, ${tally.failed} failed`)
process.exitCode = tally.failed === 0 ? 0 : 1
