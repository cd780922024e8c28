/**
 * Numbers the chunks of a run. No number is ever used twice, also when the process is killed: numbers are reserved in batches, and what
 * is stored is never below what is used.
 */
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'

/** Where the last number that may have been used is kept. */
export interface LastSequence {
  /** 0 when there was none. */
  load(): Promise<number>
  save(sequence: number): Promise<void>
}

export interface Sequence extends AsyncDisposable {
  /** The first number of this run. */
  readonly epoch: number
  next(): number
}

/** At ten chunks a second a save every few minutes. */
const BATCH = 2000

/** The epoch is the wall clock in ms, or what follows the last number if that is later. Disposing stores the last number used. */
export async function openSequence(deps: { readonly store: LastSequence; readonly clock: Clock; readonly log: Log }): Promise<Sequence> {
  const { store, log } = deps
  const epoch = Math.max(deps.clock.now(), (await store.load()) + 1)
  let next = epoch
  let reserved = epoch + BATCH
  await store.save(reserved)
  let saving: Promise<void> = Promise.resolve()

  const reserve = (): void => {
    reserved += BATCH
    const upTo = reserved
    saving = saving
      .then(() => store.save(upTo))
      .catch((error: unknown) => log.error('the last chunk number was not saved', { error: messageOf(error) }))
  }

  return {
    epoch,
    next() {
      if (reserved - next < BATCH / 2) reserve()
      next += 1
      return next - 1
    },
    async [Symbol.asyncDispose]() {
      await saving
      await store.save(next - 1)
    },
  }
}
