import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import test from 'ava'

const root = new URL('..', import.meta.url).pathname

/** Who may import whom. A folder may always import itself and the files beside `relay/relay.ts` that import no folder. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  media: [],
  store: [],
  overlay: [],
  chunk: ['media'],
  wire: ['chunk'],
  swarm: ['wire', 'chunk', 'overlay/overlay.ts'],
  network: ['swarm', 'wire', 'chunk', 'overlay/overlay.ts'],
  broadcast: ['swarm', 'wire', 'chunk', 'media', 'network'],
  feed: ['chunk', 'media'],
  transcode: ['feed', 'chunk', 'media'],
  library: ['feed', 'store', 'transcode'],
  guide: ['store'],
  pvr: ['feed', 'store', 'guide', 'chunk', 'media'],
  dlna: ['media'],
  http: ['feed', 'media'],
}
const EVERYONE_MAY_IMPORT = ['abortable', 'clock', 'errors', 'events', 'log', 'random', 'supervise'].map((name) => `relay/${name}.ts`)
const COMPOSE_EVERYTHING = ['cli', 'compose', 'simulate']

/** Packages that live behind one folder or in one file. */
const FENCES: readonly { readonly package: RegExp; readonly at: RegExp }[] = [
  { package: /^(@libp2p\/|libp2p$|@multiformats\/|node-datachannel)/, at: /^relay\/overlay\// },
  { package: /^express$/, at: /^relay\/http\// },
  { package: /^node:sqlite$/, at: /^relay\/store\// },
  { package: /^node-ssdp$/, at: /^relay\/dlna\/node-ssdp\.ts$/ },
  { package: /^dlnacasts$/, at: /^relay\/dlna\/dlnacasts\.ts$/ },
  { package: /^fluent-ffmpeg$/, at: /^relay\/transcode\/fluent-ffmpeg\.ts$/ },
  { package: /^ffmpeg-static$/, at: /^relay\/transcode\/ffmpeg-static\.ts$/ },
]

const filesUnder = (folder: string): string[] =>
  readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name)
    if (name === 'node_modules' || name === 'dist') return []
    return statSync(join(root, path)).isDirectory() ? filesUnder(path) : /\.tsx?$/.test(name) && !name.endsWith('.d.ts') ? [path] : []
  })

/** Everything a file imports, as written. */
const importsOf = (text: string): string[] =>
  [...text.matchAll(/^(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]|\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  )

const relayFiles = filesUnder('relay')
const codeFiles = [...relayFiles, ...filesUnder('plugin')]

test('each folder of the relay imports only what the table allows', (t) => {
  const offences: string[] = []
  for (const file of relayFiles) {
    const [, folder, inside] = file.split('/')
    if (folder === undefined) continue
    const text = readFileSync(join(root, file), 'utf8')
    for (const specifier of importsOf(text).filter((name) => name.startsWith('.'))) {
      const target = relative(root, resolve(root, dirname(file), specifier))
      if (!existsSync(join(root, target))) offences.push(`${file} imports ${target}, which does not exist`)
      if (EVERYONE_MAY_IMPORT.includes(target)) continue
      if (inside === undefined) {
        // the files that everyone may import import no folder
        if (EVERYONE_MAY_IMPORT.includes(file) || file === 'relay/config.ts') offences.push(`${file} imports ${target}`)
        continue
      }
      if (COMPOSE_EVERYTHING.includes(folder) || target.startsWith(`relay/${folder}/`)) continue
      const allowed = MAY_IMPORT[folder]
      if (allowed === undefined) offences.push(`relay/${folder} is not in the table`)
      else if (!allowed.some((name) => target.startsWith(name.endsWith('.ts') ? `relay/${name}` : `relay/${name}/`)))
        offences.push(`${file} imports ${target}`)
    }
  }
  t.deepEqual(offences, [])
})

test('a plug-in sees the relay only through plugin/contract.ts', (t) => {
  const offences = filesUnder('plugin').flatMap((file) =>
    importsOf(readFileSync(join(root, file), 'utf8'))
      .filter((name) => name.startsWith('.'))
      .map((name) => relative(root, resolve(root, dirname(file), name)))
      .filter((target) => !target.startsWith('plugin/') && !EVERYONE_MAY_IMPORT.includes(target))
      .map((target) => `${file} imports ${target}`),
  )
  t.deepEqual(offences, [])
})

test('each borrowed package stays behind its fence', (t) => {
  const offences: string[] = []
  const seen = new Set<RegExp>()
  for (const file of codeFiles)
    for (const specifier of importsOf(readFileSync(join(root, file), 'utf8')))
      for (const fence of FENCES)
        if (fence.package.test(specifier)) {
          seen.add(fence.package)
          if (!fence.at.test(file)) offences.push(`${file} imports ${specifier}`)
        }
  t.deepEqual(offences, [])
  t.is(seen.size, FENCES.length, 'every fence has something behind it')
})

test('no file is an index, and no folder is called utils', (t) => {
  t.deepEqual(
    codeFiles.filter((file) => /(^|\/)(index\.tsx?$|utils?\/)/.test(file)),
    [],
  )
})
