/** Reads and checks the manifest, and starts the surfaces that it contributes. A surface that fails leaves the others running. */
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { z } from 'zod'
import { messageOf, RelayError } from '../relay/errors.ts'
import type { StartSurface, Surface, SurfaceHost, SurfaceMount } from './contract.ts'
import { Manifest } from './manifest-schema.ts'

export type Settings = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export interface LoadOptions {
  /** The project's folder, where `plugin.manifest.json` and `plugin/` are. */
  readonly root: URL
  /** By surface; what is absent has the manifest's default. */
  readonly settings: Settings
}

export interface LoadedPlugins extends AsyncDisposable {
  readonly manifest: Manifest
  readonly mounts: readonly SurfaceMount[]
  /** Surfaces that did not start, and why. */
  readonly failed: ReadonlyMap<string, string>
}

const keyPath = (path: readonly PropertyKey[]): string =>
  path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')

/** One sentence per issue: where, what is wrong, what would be right. */
function sentence(issue: z.core.$ZodIssue): string {
  const where = keyPath(issue.path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${where === '' ? key : `${where}.${key}`} is not a known key; remove it or correct its name`).join('; ')
  }
  return `${where === '' ? 'the whole' : where} is wrong: ${issue.message}`
}

const invalid = (file: string, reasons: string, cause?: unknown): RelayError =>
  new RelayError('manifest-invalid', `${file}: ${reasons}`, { cause })

/** PURE. What no schema of single keys can see. */
export function contradictions({ entry, contributes, configSchema }: Manifest): string[] {
  const known = new Set(Object.keys(entry.surfaces))
  const named = [
    ...contributes.playlists.map((each) => ['playlists', each] as const),
    ...contributes.guides.map((each) => ['guides', each] as const),
  ]
  return [
    ...named
      .filter(([, each]) => !known.has(each.surface))
      .map(([list, each]) => `contributes.${list}: surface "${each.surface}" is not in entry.surfaces; add it there`),
    ...named
      .filter(([, each]) => !each.path.startsWith(`/${each.surface}/`))
      .map(([list, each]) => `contributes.${list}: ${each.path} is not below /${each.surface}/; move it there`),
    ...Object.entries(entry.surfaces)
      .filter(([name, path]) => !path.startsWith(`plugin/${name}/`))
      .map(([name, path]) => `entry.surfaces.${name} is ${path}; expected plugin/${name}/${name}.ts`),
    ...Object.keys(configSchema.properties)
      .filter((name) => !known.has(name))
      .map((name) => `configSchema.properties.${name}: no such surface; remove it, or add it to entry.surfaces`),
  ]
}

/** @param text JSON, @param file what to call it in errors. @throws RelayError manifest-invalid */
export function parseManifest(text: string, file: string): Manifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid(file, `it is not JSON: ${messageOf(error)}`, error)
  }
  const parsed = Manifest.safeParse(value)
  if (!parsed.success) throw invalid(file, parsed.error.issues.map(sentence).join('; '), parsed.error)
  const contrary = contradictions(parsed.data)
  if (contrary.length > 0) throw invalid(file, contrary.join('; '))
  return parsed.data
}

/** A surface's settings with defaults. @throws RelayError config-invalid */
export function settingsOf(manifest: Manifest, surface: string, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const schema = manifest.configSchema.properties[surface]
  if (schema === undefined) return {}
  const parsed = z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema).safeParse(given)
  if (parsed.success) return parsed.data as Record<string, unknown>
  const reasons = parsed.error.issues.map((issue) => `${keyPath(['plugin', surface, ...issue.path])}: ${issue.message}`)
  throw new RelayError('config-invalid', reasons.join('; '), { cause: parsed.error })
}

/** The module beside this one; a package carries it as JavaScript, as we are then ourselves. */
async function importStart(root: URL, path: string): Promise<StartSurface> {
  const file = path.replace(/\.ts$/, extname(new URL(import.meta.url).pathname))
  const module = (await import(new URL(file, root).href)) as { readonly start?: unknown }
  if (typeof module.start !== 'function') throw invalid('plugin.manifest.json', `${path} exports no function named start`)
  return module.start as StartSurface
}

/** What was promised is served, and nothing outside the surface's own path. */
function checkMounts(manifest: Manifest, name: string, surface: Surface): void {
  const stray = surface.mounts.find(({ path }) => !path.startsWith(`/${name}/`))
  if (stray !== undefined) throw new Error(`it serves ${stray.path}, which is not below /${name}/`)
  const promised = [...manifest.contributes.playlists, ...manifest.contributes.guides].filter((each) => each.surface === name)
  const missing = promised.find(
    ({ path }) => !surface.mounts.some((mount) => mount.path === path || (mount.path.endsWith('/') && path.startsWith(mount.path))),
  )
  if (missing !== undefined) throw new Error(`the manifest promises ${missing.path}, which it does not serve`)
}

/** @throws RelayError manifest-invalid, config-invalid; a surface that fails to start is logged and listed instead */
export async function loadPlugins(host: SurfaceHost, options: LoadOptions, signal: AbortSignal): Promise<LoadedPlugins> {
  const file = new URL('plugin.manifest.json', options.root)
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw invalid('plugin.manifest.json', `it cannot be read: ${messageOf(error)}`, error)
  })
  const manifest = parseManifest(text, 'plugin.manifest.json')
  await using started = new AsyncDisposableStack()
  const mounts: SurfaceMount[] = []
  const failed = new Map<string, string>()
  for (const [name, path] of Object.entries(manifest.entry.surfaces)) {
    signal.throwIfAborted()
    const settings = settingsOf(manifest, name, options.settings[name] ?? {})
    try {
      const start = await importStart(options.root, path)
      const surface = started.use(await start(host, settings, signal))
      checkMounts(manifest, name, surface)
      mounts.push(...surface.mounts)
    } catch (error) {
      failed.set(name, messageOf(error))
      host.log.warn('a plug-in surface did not start', { surface: name, error: messageOf(error) })
    }
  }
  const running = started.move()
  return { manifest, mounts, failed, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
