import type { Cache } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { type CutOff, type CutOffOptions, cutOff, fates } from './cut-off.js'

type Invalidate = (cache: Cache) => Promise<boolean>

describe('An invalidation that the store did not take', () => {
  /** When the deletes of a key were sent, from now on until `ms` later. */
  async function sentWithin({ store, clock }: CutOff, ms: number): Promise<number[]> {
    const began = clock.monotonic()
    const sent: number[] = []
    store.calls.length = 0
    while (clock.monotonic() < began + ms) {
      await clock.advance(50)
      for (const _ of store.calls.splice(0)) sent.push(clock.monotonic() - began)
    }
    return sent
  }

  it('is sent again after growing pauses, of a second at most', async () => {
    const both = cutOff()
    both.store.fail()
    await both.cache.delete('a')
    expect(await sentWithin(both, 4_000)).toEqual([100, 300, 700, 1_500, 2_500, 3_500])
  })

  it.each<[string, (both: CutOff) => Promise<unknown>]>([
    ['when it was sent again', ({ clock }) => clock.advance(1_000)],
    ['by another one', ({ cache }) => cache.delete('a')],
  ])(
    'is sent after a short pause again in the next outage, where the last one was delivered %s',
    async (_, end) => {
      const both = cutOff()
      const { cache, store, clock, trace } = both
      store.fail()
      await cache.delete('a')
      await clock.advance(10_000)
      store.heal()
      await end(both)
      expect(fates(trace)).toEqual(['queued delete key a', 'delivered delete key a'])
      store.fail()
      await cache.delete('b')
      expect(await sentWithin(both, 500)).toEqual([100, 300])
    },
  )

  it('is not sent anew while the answer is still to come', async () => {
    const both = cutOff()
    both.store.hang()
    const deleting = both.cache.delete('a')
    await both.clock.advance(200)
    expect(await deleting).toBe(false)
    expect(await sentWithin(both, 2_000)).toEqual([100, 500, 1_100])
  })

  it('is not held up by another one that takes long', async () => {
    const { cache, store, clock, trace, other } = cutOff()
    await cache.set('a', 'old')
    store.fail()
    await cache.namespace('large').clear()
    store.heal()
    store.hang('clear')
    await clock.advance(150)
    store.fail(undefined, { ops: ['delete'], times: 1 })
    expect(await cache.delete('a')).toBe(false)
    await clock.advance(1_000)
    expect(fates(trace).at(-1)).toBe('delivered delete key a')
    expect(await other.get('a')).toBeUndefined()
  })

  it('leaves no timer behind once it has been delivered', async () => {
    const { cache, store, clock } = cutOff()
    const before = clock.pending
    store.fail()
    await cache.delete('a')
    store.heal()
    await cache.delete('a')
    expect(clock.pending).toBe(before)
  })

  const reject: CutOffOptions = { onUndelivered: 'reject' }

  it("rejects with onUndelivered: 'reject', and is sent again all the same", async () => {
    const { cache, store, clock, other, trace } = cutOff(reject)
    const undelivered = expect.objectContaining({
      code: 'ERR_CACHE_UNDELIVERED',
      cause: expect.objectContaining({ code: 'ERR_CACHE_STORE' }),
    })
    const calls: Invalidate[] = [
      c => c.delete('a'),
      c => c.deleteMany(['a', 'b']),
      c => c.expire('c'),
      c => c.deleteTags(['t']),
      c => c.invalidateTags(['t']),
      c => c.expireTags(['t']),
      c => c.namespace('n').clear(),
      c => c.invalidation().keys('d').tags('t').run(),
    ]
    await cache.set('a', 'old')
    store.fail()
    for (const call of calls) await expect(call(cache)).rejects.toEqual(undelivered)
    expect(await cache.set('e', 1)).toBe(false)
    expect(fates(trace).map(line => line.split(' ').slice(2).join(' '))).toEqual([
      ...['key a', 'key b', 'key c', 'tag t', `prefix ${cache.path}:n`, 'key d', 'key e'],
    ])
    store.heal()
    expect(await cache.get('a')).toBeUndefined()
    await clock.advance(500)
    expect(fates(trace).filter(line => line.startsWith('delivered'))).toHaveLength(7)
    expect(await other.get('a')).toBeUndefined()
    expect(await cache.delete('a')).toBe(true)
  })

  it("makes invalidateAfter reject with the write's result, with onUndelivered: 'reject'", async () => {
    const { cache, store, clock, other } = cutOff(reject)
    await cache.set('a', 'old')
    store.fail()
    for (const what of [{ keys: ['a'] }, { tags: ['t'] }, { keys: ['a'], tags: ['t'] }]) {
      await expect(cache.invalidateAfter(() => 'written', what)).rejects.toMatchObject({
        code: 'ERR_CACHE_INVALIDATION',
        result: 'written',
        cause: { code: 'ERR_CACHE_UNDELIVERED' },
      })
    }
    await expect(
      cache.invalidateAfter(() => Promise.reject(new Error('refused')), { keys: ['b'] }),
    ).rejects.toThrow('refused')
    store.heal()
    expect(await cache.get('a')).toBeUndefined()
    await clock.advance(500)
    expect(await other.get('a')).toBeUndefined()
  })

  it('lets invalidateAfter resolve otherwise', async () => {
    const { cache, store, trace } = cutOff()
    store.fail()
    expect(await cache.invalidateAfter(() => 'written', { keys: ['a'], tags: ['t'] })).toBe('written')
    expect(fates(trace)).toEqual(['queued delete key a', 'queued delete tag t'])
  })
})
