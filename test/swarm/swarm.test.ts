import test from 'ava'
import { createLab, isContiguous } from './lab.ts'

test('a chain passes a channel on to a peer that has no connection to the source', async (t) => {
  await using lab = createLab()
  const source = await lab.peer('source', { knows: [], options: { role: 'source' } })
  using _live = lab.broadcast(source.swarm)
  const middle = await lab.peer('middle', { knows: ['source'] })
  const end = await lab.peer('end', { knows: ['middle'], options: { targetPartners: 1 } })
  lab.network.partition(['source'], ['end'], 'reset')
  const watch = lab.watch(end.swarm)
  await lab.clock.advance(10_000)
  t.true(watch.chunks.length > 100, `${watch.chunks.length} chunks`)
  t.true(isContiguous(watch.chunks))
  t.deepEqual(watch.gaps, [])
  t.true(watch.chunks[0]?.randomAccess)
  t.deepEqual(
    end.overlay.connections().map(({ peer }) => peer),
    ['middle'],
  )
  t.is(middle.swarm.snapshot().chunks.missed, 0)
})
