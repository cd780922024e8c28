/**
 * Where the process begins and ends. What Node makes of the sources (types stripped, code compiled) is kept in `.cache/`, which saves a
 * second at the start and 20 MB while it runs; so nothing of ours may be loaded before that is switched on.
 */
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

/** How long handles that libraries forgot may keep the process: everything that we acquired has been disposed by then. */
const LIBRARY_GRACE_MS = 500

enableCompileCache(fileURLToPath(new URL('../.cache/compiled/', import.meta.url)))
const { runCommandLine } = await import('./cli/run.ts')
process.exitCode = await runCommandLine(process.argv.slice(2))
setTimeout(() => process.exit(), LIBRARY_GRACE_MS).unref()
