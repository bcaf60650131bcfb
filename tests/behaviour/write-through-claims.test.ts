import { writeThrough } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { lru, memory } from '../backends.js'
import { heldWrite } from '../writing/held-write.js'
import { faultyCache } from './faulty-cache.js'
import { observedCache } from './observed-cache.js'
import { settled } from './settled.js'

const CLAIM_TTL = 5_000

describe('A write that takes long', () => {
  it.each([lru, memory])('keeps its marker for as long as it takes, on $name', async backend => {
    const { cache, clock } = observedCache(backend, {
      claimTtl: CLAIM_TTL,
      hardTimeout: '1h',
    })
    const row = { value: 'old' }
    await cache.set('row', 'old')
    const held = heldWrite(row, 'new')
    const writing = writeThrough(cache, 'row', 'new', held.write)
    await held.begun
    for (let claims = 0; claims < 20; claims++) {
      await clock.advance(CLAIM_TTL)
      expect(await cache.getOrSet('row', () => row.value)).toBe('old')
      expect(await cache.get('row')).toBeUndefined()
    }
    held.finish()
    await writing
    expect(await cache.get('row')).toBe('new')
    expect(clock.pending).toBe(0)
  })

  it('renews its marker at half of its claim', async () => {
    const { cache, clock, store } = faultyCache({ claimTtl: CLAIM_TTL })
    const held = heldWrite({ value: 'old' }, 'new')
    const writing = writeThrough(cache, 'row', 'new', held.write)
    await held.begun
    store.calls.length = 0
    await clock.advance(CLAIM_TTL / 2 - 1)
    expect(store.calls).toEqual([])
    await clock.advance(1)
    expect(store.calls.map(({ op }) => op)).toEqual(['replace'])
    held.finish()
    await writing
    await clock.advance(10 * CLAIM_TTL)
    expect(store.calls.map(({ op }) => op)).toEqual(['replace', 'replace'])
  })

  it('does not bring back a marker that was deleted', async () => {
    const { cache, clock } = observedCache(memory, { claimTtl: CLAIM_TTL })
    const row = { value: 'old' }
    const held = heldWrite(row, 'new')
    const writing = writeThrough(cache, 'row', 'new', held.write)
    await held.begun
    await cache.delete('row')
    await cache.set('row', 'theirs')
    await clock.advance(CLAIM_TTL)
    expect(await cache.get('row')).toBe('theirs')
    held.finish()
    await writing
    expect(await cache.get('row')).toBeUndefined()
  })

  it('renews again after an outage in which it could not', async () => {
    const { cache, clock, store } = faultyCache({ claimTtl: CLAIM_TTL, breaker: false })
    const row = { value: 'old' }
    const held = heldWrite(row, 'new')
    const writing = writeThrough(cache, 'row', 'new', held.write)
    await held.begun
    store.fail(new Error('down'), { times: 1 })
    await clock.advance(CLAIM_TTL - 100)
    await clock.advance(CLAIM_TTL)
    expect(await cache.getOrSet('row', () => row.value)).toBe('old')
    held.finish()
    await writing
    // The marker was out of its time by then, or it was not: in either case nothing old is there.
    expect([undefined, 'new']).toContain(await cache.get('row'))
    expect(await cache.getOrSet('row', () => row.value)).toBe('new')
  })

  it('deletes the key where its marker was evicted, since nobody knows what was stored meanwhile', async () => {
    const { cache, store } = faultyCache()
    const row = { value: 'old' }
    const held = heldWrite(row, 'new')
    const writing = writeThrough(cache, 'row', 'new', held.write)
    await held.begun
    await store.delete(`${cache.path}::row`)
    expect(await cache.getOrSet('row', () => row.value)).toBe('old')
    expect(await cache.get('row')).toBe('old')
    held.finish()
    await writing
    expect(await cache.get('row')).toBeUndefined()
  })
})

describe('A write that takes longer than the hardTimeout of its cache', () => {
  it('no longer keeps others from storing once its marker has expired, and deletes what they have stored', async () => {
    const { cache, clock } = observedCache(memory, { claimTtl: CLAIM_TTL, hardTimeout: '20s', ttl: '1h' })
    const row = { value: 'old' }
    const held = heldWrite(row, 'new')
    const writing = writeThrough(cache, 'row', 'new', held.write)
    await held.begun
    await clock.advance(20_000)
    await cache.getOrSet('row', () => row.value)
    expect(await cache.get('row')).toBeUndefined()
    await clock.advance(CLAIM_TTL)
    await cache.getOrSet('row', () => row.value)
    expect(await cache.get('row')).toBe('old')
    held.finish()
    expect(await writing).toBe('written')
    expect(await cache.get('row')).toBeUndefined()
  })
})

describe('Closing a cache in the middle of a write', () => {
  it('waits for the write, and what it stores', async () => {
    const { cache, clock, store } = faultyCache()
    const held = heldWrite({ value: 'old' }, 'new')
    const writing = writeThrough(cache, 'row', 'new', held.write)
    await held.begun
    const closing = cache.close()
    const closed = settled(closing)
    await clock.advance(1_000)
    expect(closed()).toBe(false)
    held.finish()
    expect(await writing).toBe('written')
    await closing
    expect(store.calls.map(({ op }) => op)).toEqual(['get', 'add', 'replace', 'close'])
  })

  it('waits for 5 seconds at most', async () => {
    const { cache, clock } = faultyCache()
    const held = heldWrite({ value: 'old' }, 'new')
    const writing = writeThrough(cache, 'row', 'new', held.write)
    await held.begun
    const closing = cache.close()
    await clock.advance(10_000)
    await closing
    held.finish()
    expect(await writing).toBe('written')
  })
})
