import type { GetOrSetOptions } from '@lookaside/core'
import { describe, expect, test } from 'vitest'
import { memory } from '../backends.js'
import { settled } from '../behaviour/settled.js'
import { joining, memoryWorld, type Opened } from './claim-world.js'
import { heldLoad } from './held-load.js'

const named: GetOrSetOptions<string> = { tags: ['t'] }
const computed: GetOrSetOptions<string> = { tags: () => ['t'] }

/** Two processes, and a load of the first that is under way. */
async function loadUnderWay(options: GetOrSetOptions<string>, predicted: boolean) {
  const { world } = memoryWorld()
  const [here, there] = [
    world.open(memory, { guard: joining, grace: '1h' }),
    world.open(memory, { grace: '1h' }),
  ]
  if (predicted) {
    await here.cache.set('row', 'first', { tags: ['t'] })
    await here.cache.deleteTags(['t'])
  }
  const held = heldLoad<string>()
  const first = here.cache.getOrSet('row', held.load, options)
  await held.begun
  return { world, here, there, held, first }
}

const ways = [
  { way: 'a named tag', options: named, predicted: false },
  { way: 'a computed tag', options: computed, predicted: false },
  { way: 'a computed tag that the row had before', options: computed, predicted: true },
]

/** How many callers have shared a load. */
const shared = ({ cache }: Opened) => cache.stats().sharedLoads

describe.each(ways)('a load with $way', ({ options, predicted }) => {
  test('is shared by callers who come while nothing is invalidated', async () => {
    const { world, here, held, first } = await loadUnderWay(options, predicted)
    const late = here.cache.getOrSet('row', () => 'loaded twice', options)
    await world.clock.advance(0)
    held.finish('loaded once')
    await world.clock.advance(0)
    expect(await Promise.all([first, late])).toEqual(['loaded once', 'loaded once'])
    expect(shared(here)).toBe(1)
    expect(await here.cache.get('row')).toBe('loaded once')
  })

  test.each(['deleteTags', 'expireTags'] as const)(
    'is not what callers get who ask after %s in another process',
    async how => {
      const { world, here, there, held, first } = await loadUnderWay(options, predicted)
      const before = here.cache.getOrSet('row', () => 'loaded twice', options)
      await world.clock.advance(0)
      await there.cache[how](['t'])
      const after = here.cache.getOrSet('row', () => 'new', options)
      await world.clock.advance(0)
      held.finish('old')
      await world.clock.advance(0)
      expect(await first).toBe('old')
      expect(['old', 'loaded twice', 'new']).toContain(await before)
      expect(await after).not.toBe('old')
      expect(await here.cache.get('row')).not.toBe('old')
    },
  )

  test('is not what callers get who ask after an invalidation that came while it was being stored', async () => {
    const { world, here, there, held, first } = await loadUnderWay(options, predicted)
    here.store.delay(100, 'replace')
    held.finish('old')
    await world.clock.advance(50)
    await there.cache.deleteTags(['t'])
    const after = here.cache.getOrSet('row', () => 'new', options)
    await world.clock.advance(0)
    here.store.heal()
    await world.clock.advance(50)
    expect(await first).toBe('old')
    expect(await after).toBe('new')
    expect(await here.cache.get('row')).not.toBe('old')
  })

  test('is not what callers get who ask after an invalidation that came while its tags were looked up', async () => {
    const { world, here, there, held, first } = await loadUnderWay(options, predicted)
    // So that the load asks for the tokens again, if it ever does.
    const before = here.cache.getOrSet('row', () => 'loaded twice', options)
    await world.clock.advance(0)
    here.store.delay(100, { ops: ['get', 'getMany'], times: 2 })
    held.finish('old')
    await world.clock.advance(50)
    await there.cache.deleteTags(['t'])
    const after = here.cache.getOrSet('row', () => 'new', options)
    const done = settled(Promise.all([first, before, after]))
    for (let turn = 0; turn < 100 && !done(); turn++) await world.clock.advance(100)
    expect(await first).toBe('old')
    // Who asked before may be the one who has loaded it again.
    expect(['new', 'loaded twice']).toContain(await after)
  })
})

test('a load without a claim brings computed tags that nobody can vouch for: who joined it looks again', async () => {
  const { world } = memoryWorld()
  const [here, there] = [world.open(memory, { guard: joining }), world.open(memory)]
  const elsewhere = heldLoad<string>()
  const claimed = there.cache.getOrSet('row', elsewhere.load, computed)
  await elsewhere.begun
  const held = heldLoad<string>()
  const first = here.cache.getOrSet('row', held.load, computed)
  await held.begun
  await there.cache.deleteTags(['t'])
  const after = here.cache.getOrSet('row', () => 'new', computed)
  await world.clock.advance(0)
  held.finish('old')
  expect(await first).toBe('old')
  expect(await after).toBe('new')
  elsewhere.finish('old')
  expect(await claimed).toBe('old')
  expect(await here.cache.get('row')).toBeUndefined()
})

describe.each(ways)(
  'an invalidation that is half done when a load with $way ends',
  ({ options, predicted }) => {
    test.each(['delete', 'deleteMany'] as const)(
      'and waits in its %s, has ended it once it resolves',
      async op => {
        const { world, here, there, held, first } = await loadUnderWay(options, predicted)
        there.store.delay(100, op)
        const invalidating = there.cache.deleteTags(['t'])
        await world.clock.advance(50)
        held.finish('old')
        expect(await first).toBe('old')
        await world.clock.advance(100)
        expect(await invalidating).toBe(true)
        expect(await here.cache.get('row')).toBeUndefined()
        expect(await there.cache.get('row')).toBeUndefined()
      },
    )

    test.each([50, 150, 250, 350])('and comes %i ms into its look at the tokens, has ended it', async ms => {
      const { world, here, there, held, first } = await loadUnderWay(options, predicted)
      // Each read happens 100 ms after it was sent.
      here.store.delay(100, { ops: ['get', 'getMany'] })
      held.finish('old')
      await world.clock.advance(ms)
      expect(await there.cache.deleteTags(['t'])).toBe(true)
      here.store.heal()
      await world.clock.advance(1_000)
      expect(await first).toBe('old')
      expect(await here.cache.get('row')).toBeUndefined()
      expect(await there.cache.get('row')).toBeUndefined()
    })
  },
)
