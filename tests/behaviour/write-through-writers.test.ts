import { writeThrough } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Backend, backends, memory, newPrefix, openCache } from '../backends.js'
import { heldWrite } from '../writing/held-write.js'
import { observedCache } from './observed-cache.js'

const CLAIM_TTL = 5_000

describe.each(backends)('Two writers of one key on $name', (backend: Backend) => {
  /** Two writes that both have begun; whoever finishes last has not committed last, necessarily. */
  async function overlapping() {
    const prefix = newPrefix()
    const one = openCache(backend, { prefix })
    const two = backend.kind === 'local' ? one : openCache(backend, { prefix })
    const row = { value: 'old' }
    await one.set('row', 'old')
    const [first, second] = [heldWrite(row, 'first'), heldWrite(row, 'second')]
    const writes = { first: writeThrough(one, 'row', 'first', first.write), second: Promise.resolve('') }
    await first.begun
    writes.second = writeThrough(two, 'row', 'second', second.write)
    await second.begun
    return { one, two, row, first, second, writes }
  }

  it.each([
    { commits: ['first', 'second'], ends: ['first', 'second'] },
    { commits: ['first', 'second'], ends: ['second', 'first'] },
    { commits: ['second', 'first'], ends: ['first', 'second'] },
    { commits: ['second', 'first'], ends: ['second', 'first'] },
  ] as const)(
    'who commit as $commits and end as $ends leave nothing but the winner',
    async ({ commits, ends }) => {
      const world = await overlapping()
      for (const name of commits) world[name].commit()
      for (const name of ends) {
        world[name].finish()
        expect(await world.writes[name]).toBe('written')
      }
      for (const cache of [world.one, world.two]) {
        expect([undefined, world.row.value]).toContain(await cache.get('row'))
        expect(await cache.getOrSet('row', () => world.row.value)).toBe(commits[1])
      }
    },
  )

  it('leave the key to the next reader as soon as both have ended', async () => {
    const { one, two, row, first, second, writes } = await overlapping()
    second.finish()
    await writes.second
    first.finish()
    await writes.first
    expect(await two.getOrSet('row', () => row.value)).toBe(row.value)
    expect(await one.get('row')).toBe(row.value)
    await writeThrough(one, 'row', 'third', () => {})
    expect(await two.get('row')).toBe('third')
  })

  it('of which one rejects leave the value of neither', async () => {
    const { one, two, first, second, writes } = await overlapping()
    first.commit()
    first.fail(new Error('connection lost during COMMIT'))
    await expect(writes.first).rejects.toThrow('connection lost')
    second.finish()
    expect(await writes.second).toBe('written')
    expect(await one.get('row')).toBeUndefined()
    expect(await two.get('row')).toBeUndefined()
  })

  it('of different keys are not in each other’s way', async () => {
    const { cache } = observedCache(backend)
    const [a, b] = [heldWrite({ value: '' }, 'a'), heldWrite({ value: '' }, 'b')]
    const writes = [writeThrough(cache, 'a', 'a', a.write), writeThrough(cache, 'b', 'b', b.write)]
    await Promise.all([a.begun, b.begun])
    a.finish()
    b.finish()
    await Promise.all(writes)
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map(Object.entries({ a: 'a', b: 'b' })))
  })
})

describe('A writer that dies', () => {
  /** Two processes on one server; what the first has begun it never ends, nor does it renew anything. */
  async function dead(options: { readonly guard?: ReturnType<typeof stampedeGuard> } = {}) {
    const clock = new ManualClock()
    const prefix = newPrefix()
    const { now, monotonic, random } = clock
    const stopped = {
      now,
      monotonic,
      random,
      timer: () => () => {},
      sleep: () => new Promise<void>(() => {}),
    }
    const store = memory.openStore(clock)
    const own = { prefix, claimTtl: CLAIM_TTL, ttl: '1h' } as const
    const dying = openCache(memory, { ...own, store, clock: stopped, storeTimeout: '1d' })
    const living = openCache(memory, { ...own, ...options, clock })
    const row = { value: 'old' }
    await living.set('row', 'old')
    const held = heldWrite(row, 'new')
    writeThrough(dying, 'row', 'new', held.write).catch(() => {})
    await held.begun
    // Only then can it be closed.
    onTestFinished(() => held.fail(new Error('the test is over')))
    return { clock, dying, living, row, held }
  }

  it.each(['before its commit', 'after its commit'])(
    '%s leaves no value, and the key free after its claim',
    async when => {
      const { clock, living, row, held } = await dead()
      if (when === 'after its commit') held.commit()
      const read = () => row.value
      await clock.advance(CLAIM_TTL - 1)
      expect(await living.get('row')).toBeUndefined()
      expect(await living.getOrSet('row', read)).toBe(row.value)
      expect(await living.get('row')).toBeUndefined()
      await clock.advance(1)
      expect(await living.getOrSet('row', read)).toBe(row.value)
      expect(await living.get('row')).toBe(row.value)
    },
  )

  it('is waited for by readers with a guard no longer than its claim lasts', async () => {
    const { clock, living, held } = await dead({ guard: stampedeGuard({ claimed: { wait: '1m' } }) })
    held.commit()
    const reading = living.getOrSet('row', () => 'new')
    await clock.advance(CLAIM_TTL + 100)
    expect(await reading).toBe('new')
    expect(await living.get('row')).toBe('new')
  })

  it.each(['resolves', 'rejects'])(
    'does not keep the key from others once a writer after it %s',
    async how => {
      const { living, row, held } = await dead()
      held.commit()
      const writing = writeThrough(living, 'row', 'newer', () => {
        row.value = 'newer'
        if (how === 'rejects') throw new Error('deadlock')
      })
      await writing.catch(() => {})
      // Nobody can tell from the cache which of the two committed last.
      expect(await living.get('row')).toBeUndefined()
      expect(await living.getOrSet('row', () => row.value)).toBe('newer')
      expect(await living.get('row')).toBe('newer')
      await writeThrough(living, 'row', 'newest', () => {})
      expect(await living.get('row')).toBe('newest')
    },
  )

  it('is forgotten once its claim has passed: the next writer stores again', async () => {
    const { clock, living, row } = await dead()
    await clock.advance(CLAIM_TTL)
    await writeThrough(living, 'row', 'newer', () => {
      row.value = 'newer'
    })
    expect(await living.get('row')).toBe('newer')
  })
})
