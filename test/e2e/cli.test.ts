/** What the command line says when it is used wrongly, or the machine is not as it should be: one sentence, the right exit code, nothing left. */
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { run, runToEnd, temporaryFolder, type Ended } from '../harness/processes.ts'

const QUIET_PLACE = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-webrtc']
const RELAY = ['--http-host', '127.0.0.1', '--http-port', '0', '--no-dlna', ...QUIET_PLACE]

/** The words after `tributary: `; log lines before them do not count. */
const sentenceOf = ({ stderr }: Ended): string =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith('tributary: '))
    .join('\n')
    .slice('tributary: '.length)

const refused = (t: ExecutionContext, ended: Ended, code: number, sentence: RegExp): void => {
  t.is(ended.code, code, ended.stderr)
  t.regex(sentenceOf(ended), sentence)
  t.is(sentenceOf(ended).split('\n').length, 1, 'it is one sentence')
  t.is(ended.stdout, '')
}

async function network(folder: string): Promise<string> {
  const dir = join(folder, 'network')
  const made = await runToEnd(['network', 'create', dir, '--name', 'Valley', '--channel', 'News'])
  if (made.code !== 0) throw new Error(made.stderr)
  return dir
}
const broadcast = (dir: string, input: string, ...more: readonly string[]): readonly string[] => [
  'broadcast',
  '--network',
  dir,
  '--channel',
  'News',
  '--input',
  input,
  ...QUIET_PLACE,
  ...more,
]

test.serial('the help lists only commands that exist, and each has a page of its own', async (t) => {
  const overview = await runToEnd(['--help'])
  t.is(overview.code, 0)
  const names = [...overview.stdout.matchAll(/^ {2}(\w+) /gm)].map((match) => match[1] ?? '')
  t.deepEqual(names, ['relay', 'join', 'channels', 'record', 'broadcast', 'network', 'bootstrap', 'doctor'])
  for (const name of names) {
    const page = await runToEnd([name, '--help'])
    t.is(page.code, 0)
    t.regex(page.stdout, new RegExp(`Example: tributary ${name}`))
  }
})

test.serial('an unknown flag and an unknown command are usage errors', async (t) => {
  refused(t, await runToEnd(['relay', '--htp-port', '1']), 2, /^relay has no flag --htp-port; did you mean --http-port\?/)
  refused(t, await runToEnd(['reply']), 2, /^there is no command reply; did you mean relay\?/)
  refused(t, await runToEnd(['relay', '--http-port', 'many']), 2, /^--http-port is "many"; expected a port from 0 to 65535/)
})

test.serial('a key in config.yaml that is not known is named', async (t) => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'config.yaml'), 'http:\n  prot: 80\n')
  refused(t, await runToEnd(['relay', '--data', folder.path, ...RELAY]), 2, /config\.yaml: the key http\.prot is not known/)
})

test.serial('a port in use is named with what to do, and no relay is half there', async (t) => {
  await using folder = await temporaryFolder()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = String(typeof address === 'object' ? address?.port : 0)
  const ended = await runToEnd(['relay', '--data', join(folder.path, 'data'), ...RELAY, '--http-port', port])
  refused(t, ended, 1, new RegExp(`port ${port}.*(in use|taken).*--http-port`, 'i'))
  t.false(existsSync(join(folder.path, 'data', 'run.json')))
  const overlay = await runToEnd(['bootstrap', '--data', join(folder.path, 'node'), '--no-mdns', '--listen', `/ip4/127.0.0.1/tcp/${port}`])
  refused(t, overlay, 1, new RegExp(`${port}.*--listen`))
  await new Promise((resolve) => server.close(resolve))
})

test.serial('a data folder that cannot be written is named, and nothing is made', async (t) => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'file')
  await writeFile(file, '')
  refused(t, await runToEnd(['relay', '--data', join(file, 'data'), ...RELAY]), 1, /^the data folder .* cannot be written .*--data$/)
  t.deepEqual(await readdir(folder.path), ['file'])
})

test.serial('a second relay on the same data is refused', async (t) => {
  await using folder = await temporaryFolder()
  await using first = await run(['relay', '--data', folder.path, ...RELAY])
  t.is(first.ready['data'], folder.path)
  refused(t, await runToEnd(['relay', '--data', folder.path, ...RELAY]), 1, /^a relay already runs on .*--data$/)
})

test.serial('a catalogue with a wrong signature is not broadcast', async (t) => {
  await using folder = await temporaryFolder()
  const dir = await network(folder.path)
  const file = join(dir, 'catalogue.signed')
  const bytes = await readFile(file)
  bytes[bytes.length - 5] = (bytes[bytes.length - 5] as number) ^ 1
  await writeFile(file, bytes)
  const ended = await runToEnd(broadcast(dir, 'test:'))
  refused(t, ended, 1, /catalogue\.signed is refused: .*signature.*delete it, and it is signed anew/)
})

test.serial('a join link cut short is refused, and nothing is joined', async (t) => {
  await using folder = await temporaryFolder()
  const shown = await runToEnd(['network', 'show', await network(folder.path), '--json'])
  const link = String((JSON.parse(shown.stdout) as { link: string }).link)
  const data = join(folder.path, 'data')
  for (const length of [12, 40, link.length - 1])
    refused(t, await runToEnd(['join', link.slice(0, length), '--data', data, ...QUIET_PLACE]), 1, /link/)
  t.false(existsSync(join(data, 'networks')) && (await readdir(join(data, 'networks'))).length > 0)
})

test.serial('a network is not made in a folder that holds something', async (t) => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'letter'), 'dear')
  refused(t, await runToEnd(['network', 'create', folder.path, '--name', 'N', '--channel', 'C']), 1, /is not empty/)
  t.deepEqual(await readdir(folder.path), ['letter'])
})

test.serial('without ffmpeg a test card is refused with how to get one', async (t) => {
  await using folder = await temporaryFolder()
  const dir = await network(folder.path)
  // a PATH without ffmpeg, and no packaged one either
  const ended = await runToEnd([...broadcast(dir, 'test:'), '--ffmpeg', join(folder.path, 'nothing')], { PATH: '/nowhere' })
  refused(t, ended, 1, /ffmpeg.*(install|name)/i)
})

test.serial('a source that does not exist, and one that is no media, are told apart', async (t) => {
  await using folder = await temporaryFolder()
  const dir = await network(folder.path)
  refused(t, await runToEnd(broadcast(dir, join(folder.path, 'no.ts'))), 1, /no\.ts/)
  const letter = join(folder.path, 'letter.ts')
  await writeFile(letter, 'dear reader, '.repeat(2_000))
  refused(t, await runToEnd(broadcast(dir, letter)), 1, /letter\.ts/)
})

test.serial('a source that stalls ends the broadcast with what to look at', async (t) => {
  await using folder = await temporaryFolder()
  const dir = await network(folder.path)
  const silent = createServer(() => {}) // takes connections and says nothing
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/live.ts`
  refused(t, await runToEnd(broadcast(dir, url)), 1, /live\.ts.* 10 s/)
  silent.close()
})

test.serial('doctor finds what is wrong with a machine, and says how to mend it', async (t) => {
  await using folder = await temporaryFolder()
  const { code, stdout } = await runToEnd([
    'doctor',
    '--data',
    join(folder.path, 'data'),
    '--http-port',
    '0',
    '--ffmpeg',
    '/nowhere/ffmpeg',
  ])
  t.is(code, 1)
  t.regex(stdout, /^BAD {3}ffmpeg .*\n +to mend it: /m)
  t.regex(stdout, /^ok {4}Node +v/m)
})
