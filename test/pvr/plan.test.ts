import test from 'ava'
import fc from 'fast-check'
import { folderName, isPlainName, safeTitle } from '../../relay/pvr/names.ts'
import { durationOf, END_GRACE_MS, GIVE_UP_MS, isOver, MAX_GAPS, planChunk, planGap, planLost, planResume } from '../../relay/pvr/plan.ts'

const chunk = (sequence: number, randomAccess = false) => ({ sequence, time: sequence * 100, randomAccess })

test('a recording is over when our clock and the chunks say so, or when the chunks take too long', (t) => {
  t.false(isOver(undefined, 1e15, 1e15))
  t.false(isOver(10_000, 9_999, 99_999), 'a source whose clock is ahead ends nothing early')
  t.false(isOver(10_000, 10_500, 9_900))
  t.true(isOver(10_000, 10_500, 10_000))
  t.true(isOver(10_000, 10_000 + END_GRACE_MS, 5_000))
})

test('a channel that cannot be had is asked for again until the planned end, or for five minutes, or not at all', (t) => {
  const view = { until: undefined, now: 1_000, since: 1_000, hasBegun: false, resumed: false }
  t.deepEqual(planLost(view), { kind: 'failed' })
  t.deepEqual(planLost({ ...view, until: 2_000 }), { kind: 'retry' })
  t.deepEqual(planLost({ ...view, until: 1_000 }), { kind: 'failed' })
  t.deepEqual(planLost({ ...view, hasBegun: true }), { kind: 'retry' })
  t.deepEqual(planLost({ ...view, hasBegun: true, now: 1_000 + GIVE_UP_MS }), { kind: 'done', reason: 'off-air' })
  t.deepEqual(planLost({ ...view, hasBegun: true, resumed: true, now: 1_000 + GIVE_UP_MS }), { kind: 'done', reason: 'relay-stopped' })
  t.deepEqual(planLost({ ...view, hasBegun: true, until: 1_000 }), { kind: 'done', reason: 'reached-end' })
})

test('a file that ends between two appends is torn there, with a time between theirs', (t) => {
  const row = { firstTime: 0, written: { bytes: 1_000, time: 500, sequence: 5 }, writing: { bytes: 2_000, time: 1_000, sequence: 10 } }
  t.deepEqual(planResume(row, 2_000), { mark: row.writing, torn: false })
  t.deepEqual(planResume(row, 1_000), { mark: row.written, torn: false })
  t.deepEqual(planResume(row, 1_500), { mark: { bytes: 1_500, time: 750, sequence: 10 }, torn: true })
  t.deepEqual(planResume(row, 500), { mark: { bytes: 500, time: 250, sequence: 5 }, torn: true }, 'a power cut took what was written')
  t.deepEqual(planResume({ ...row, written: undefined }, 500), { mark: { bytes: 500, time: 250, sequence: 10 }, torn: true })
  t.is(planResume({ firstTime: undefined, written: undefined, writing: undefined }, 0), undefined)
})

test('nothing is recorded twice, and after a loss the next chunk begins with a random access point', (t) => {
  const seam = { last: chunk(5), torn: false, missing: undefined }
  t.deepEqual(planChunk(seam, chunk(5)), { kind: 'drop' })
  t.deepEqual(planChunk(seam, chunk(9)), { kind: 'append' }, 'the feed has told the gap itself')
  const broken = { ...seam, missing: 'relay-stopped' } as const
  t.deepEqual(planChunk(broken, chunk(6)), { kind: 'append' }, 'it goes on where the file ends: nothing is missing')
  t.deepEqual(planChunk(broken, chunk(8)), { kind: 'drop' })
  t.deepEqual(planChunk(broken, chunk(9, true)), { kind: 'append-after', gap: { began: 500, ended: 900, cause: 'relay-stopped' } })
  t.deepEqual(planChunk({ ...broken, torn: true }, chunk(6)), { kind: 'drop' })
})

test('the length of a recording is without its gaps, those at its ends among them', (t) => {
  const row = {
    firstTime: 1_000,
    gaps: [
      { began: 2_000, ended: 3_000, cause: 'not-received' } as const,
      { began: 9_000, ended: 20_000, cause: 'relay-stopped' } as const,
    ],
  }
  t.is(durationOf(row, { bytes: 1, time: 10_000, sequence: 1 }), 7)
  t.is(durationOf(row, undefined), 0)
  t.is(durationOf({ firstTime: undefined, gaps: [] }, undefined), 0)
})

test('a list of gaps that is full gets a longer last gap', (t) => {
  const gap = { began: 1, ended: 2, cause: 'not-received' } as const
  t.is(planGap([], gap).kind, 'add')
  t.deepEqual(
    planGap(
      Array.from({ length: MAX_GAPS }, () => gap),
      { ...gap, began: 8, ended: 9 },
    ),
    { kind: 'extend', gap: { ...gap, ended: 9 } },
  )
})

test('a relay killed twice with nothing on disk between leaves one gap, not two', (t) => {
  const first = { began: 1_000, ended: 4_000, cause: 'relay-stopped' } as const
  t.deepEqual(planGap([first], { began: 1_000, ended: 9_000, cause: 'relay-stopped' }), { kind: 'extend', gap: { ...first, ended: 9_000 } })
  t.is(planGap([first], { began: 4_000, ended: 9_000, cause: 'relay-stopped' }).kind, 'add')
})

test('a title becomes a name that every file system takes', (t) => {
  t.is(safeTitle('Tatort: Wer ist "K."? <1/2>'), 'Tatort Wer ist K. 1 2')
  t.is(safeTitle('../../etc/passwd'), 'etc passwd')
  t.is(safeTitle(' ... '), 'Recording')
  t.is(safeTitle('a\u0000b\u202Ec\nd'), 'a b c d')
  t.is(safeTitle('日本語のタイトル'), '日本語のタイトル')
  t.true(Buffer.byteLength(safeTitle('👩‍👩‍👧‍👦'.repeat(50))) <= 96)
  t.regex(folderName({ title: 'News', start: Date.UTC(2026, 0, 31, 12, 5), id: 'abcdefgh' }), /^News 20\d\d-\d\d-\d\d \d\d\.\d\d abcdefgh$/)
})

test('whatever the title, the name is plain, short, and the same when made twice', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (title) => {
      const name = folderName({ title, start: 0, id: 'abcdefgh' })
      return (
        isPlainName(name) &&
        Buffer.byteLength(`${name}.ts.part`) <= 143 &&
        /^[^<>:"/\\|?*.\s\p{C}]/u.test(name) &&
        safeTitle(safeTitle(title)) === safeTitle(title)
      )
    }),
  )
  t.pass()
})
