import { type CacheError, writeThrough } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { remoteBackends } from '../backends.js'
import { heldWrite } from '../writing/held-write.js'
import { cutOff, fates } from './cut-off.js'
import { observedCache } from './observed-cache.js'
import { smallStore } from './small-store.js'

const QUEUED = 'queued delete key a'
const DELIVERED = 'delivered delete key a'

describe('writeThrough over a store that does not answer', () => {
  it.each(['fail', 'hang'] as const)(
    'writes all the same, and deletes the key when it does again (%s)',
    async fault => {
      const { cache, store, clock, other, trace } = cutOff()
      await cache.set('a', 'old')
      store[fault]()
      const write = vi.fn(() => 'written')
      const writing = writeThrough(cache, 'a', 'new', write)
      await clock.advance(1_000)
      expect(await writing).toBe('written')
      expect(write).toHaveBeenCalledTimes(1)
      expect(fates(trace)).toEqual([QUEUED])
      expect(await cache.get('a')).toBeUndefined()
      store.heal()
      await clock.advance(5_000)
      expect(fates(trace)).toEqual([QUEUED, DELIVERED])
      expect(await other.get('a')).toBeUndefined()
      await writeThrough(cache, 'a', 'newer', write)
      expect(await other.get('a')).toBe('newer')
    },
  )

  it.each(['get', 'add', 'replace'] as const)('at its %s writes, and leaves no value behind', async op => {
    for (const fault of ['fail', 'drop', 'hang'] as const) {
      const { cache, store, clock, other } = cutOff()
      await cache.set(op === 'add' ? 'b' : 'a', 'old')
      if (fault === 'fail') store.fail(undefined, { ops: [op] })
      else store[fault]({ ops: [op] })
      const row = { value: 'old' }
      const writing = writeThrough(cache, 'a', 'new', () => {
        row.value = 'new'
        return 'written'
      })
      await clock.advance(2_000)
      expect(await writing).toBe('written')
      store.heal()
      await clock.advance(10_000)
      for (const reader of [cache, other]) {
        expect([undefined, 'new']).toContain(await reader.get('a'))
        expect(await reader.getOrSet('a', () => row.value)).toBe('new')
      }
    }
  })

  it('when the write is over deletes the key when it does again', async () => {
    const { cache, store, clock, other, trace } = cutOff()
    await cache.set('a', 'old')
    const held = heldWrite({ value: 'old' }, 'new')
    const writing = writeThrough(cache, 'a', 'new', held.write)
    await held.begun
    store.fail()
    held.finish()
    expect(await writing).toBe('written')
    expect(fates(trace)).toEqual([QUEUED])
    // Nobody is served the old one: the marker is still there.
    expect(await other.get('a')).toBeUndefined()
    store.heal()
    await clock.advance(1_000)
    expect(fates(trace)).toEqual([QUEUED, DELIVERED])
    expect(await cache.getOrSet('a', () => 'new')).toBe('new')
    expect(await other.get('a')).toBe('new')
  })

  it('when a value lands late: what deletes it comes after it', async () => {
    const { cache, store, clock, other } = cutOff()
    const held = heldWrite({ value: 'old' }, 'new')
    const writing = writeThrough(cache, 'a', 'new', held.write)
    await held.begun
    store.delay(300, { ops: ['replace'], times: 1 })
    held.finish()
    await clock.advance(200)
    expect(await writing).toBe('written')
    // Others write meanwhile.
    await other.set('a', 'newer')
    await clock.advance(1_000)
    expect(await other.get('a')).toBe('newer')
  })

  it('blocks the key it could not be told of: a later writeThrough claims nothing', async () => {
    const { cache, store, clock, other } = cutOff()
    await cache.set('a', 'old')
    store.fail()
    expect(await cache.delete('a')).toBe(false)
    store.heal()
    await writeThrough(cache, 'a', 'new', () => {})
    expect(await other.get('a')).toBeUndefined()
    await clock.advance(1_000)
    await writeThrough(cache, 'a', 'new', () => {})
    expect(await other.get('a')).toBe('new')
  })
})

describe("writeThrough with onUndelivered: 'reject'", () => {
  it('stores nothing over a delete meanwhile that the store has not taken', async () => {
    const { cache, store, clock, other, trace } = cutOff()
    await cache.set('a', 'old')
    const held = heldWrite({ value: 'old' }, 'new')
    const writing = writeThrough(cache, 'a', 'new', held.write)
    await held.begun
    store.fail(undefined, { ops: ['delete'], times: 1 })
    expect(await cache.delete('a')).toBe(false)
    held.finish()
    expect(await writing).toBe('written')
    expect(await cache.get('a')).toBeUndefined()
    await clock.advance(5_000)
    expect(fates(trace)).toEqual([QUEUED, DELIVERED])
    expect(await other.get('a')).toBeUndefined()
  })

  it('tells the result of a write whose key could not be deleted', async () => {
    const { cache, store } = cutOff({ onUndelivered: 'reject' })
    await cache.set('a', 'old')
    store.fail()
    const error = await writeThrough(cache, 'a', 'new', () => ({ id: 7 })).catch((error: CacheError) => error)
    expect(error).toMatchObject({ name: 'CacheError', code: 'ERR_CACHE_INVALIDATION', result: { id: 7 } })
    expect(error).toMatchObject({ cause: { code: 'ERR_CACHE_UNDELIVERED' } })
    expect((error as CacheError).message).toContain(
      'the write succeeded, but what it makes obsolete was not invalidated',
    )
  })

  it('rejects with the error of the write where that failed too', async () => {
    const { cache, store } = cutOff({ onUndelivered: 'reject' })
    await cache.set('a', 'old')
    store.fail()
    const error = new Error('conflict')
    await expect(writeThrough(cache, 'a', 'new', () => Promise.reject(error))).rejects.toBe(error)
  })

  it('tells the result of a write whose value can not be told', async () => {
    const { cache, store } = cutOff({ onUndelivered: 'reject' })
    store.fail()
    const value = () => {
      throw new Error('no such column')
    }
    await expect(writeThrough(cache, 'a', value, () => 7)).rejects.toMatchObject({
      code: 'ERR_CACHE_INVALIDATION',
      result: 7,
      cause: { message: 'no such column' },
    })
  })

  it('resolves where the key was deleted, or the value stored', async () => {
    const { cache } = cutOff({ onUndelivered: 'reject' })
    expect(await writeThrough(cache, 'a', 'new', () => 7)).toBe(7)
    expect(await writeThrough(cache, 'a', 'new', () => 8, { ttl: 0 })).toBe(8)
  })
})

describe.each(remoteBackends)('writeThrough of what is too large on $name', backend => {
  it('writes it, and leaves nothing old', async () => {
    const { cache, trace } = observedCache(backend, { store: smallStore(backend), compression: false })
    await cache.set('a', 'old')
    trace.events.length = 0
    expect(await writeThrough(cache, 'a', 'x'.repeat(3_000), () => 'written')).toBe('written')
    expect(trace.lines('reason', 'kind')).toEqual(['not-stored reason=too-large', 'invalidate kind=delete'])
    expect((await cache.lookup('a')).state).toBe('miss')
    expect(await cache.getOrSet('a', () => 'small')).toBe('small')
    expect(await cache.get('a')).toBe('small')
  })
})

it('A writeThrough whose ttl is 0 tells that it stored nothing, as a set does', async () => {
  const { cache, trace } = cutOff()
  await writeThrough(cache, 'a', 'new', () => {}, { ttl: 0 })
  expect(trace.lines('key', 'reason', 'kind')).toEqual([
    'not-stored key=a reason=ttl-0',
    'invalidate key=a kind=delete',
  ])
})
