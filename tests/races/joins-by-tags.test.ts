import { singleFlight } from '@lookaside/stampede-guard'
import { describe, expect, test } from 'vitest'
import { cutOff } from '../behaviour/cut-off.js'

/** A database of one row, whose answers wait until they are let go. */
function slowRow() {
  const waiting: (() => void)[] = []
  const row = { value: 'old' }
  const load = () => {
    const read = row.value
    return new Promise<string>(resolve => waiting.push(() => resolve(read)))
  }
  return { row, load, waiting }
}

describe('A caller that comes after a tag was invalidated elsewhere does not get what was loaded before', () => {
  test('though the load could not make a token for its tag, and so neither of them has seen one', async () => {
    const { cache, store, other, clock } = cutOff({ guard: singleFlight() })
    const { row, load, waiting } = slowRow()
    store.fail(undefined, { ops: ['add'], times: 1 })
    const first = cache.getOrSet('k', load, { tags: ['t'] })
    await clock.advance(0)
    row.value = 'new'
    await other.deleteTags(['t'])
    const second = cache.getOrSet('k', load, { tags: ['t'] })
    for (let turn = 0; turn < 5; turn++) {
      await clock.advance(0)
      for (const answer of waiting.splice(0)) answer()
    }
    expect([await first, await second]).toEqual(['old', 'new'])
  })

  test('though what its tags are worth could not be found out in the end', async () => {
    const { cache, store, other, clock } = cutOff({ guard: singleFlight() })
    const { row, load, waiting } = slowRow()
    const tags = () => ['t']
    const first = cache.getOrSet('k', load, { tags })
    await clock.advance(0)
    row.value = 'new'
    await other.deleteTags(['t'])
    const second = cache.getOrSet('k', load, { tags })
    await clock.advance(0)
    store.fail(undefined, { ops: ['get', 'getMany'], times: 1 })
    for (let turn = 0; turn < 5; turn++) {
      for (const answer of waiting.splice(0)) answer()
      await clock.advance(0)
    }
    expect([await first, await second]).toEqual(['old', 'new'])
  })
})
