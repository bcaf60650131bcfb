import { stampedeGuard } from '@lookaside/stampede-guard'
import { describe, expect, it } from 'vitest'
import { backends, memory } from '../backends.js'
import { answered } from '../batches/answered.js'
import { heldBatch } from '../batches/held-batch.js'
import { faultyCache } from './faulty-cache.js'
import { gate } from './gate.js'
import { observedCache } from './observed-cache.js'
import { settled } from './settled.js'

const itself = (item: string) => item
const guard = stampedeGuard()

describe.each(backends)('The signal of a call for many items on $name', backend => {
  it('frees its caller at once, and aborts the load that nobody waits for any longer', async () => {
    const { cache, clock } = observedCache(backend, { guard })
    const leaving = new AbortController()
    const held = heldBatch<string, string>()
    const reading = cache.getOrSetMany(['a', 'b'], { key: itself, load: held.load, signal: leaving.signal })
    await held.begun
    const reason = new Error('the request was cancelled')
    leaving.abort(reason)
    await expect(reading).rejects.toBe(reason)
    expect(held.told[0]?.signal.aborted).toBe(true)
    expect(held.told[0]?.signal.reason).toMatchObject({ name: 'AbortError' })
    expect(held.told[0]?.each.map(({ signal }) => signal.aborted)).toEqual([true, true])
    // Nothing of it is in the way of the next call.
    const again = cache.getOrSetMany(['a', 'b'], { key: itself, load: items => items.map(() => 'new') })
    expect(await answered(again, clock)).toEqual(['new', 'new'])
  })

  it('that has aborted already loads nothing', async () => {
    const { cache, trace } = observedCache(backend, { guard })
    const held = heldBatch<string, string>()
    const signal = AbortSignal.abort('gone')
    await expect(cache.getOrSetMany(['a'], { key: itself, load: held.load, signal })).rejects.toBe('gone')
    expect(held.calls).toEqual([])
    expect(trace.events).toEqual([])
  })

  it('leaves the load to those who wait for some of the items', async () => {
    const { cache } = observedCache(backend, { guard })
    const [leaving, alsoLeaving] = [new AbortController(), new AbortController()]
    const held = heldBatch<string, string>()
    const many = cache.getOrSetMany(['a', 'b', 'c'], {
      key: itself,
      load: held.load,
      signal: leaving.signal,
      onError: 'return',
    })
    await held.begun
    const a = cache.getOrSet('a', () => 'loaded alone')
    const b = cache.getOrSet('b', () => 'loaded alone', { signal: alsoLeaving.signal }).catch(String)
    // A read of their own shows both that the load goes on; then they are aboard.
    await cache.getMany(['a', 'b'])
    const reason = new Error('gone')
    leaving.abort(reason)
    expect(await many).toEqual([reason, reason, reason])
    const { signal, each } = held.told[0] ?? expect.unreachable()
    expect(each.map(one => one.signal.aborted)).toEqual([false, false, true])
    alsoLeaving.abort('also gone')
    expect(await b).toBe('also gone')
    expect(each.map(one => one.signal.aborted)).toEqual([false, true, true])
    expect(signal.aborted).toBe(false)
    held.finish(item => `row ${item}`)
    expect(await a).toBe('row a')
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual(new Map([['a', 'row a']]))
    expect(cache.stats()).toMatchObject({ loads: 1, commits: 1, sharedLoads: 1 })
  })

  it('of a single caller who joined frees that one alone', async () => {
    const { cache } = observedCache(backend, { guard })
    const leaving = new AbortController()
    const held = heldBatch<string, string>()
    const many = cache.getOrSetMany(['a', 'b'], { key: itself, load: held.load })
    await held.begun
    const single = cache.getOrSet('a', () => 'loaded alone', { signal: leaving.signal }).catch(String)
    await cache.get('a')
    leaving.abort('gone')
    expect(await single).toBe('gone')
    expect(held.told[0]?.each[0]?.signal.aborted).toBe(false)
    held.finish(item => `row ${item}`)
    expect(await many).toEqual(['row a', 'row b'])
  })

  it('is as much theirs who share two calls: the load of one ends when both have left', async () => {
    const { cache } = observedCache(backend, { guard })
    const [first, second] = [new AbortController(), new AbortController()]
    const held = heldBatch<string, string>()
    const load = held.load
    const one = cache.getOrSetMany(['a', 'b'], { key: itself, load, signal: first.signal }).catch(String)
    await held.begun
    const other = cache.getOrSetMany(['a', 'b'], { key: itself, load, signal: second.signal }).catch(String)
    await cache.getMany(['a', 'b'])
    first.abort('first')
    expect(await one).toBe('first')
    expect(held.told[0]?.signal.aborted).toBe(false)
    second.abort('second')
    expect(await other).toBe('second')
    expect(held.told[0]?.signal.aborted).toBe(true)
    expect(held.calls).toEqual([['a', 'b']])
  })
})

describe('A call for many items', () => {
  it('is not loaded for when its caller leaves before', async () => {
    const { cache, clock, store } = faultyCache({ guard })
    store.delay(50, 'add')
    const leaving = new AbortController()
    const held = heldBatch<string, string>()
    const reading = cache
      .getOrSetMany(['a', 'b'], { key: itself, load: held.load, signal: leaving.signal })
      .catch(String)
    await clock.advance(10)
    leaving.abort('gone')
    expect(await reading).toBe('gone')
    await clock.advance(2_000)
    expect(held.calls).toEqual([])
    // Its claims were given back.
    store.heal()
    const again = cache.getOrSetMany(['a', 'b'], { key: itself, load: items => items })
    expect(await again).toEqual(['a', 'b'])
  })

  it('is loaded without those that nobody waits for any longer', async () => {
    const { cache, clock, store } = faultyCache({ guard })
    // The claim of the first comes late, and the others wait for it.
    store.delay(50, { ops: ['add'], times: 1 })
    const leaving = new AbortController()
    const held = heldBatch<string, string>()
    const many = cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load: held.load, signal: leaving.signal })
    const left = many.catch(String)
    await clock.advance(10)
    const singles = ['a', 'c'].map(key => cache.getOrSet(key, () => 'loaded alone'))
    await clock.advance(10)
    leaving.abort('gone')
    expect(await left).toBe('gone')
    await clock.advance(30)
    expect(held.calls).toEqual([['a', 'c']])
    held.finish(item => `row ${item}`)
    expect(await Promise.all(singles)).toEqual(['row a', 'row c'])
    expect(await cache.has('b')).toBe(false)
  })

  it('says that it is in the background where nobody waits for any of its loads', async () => {
    const { cache, clock } = observedCache(memory, { guard, ttl: '1m', grace: '1h' })
    const told: boolean[] = []
    const ask = (...items: string[]) =>
      cache.getOrSetMany(items, {
        key: itself,
        load(missing, { background, each }) {
          told.push(background)
          expect(each.some(one => !one.background)).toBe(!background)
          return missing.map(item => `row ${item}`)
        },
      })
    await ask('a', 'b')
    await clock.advance(60_000)
    await ask('a', 'b')
    await clock.advance(60_000)
    await ask('a', 'b', 'c')
    await clock.advance(0)
    expect(told).toEqual([false, true, false])
  })

  it('lets close() and waitUntil wait for what goes on in the background', async () => {
    const { cache, clock } = observedCache(memory, { guard, ttl: '1m', grace: '1h' })
    await cache.setMany([
      ['a', 'old a'],
      ['b', 'old b'],
    ])
    await clock.advance(60_000)
    const held = heldBatch<string, string>()
    const work: Promise<unknown>[] = []
    const rows = await cache.getOrSetMany(['a', 'b'], {
      key: itself,
      load: held.load,
      waitUntil: promise => void work.push(promise),
    })
    expect(rows).toEqual(['old a', 'old b'])
    expect(work).toHaveLength(2)
    const done = settled(Promise.all(work))
    await held.begun
    expect(done()).toBe(false)
    held.finish(item => `row ${item}`)
    await Promise.all(work)
    expect([...(await cache.getMany(['a', 'b'])).values()]).toEqual(['row a', 'row b'])
  })

  it('is rejected when the cache is closed meanwhile, which its loader is told', async () => {
    const { cache, clock } = observedCache(memory, { guard })
    const begun = gate()
    let signal: AbortSignal | undefined
    const reading = cache
      .getOrSetMany(['a', 'b'], {
        key: itself,
        load(_items, context) {
          signal = context.signal
          begun.open()
          return new Promise<string[]>(() => {})
        },
      })
      .catch(({ code }) => code)
    await begun.passed
    const closing = cache.close()
    await clock.advance(10_000)
    await closing
    expect(await reading).toBe('ERR_CACHE_CLOSED')
    expect(signal?.aborted).toBe(true)
  })
})
