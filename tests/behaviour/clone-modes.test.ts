import type { LoadContext } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { backends, lru } from '../backends.js'
import { observedCache } from './observed-cache.js'

interface User {
  name: string
  tags: string[]
  seen: Map<string, { at: Date }>
}

const ada = (): User => ({ name: 'Ada', tags: ['admin'], seen: new Map([['web', { at: new Date(0) }]]) })

describe("Values without a clone mode on 'lru'", () => {
  it('are one object, which all share', async () => {
    const { cache } = observedCache(lru)
    const user = ada()
    expect(await cache.getOrSet('a', () => user)).toBe(user)
    expect(await cache.getOrSet('a', ada)).toBe(user)
    expect(await cache.get('a')).toBe(user)
    expect(cache.peek('a')).toBe(user)
  })
})

describe.each(backends)("clone: 'structured' on $name", backend => {
  it('gives every reader a copy of its own, which keeps what structured clone keeps', async () => {
    const { cache } = observedCache(backend, { clone: 'structured' })
    const original = ada()
    const readers = [
      () => cache.getOrSet<User>('a', () => original),
      () => cache.getOrSet<User>('a', ada),
      () => cache.get<User>('a'),
      async () => (await cache.getMany<User>(['a'])).get('a'),
      async () => {
        const found = await cache.lookup<User>('a')
        return found.state === 'fresh' ? found.value : undefined
      },
    ]
    const seen = new Set<User>([original])
    for (const read of readers) {
      const copy = await read()
      expect(copy).toEqual(ada())
      if (copy === undefined) throw new Error('the value is cached')
      seen.add(copy)
      copy.name = 'changed'
      copy.tags.push('changed')
      copy.seen.clear()
    }
    original.name = 'changed'
    expect(seen.size).toBe(readers.length + 1)
    expect(await cache.get('a')).toEqual(ada())
  })

  it('gives the loader a copy of the previous value, which it may change', async () => {
    const { cache, clock } = observedCache(backend, { clone: 'structured', ttl: 1_000, grace: '1h' })
    await cache.set('a', ada())
    const spoil = ({ previous }: LoadContext): User => {
      expect(previous).toEqual(ada())
      ;(previous as User).name = 'changed'
      ;(previous as User).seen.clear()
      throw new Error('the database is down')
    }
    await expect(cache.getOrSet('a', spoil, { refresh: true })).rejects.toThrow('the database is down')
    expect(await cache.get('a')).toEqual(ada())
    await clock.advance(1_000)
    expect(await cache.getOrSet('a', spoil)).toEqual(ada())
  })

  it('copies what set is given', async () => {
    const { cache } = observedCache(backend, { clone: 'structured' })
    const user = ada()
    await cache.set('a', user)
    user.tags.push('changed')
    expect(await cache.get('a')).toEqual(ada())
  })

  it('returns a loaded value that can not be copied, and does not keep it', async () => {
    const { cache, trace } = observedCache(backend, { clone: 'structured' })
    const value = { format: () => 'text' }
    expect(await cache.getOrSet('a', () => value)).toBe(value)
    expect(await cache.has('a')).toBe(false)
    expect(trace.lines('reason')).toEqual([
      'miss',
      'load reason=miss',
      'not-stored reason=not-encodable',
      'miss',
    ])
    await cache.set('a', 'old')
    expect(await cache.set('a', value)).toBe(false)
    expect(await cache.has('a')).toBe(false)
  })
})

describe.each(backends)("clone: 'freeze' on $name", backend => {
  it('freezes plain objects and arrays at every depth', async () => {
    const { cache } = observedCache(backend, { clone: 'freeze' })
    const load = () => ({ list: [{ deep: [1] }], date: new Date(0) })
    for (let reads = 0; reads < 2; reads++) {
      const value = await cache.getOrSet('a', load)
      expect(value).toEqual(load())
      expect(() => value.list.push({ deep: [] })).toThrow(TypeError)
      expect(() => value.list[0]?.deep.push(2)).toThrow(TypeError)
      expect(() => Object.assign(value, { list: [] })).toThrow(TypeError)
    }
  })

  it('reaches what stands in an object that was frozen already', async () => {
    const { cache } = observedCache(backend, { clone: 'freeze' })
    const value = await cache.getOrSet('a', () => Object.freeze({ list: [1] }))
    expect(() => value.list.push(2)).toThrow(TypeError)
  })

  it('ends with values that contain themselves', async () => {
    const { cache } = observedCache(backend, { clone: 'freeze' })
    interface Ring {
      next?: Ring
    }
    const ring: Ring = {}
    ring.next = ring
    const frozen = await cache.getOrSet('a', () => ring)
    expect(frozen.next).toBe(frozen)
    expect(Object.isFrozen(frozen)).toBe(true)
  })

  it('leaves typed arrays and class instances as they are', async () => {
    const { cache } = observedCache(backend, { clone: 'freeze' })
    const value = await cache.getOrSet('a', () => ({ bytes: new Uint8Array([1, 2]) }))
    expect(value.bytes).toEqual(new Uint8Array([1, 2]))
  })
})
