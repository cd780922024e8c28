/**
 * A relay that only records, for tests that kill it: `recording-relay.ts DATA MEDIA BEGAN [LENGTH]`. The channel is MEDIA cut into chunks,
 * one every CHUNK_MS since BEGAN (ms; `now`: since this process is ready), whether this process lives or not. Starts a recording, of
 * LENGTH ms if it is given, when there is none; prints a line when the recording is another one, and leaves when it is closed.
 */
import { join } from 'node:path'
import { openFeed } from '../../relay/feed/feed.ts'
import type { FeedItem } from '../../relay/feed/source.ts'
import { startTuner } from '../../relay/feed/tuner.ts'
import { systemClock } from '../../relay/clock.ts'
import { silentLog } from '../../relay/log.ts'
import { startRecorder } from '../../relay/pvr/recorder.ts'
import { systemRandom } from '../../relay/random.ts'
import { openStore } from '../../relay/store/store.ts'
import { chunksOf } from './media-chunks.ts'

const [data = '', media = '', beginning = 'now', length] = process.argv.slice(2)
const began = beginning === 'now' ? systemClock.now() : Number(beginning)
const chunks = chunksOf(media, began)

async function* items(signal: AbortSignal): AsyncGenerator<FeedItem> {
  const cut = chunks.filter((chunk) => chunk.time <= systemClock.now())
  const start = cut.findLastIndex((chunk) => chunk.randomAccess)
  for (const chunk of chunks.slice(Math.max(start, 0))) {
    await systemClock.sleep(Math.max(chunk.time - systemClock.now(), 0), signal)
    yield { kind: 'chunk', chunk }
  }
}

await using store = await openStore(join(data, 'tributary.sqlite'))
await using tuner = startTuner({
  join(channel) {
    const feed = openFeed({ source: { items }, clock: systemClock, log: silentLog, channel })
    return Promise.resolve({ feed, [Symbol.asyncDispose]: () => feed[Symbol.asyncDispose]() })
  },
  render: () => Promise.reject(new Error('nothing is rendered here')),
  clock: systemClock,
  log: silentLog,
  lingerMs: 0,
})
await using recorder = await startRecorder({
  tuner,
  store,
  dir: join(data, 'recordings'),
  reserveBytes: 0,
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
})
const closed = Promise.withResolvers<void>()
const tell = (): void => {
  const list = recorder.list().map((recording) => ({ ...recording, path: recorder.file(recording.id)?.path }))
  process.stdout.write(`${JSON.stringify({ began, list })}\n`)
  if (list.every(({ capture }) => capture.kind === 'done' || capture.kind === 'failed')) closed.resolve()
}
using _listening = recorder.events.on('changed', tell)
if (recorder.list().length === 0) {
  const until = length === undefined ? undefined : systemClock.now() + Number(length)
  await recorder.record({ channel: 'a'.repeat(52), channelName: 'One', until })
}
tell()
await closed.promise
