import type { Cache, LoadContext } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { settled } from '../../../tests/behaviour/settled.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { claimed } from '../src/index.js'
import { limited, limitedInUse } from './limited.js'

const endless = () => new Promise<string>(() => {})

/** Asks for a key with a loader that ends in one way or another. */
type Ending = (cache: Cache, query: (context: LoadContext) => Promise<string>) => Promise<unknown>

const endings: [string, Ending][] = [
  ['has loaded', (cache, query) => cache.getOrSet('a', query)],
  ['has rejected', cache => cache.getOrSet('a', () => Promise.reject(new Error('no such table')))],
  [
    'has thrown',
    cache =>
      cache.getOrSet('a', () => {
        throw new Error('no such table')
      }),
  ],
  [
    'is not stored',
    (cache, query) =>
      cache.getOrSet('a', context => {
        context.noStore()
        return query(context)
      }),
  ],
  [
    'is not stored since its key was deleted',
    (cache, query) => {
      const loading = cache.getOrSet('a', query)
      setImmediate(() => void cache.delete('a'))
      return loading
    },
  ],
  ['was forced', (cache, query) => cache.getOrSet('a', query, { refresh: true })],
  ['has run into the hardTimeout', cache => cache.getOrSet('a', endless, { hardTimeout: 50 })],
  [
    'has lost its last caller',
    cache => {
      const leaving = new AbortController()
      const loading = cache.getOrSet('a', endless, { signal: leaving.signal })
      setImmediate(() => leaving.abort())
      return loading
    },
  ],
]

describe('A place is free again', () => {
  it.each(endings)('when the load that had it %s', async (_, ask) => {
    const { cache, clock, database } = await limitedInUse({ concurrency: 1, queue: 0 })
    const loading = ask(cache, database.query).catch(() => {})
    await clock.advance(100)
    await loading
    await clock.advance(0)
    const next = cache.getOrSet('b', database.query)
    await clock.advance(100)
    expect(await next).toBe('row b')
  })

  it.each(['fail', 'hang'] as const)('when a load could not store its value: its calls %s', async fault => {
    const { cache, store, clock, database } = await limitedInUse({ concurrency: 1 }, { storeTimeout: 200 })
    store[fault]({ ops: ['replace'] })
    const calls = ['a', 'b'].map(key => cache.getOrSet(key, database.query))
    await clock.advance(600)
    expect(await Promise.all(calls)).toEqual(['row a', 'row b'])
    expect(database.most).toBe(1)
  })

  it('when a load found the value stored that it was about to load', async () => {
    const { cache, store, open, clock, database } = await limitedInUse({ concurrency: 1, queue: 0 })
    store.delay(50, { ops: ['add'], times: 1 })
    const late = cache.getOrSet('a', database.query)
    await clock.advance(0)
    await open({ guard: claimed() }).cache.getOrSet('a', () => 'from elsewhere')
    await clock.advance(50)
    expect(await late).toBe('from elsewhere')
    const next = cache.getOrSet('b', database.query)
    await clock.advance(100)
    expect(await next).toBe('row b')
    expect(database.asked).toEqual(['b'])
  })

  it('when the cache whose load had it was closed', async () => {
    const { cache, open, clock, database } = await limitedInUse({ concurrency: 1, queue: 0 })
    const lost = open()
    const loading = lost.cache.getOrSet('a', endless).catch(({ code }) => code)
    await clock.advance(0)
    await expect(cache.getOrSet('b', database.query)).rejects.toMatchObject({ code: 'ERR_CACHE_LOAD_LIMIT' })
    const closing = lost.cache.close()
    await clock.advance(5_000)
    await closing
    expect(await loading).toBe('ERR_CACHE_CLOSED')
    const next = cache.getOrSet('b', database.query)
    await clock.advance(100)
    expect(await next).toBe('row b')
  })
})

describe('Who waits for a load of another process', () => {
  /** Another process loads `a` for as long as the test likes; `query` counts what is loaded here. */
  async function loadedElsewhere() {
    const here = limited({ concurrency: 1, queue: 0 })
    const elsewhere = here.open({ guard: claimed({ ttl: '1s' }), storeTimeout: 200 })
    const held = heldLoad<string>()
    const loading = elsewhere.cache.getOrSet('a', held.load).catch(() => {})
    await held.begun
    const finish = () => {
      held.finish('from elsewhere')
      return loading
    }
    return { ...here, elsewhere, finish }
  }

  it('takes no place', async () => {
    const { cache, trace, clock, database, finish } = await loadedElsewhere()
    const waiting = cache.getOrSet('a', database.query)
    await clock.advance(0)
    expect(trace.types()).toEqual(['miss', 'claim-wait'])
    const other = cache.getOrSet('b', database.query)
    await clock.advance(100)
    expect(await other).toBe('row b')
    await finish()
    await clock.advance(50)
    expect(await waiting).toBe('from elsewhere')
    expect(database.asked).toEqual(['b'])
  })

  it('takes none while all places are taken, and no room in the line either', async () => {
    const { cache, clock, database, finish } = await loadedElsewhere()
    const other = cache.getOrSet('b', database.query)
    await clock.advance(0)
    const waiting = cache.getOrSet('a', database.query)
    const done = settled(other)
    await clock.advance(40)
    await finish()
    await clock.advance(50)
    expect(await waiting).toBe('from elsewhere')
    expect(done()).toBe(false)
    await clock.advance(10)
    expect(await other).toBe('row b')
  })

  it('gives back the place that it took before it knew', async () => {
    const { cache, store, trace, open, clock, database } = limited({ concurrency: 1, queue: 0 })
    store.delay(50, { ops: ['add'], times: 1 })
    const waiting = cache.getOrSet('a', database.query)
    await clock.advance(0)
    const held = heldLoad<string>()
    const elsewhere = open({ guard: claimed() }).cache.getOrSet('a', held.load)
    await held.begun
    await expect(cache.getOrSet('b', database.query)).rejects.toMatchObject({ code: 'ERR_CACHE_LOAD_LIMIT' })
    await clock.advance(50)
    expect(trace.types().at(-1)).toBe('claim-wait')
    const other = cache.getOrSet('b', database.query)
    await clock.advance(100)
    expect(await other).toBe('row b')
    held.finish('from elsewhere')
    await clock.advance(50)
    expect(await Promise.all([waiting, elsewhere])).toEqual(['from elsewhere', 'from elsewhere'])
    expect(database.asked).toEqual(['b'])
  })

  it.each(['has died', 'takes longer than the wait'])('needs a place once that %s', async reason => {
    const { cache, elsewhere, clock, database, finish } = await loadedElsewhere()
    const waiting = cache.getOrSet('a', database.query).catch(({ code }) => code)
    if (reason === 'has died') elsewhere.store.hang()
    // The time of the claim, or of the wait.
    await clock.advance((reason === 'has died' ? 1_000 : 10_000) - 10)
    const other = cache.getOrSet('b', database.query)
    await clock.advance(60)
    expect(await waiting).toBe('ERR_CACHE_LOAD_LIMIT')
    await clock.advance(40)
    expect(await other).toBe('row b')
    expect(database.asked).toEqual(['b'])
    const finished = finish()
    await clock.advance(1_000)
    await finished
  })
})
