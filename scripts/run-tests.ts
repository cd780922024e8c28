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

/** An ava run, read as TAP: https://testanything.org/tap-version-13-specification.html */
async function tests(name: string, args: readonly string[]): Promise<void> {
  console.log(`\n${name}`)
  let finished = false
  let failedHere = 0
  const code = await run(['ava', '--tap', ...args], (line) => {
    if (/^1\.\.\d+/.test(line)) finished = true
    // ava has no way to skip a test that has begun: one whose tool is missing passes, and says so
    const missing = /^#\s+skipped (".*": .*)$/.exec(line)
    if (missing !== null) {
      tally.skipped.push(missing[1] ?? '')
      tally.passed -= 1
    }
    const result = /^(ok|not ok) \d+ - (.*?)(?: # (SKIP|TODO).*)?$/.exec(line)
    if (result === null) {
      if (!/^(TAP version|# |1\.\.)/.test(line)) console.log(`        ${line}`)
      return
    }
    const [, verdict, title = '', directive] = result
    if (directive !== undefined) tally.skipped.push(title)
    else if (verdict === 'ok') tally.passed += 1
    else {
      tally.failed += 1
      failedHere += 1
    }
    if (verdict !== 'ok') console.log(`FAILED  ${title}`)
  })
  // a run that broke off without naming a failed test has failed all the same
  if ((code !== 0 || !finished) && failedHere === 0) {
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
