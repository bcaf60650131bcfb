import { writeThrough } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { redisBus, redisStore } from '@lookaside/redis'
import { describe, expect, inject, it, vi } from 'vitest'
import { newPrefix, openCache } from '../backends.js'
import { openFleet } from '../fleet.js'
import { heldWrite } from '../writing/held-write.js'

describe('writeThrough with local tiers', () => {
  /** Two processes on one bus that both have a copy of the old value, and a write that has begun in the first. */
  async function writing() {
    const fleet = openFleet()
    const [here, there] = [await fleet.member(), await fleet.member()]
    await here.cache.set('row', 'old')
    for (const { cache } of [here, there]) expect(await cache.get('row')).toBe('old')
    const row = { value: 'old' }
    const held = heldWrite(row, 'new')
    const written = writeThrough(here.cache, 'row', 'new', held.write)
    await held.begun
    return { fleet, here, there, row, held, written }
  }

  it('drops the copies of all processes before the write begins, and keeps none during it', async () => {
    const { here, there, row, held, written } = await writing()
    for (const { cache, local } of [here, there]) {
      expect(local.size).toBe(0)
      expect(cache.peek('row')).toBeUndefined()
      expect(await cache.get('row')).toBeUndefined()
      expect(await cache.getOrSet('row', () => row.value)).toBe('old')
      expect(local.size).toBe(0)
    }
    held.finish()
    await written
  })

  it('has the new value in its own local tier afterwards, and the others read it', async () => {
    const { fleet, here, there, held, written } = await writing()
    held.finish()
    await written
    expect(here.cache.peek('row')).toBe('new')
    await fleet.settle()
    expect(there.cache.peek('row')).toBeUndefined()
    expect(await there.cache.get('row')).toBe('new')
    expect(there.cache.peek('row')).toBe('new')
  })

  it('tells others of its end as well, who may have read something in between', async () => {
    const { fleet, here, there, held, written } = await writing()
    await there.cache.delete('row')
    await there.cache.getOrSet('row', () => 'old')
    expect(there.cache.peek('row')).toBe('old')
    held.finish()
    await written
    await fleet.settle()
    for (const { cache } of [here, there]) {
      expect(cache.peek('row')).toBeUndefined()
      expect(await cache.get('row')).toBeUndefined()
    }
  })

  it('that stores nothing leaves no copies', async () => {
    const { fleet, here, there, held, written } = await writing()
    held.fail(new Error('conflict'))
    await expect(written).rejects.toThrow('conflict')
    await fleet.settle()
    for (const { cache, local } of [here, there]) {
      expect(local.size).toBe(0)
      expect(await cache.get('row')).toBeUndefined()
    }
  })

  it('whose writer dies leaves no copies', async () => {
    const { here, there, held } = await writing()
    held.commit()
    for (const { cache } of [here, there]) expect(await cache.get('row')).toBeUndefined()
  })

  it('drops those of other caches of this process, which share the store', async () => {
    const store = redisStore(inject('redisUrl'))
    const prefix = newPrefix()
    const one = openCache(
      { name: 'redis', kind: 'remote', lists: true, openStore: () => store },
      { prefix, store: [lruStore(), store] },
    )
    const two = openCache(
      { name: 'redis', kind: 'remote', lists: true, openStore: () => store },
      { prefix, store: [lruStore(), store] },
    )
    await one.set('row', 'old')
    expect(await two.get('row')).toBe('old')
    await writeThrough(one, 'row', 'new', () => {
      expect(two.peek('row')).toBeUndefined()
    })
    expect(await two.get('row')).toBe('new')
  })

  it('drops the copy of another process, over the bus of Redis', async () => {
    const url = inject('redisUrl')
    const prefix = newPrefix()
    const open = () =>
      openCache(
        { name: 'redis', kind: 'remote', lists: true, openStore: () => redisStore(url) },
        { prefix, store: [lruStore(), redisStore(url)], bus: redisBus(url), ttl: '1h' },
      )
    const [here, there] = [open(), open()]
    await here.set('row', 'old')
    await vi.waitFor(async () => {
      await there.get('row')
      expect(there.peek('row')).toBe('old')
    })
    const held = heldWrite({ value: 'old' }, 'new')
    const writing = writeThrough(here, 'row', 'new', held.write)
    await held.begun
    await vi.waitFor(() => expect(there.peek('row')).toBeUndefined())
    expect(await there.get('row')).toBeUndefined()
    held.finish()
    await writing
    await vi.waitFor(async () => {
      await there.get('row')
      expect(there.peek('row')).toBe('new')
    })
  })
})
