import { threadId } from 'node:worker_threads'
import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { ExecutionContext } from 'ava'

/** Where a program is on the PATH. */
export function findTool(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // look in the next one
    }
  }
  return undefined
}

/**
 * True when the test may go on. Without the tool the test is skipped and says so by name; under CI a missing tool is a failure.
 * Use: `if (!needs(t, 'gmediarender')) return`
 */
export function needs(t: ExecutionContext, ...tools: readonly string[]): boolean {
  return present(
    t,
    tools.filter((name) => findTool(name) === undefined).map((name) => `${name} is not installed`),
  )
}

/** Why no network namespace can be entered here; undefined: one can. Root may make them, but not, for one, in a bare chroot. */
function noNamespaces(): string | undefined {
  if (findTool('ip') === undefined) return 'ip is not installed'
  const name = `tributary-probe-${process.pid}-${threadId}`
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'pipe' })
  } catch {
    return 'network namespaces need root'
  }
  try {
    execFileSync('ip', ['netns', 'exec', name, 'true'], { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return `network namespaces cannot be entered here (${String((error as { stderr?: Buffer }).stderr).trim()})`
  } finally {
    execFileSync('ip', ['netns', 'del', name], { stdio: 'pipe' })
  }
}

/** The same for network namespaces. */
export function needsNamespaces(t: ExecutionContext): boolean {
  const reason = noNamespaces()
  return present(t, reason === undefined ? [] : [reason])
}

function present(t: ExecutionContext, missing: readonly string[]): boolean {
  if (missing.length === 0) return true
  const message = `skipped "${t.title}": ${missing.join(', ')}`
  if (process.env['CI'] === undefined || process.env['CI'] === '' || process.env['CI'] === 'false') {
    t.log(message)
    t.pass(message)
  } else {
    t.fail(message)
  }
  return false
}
