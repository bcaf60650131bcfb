import type { StandardSchema } from '@lookaside/core'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { backends, newPrefix, openCache, remoteBackends } from '../backends.js'
import { observedCache } from './observed-cache.js'

const userSchema = z.object({ name: z.string(), admin: z.boolean().default(false) })

/** A schema of no library, which takes its time: trimmed, non-empty text. */
const trimmed: StandardSchema<unknown, string> = {
  '~standard': {
    version: 1,
    vendor: 'by hand',
    async validate(value) {
      if (typeof value !== 'string') return { issues: [{ message: 'not a string' }] }
      if (value.trim() === '') return { issues: [{ message: 'empty', path: ['text', { key: 0 }] }] }
      return { value: value.trim() }
    },
  },
}

/** Takes numbers in text and gives numbers, so that it refuses what it gave. */
const numeral = z.string().transform(Number)

describe.each(backends)('A schema on $name', backend => {
  it('checks what is loaded, and returns and stores its output', async () => {
    const { cache } = observedCache(backend)
    const load = vi.fn(() => ({ name: 'Ada', secret: 'x' }))
    const options = { schema: userSchema }
    expect(await cache.getOrSet('a', load, options)).toEqual({ name: 'Ada', admin: false })
    expect(await cache.getOrSet('a', load, options)).toEqual({ name: 'Ada', admin: false })
    expect(await cache.get('a')).toEqual({ name: 'Ada', admin: false })
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('rejects with its issues when the loaded value does not match, and stores nothing', async () => {
    const { cache, trace } = observedCache(backend)
    const promise = cache.getOrSet('a', () => ({ name: 7 }), { schema: userSchema })
    await expect(promise).rejects.toMatchObject({
      code: 'ERR_CACHE_SCHEMA',
      message: expect.stringMatching(/^the value of 'a' does not match its schema: name: .*string/),
      cause: [expect.objectContaining({ path: ['name'] })],
    })
    expect(trace.types()).toEqual(['miss', 'load-error'])
    expect((await cache.lookup('a')).state).toBe('miss')
  })

  it('may be asynchronous and of no library', async () => {
    const { cache } = observedCache(backend)
    const load = vi.fn(() => '  text ')
    expect(await cache.getOrSet('a', load, { schema: trimmed })).toBe('text')
    expect(await cache.getOrSet('a', load, { schema: trimmed })).toBe('text')
    expect(load).toHaveBeenCalledTimes(1)
    await expect(cache.getOrSet('b', () => ' ', { schema: trimmed })).rejects.toThrow(
      "the value of 'b' does not match its schema: text.0: empty",
    )
  })

  it('that transforms does not make every read a miss', async () => {
    const { cache } = observedCache(backend)
    const load = vi.fn(() => '42')
    expect(await cache.getOrSet('a', load, { schema: numeral })).toBe(42)
    expect(await cache.getOrSet('a', load, { schema: numeral })).toBe(42)
    expect(await cache.get('a', { schema: numeral })).toBe(42)
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('that transforms is applied to what set is given, and later reads find it', async () => {
    const { cache } = observedCache(backend)
    await cache.set('a', '42', { schema: numeral })
    expect(await cache.get('a')).toBe(42)
    expect(await cache.get('a', { schema: numeral })).toBe(42)
  })

  it('rejects what set is given when it does not match, and leaves the old value', async () => {
    const { cache } = observedCache(backend)
    await cache.set('a', { name: 'Ada' })
    await expect(cache.set('a', { name: 7 }, { schema: userSchema })).rejects.toMatchObject({
      code: 'ERR_CACHE_SCHEMA',
    })
    expect(await cache.get('a')).toEqual({ name: 'Ada' })
  })

  it('of a namespace is that of all its values', async () => {
    const { cache } = observedCache(backend)
    const users = cache.namespace('users', { schema: userSchema })
    expect(await users.getOrSet('a', () => ({ name: 'Ada', admin: true }))).toEqual({
      name: 'Ada',
      admin: true,
    })
    const bad = { name: 7 } as never
    await expect(users.getOrSet('b', () => bad)).rejects.toMatchObject({ code: 'ERR_CACHE_SCHEMA' })
    await expect(users.set('b', bad)).rejects.toMatchObject({ code: 'ERR_CACHE_SCHEMA' })
  })

  it('that a read names makes a value that does not match a miss', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.set('a', { name: 7 })
    await cache.set('b', { name: 'Ada', admin: true })
    trace.events.length = 0
    const options = { schema: userSchema }
    expect(await cache.get('a', options)).toBeUndefined()
    expect(await cache.has('a', options)).toBe(false)
    expect((await cache.lookup('a', options)).state).toBe('miss')
    expect(await cache.get('b', options)).toEqual({ name: 'Ada', admin: true })
    expect([...(await cache.getMany(['a', 'b'], options)).keys()]).toEqual(['b'])
    expect(trace.lines('key', 'reason').filter(line => line.startsWith('unusable'))).toEqual([
      ...Array<string>(4).fill('unusable key=a reason=schema'),
    ])
  })
})

describe.each(backends)('A schema on $name, over values that were stored without it', backend => {
  it('is heeded by getOrSet, which replaces what does not match', async () => {
    const { cache } = observedCache(backend)
    await cache.set('a', { name: 7 })
    const load = vi.fn(() => ({ name: 'Ada' }))
    const ask = () => cache.getOrSet('a', load, { schema: userSchema })
    expect(await ask()).toEqual({ name: 'Ada', admin: false })
    expect(await ask()).toEqual({ name: 'Ada', admin: false })
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('keeps what matches, also when every call makes the schema anew', async () => {
    const { cache } = observedCache(backend)
    await cache.set('a', { name: 'Ada', admin: true })
    const load = vi.fn(() => '7')
    const ask = () => cache.getOrSet('b', load, { schema: z.string().transform(Number) })
    expect(await ask()).toBe(7)
    expect(await ask()).toBe(7)
    expect(load).toHaveBeenCalledTimes(1)
    const schema = z.object({ name: z.string() })
    expect(await cache.getOrSet('a', () => ({ name: 'loaded' }), { schema })).toMatchObject({ name: 'Ada' })
  })

  it('is checked after an expire as before it', async () => {
    const { cache } = observedCache(backend, { grace: '1h' })
    await cache.set('a', { name: 7 })
    await cache.expire('a')
    expect((await cache.lookup('a', { schema: userSchema })).state).toBe('miss')
    await cache.set('b', { name: 'Ada' }, { schema: userSchema })
    await cache.expire('b')
    expect((await cache.lookup('b', { schema: userSchema })).state).toBe('stale')
  })
})

describe.each(remoteBackends)('A schema on $name, between processes', backend => {
  it('makes what another process stored without it a miss, which is then replaced', async () => {
    const shared = { prefix: newPrefix(), clock: new ManualClock() }
    const before = openCache(backend, shared)
    await before.set('a', { name: 7 })
    await before.set('b', 'not a user')
    const { cache, trace } = observedCache(backend, shared)
    const users = { schema: userSchema }
    expect(await cache.getOrSet('a', () => ({ name: 'Ada' }), users)).toEqual({ name: 'Ada', admin: false })
    expect(trace.lines('key', 'reason')).toEqual([
      'unusable key=a reason=schema',
      'miss key=a',
      'load key=a reason=miss',
      'commit key=a',
    ])
    expect(await cache.getOrSet('b', () => ({ name: 'Bob' }), users)).toEqual({ name: 'Bob', admin: false })
    expect(await before.get('b')).toEqual({ name: 'Bob', admin: false })
  })

  it('checks what another process stored, when it is asynchronous too', async () => {
    const prefix = newPrefix()
    await openCache(backend, { prefix }).setMany([
      ['a', ''],
      ['b', 'text'],
    ])
    const cache = openCache(backend, { prefix, schema: trimmed })
    expect([...(await cache.getMany(['a', 'b']))]).toEqual([['b', 'text']])
  })

  it('checks and does not change what is read', async () => {
    const prefix = newPrefix()
    await openCache(backend, { prefix }).set('a', ' text ')
    expect(await openCache(backend, { prefix }).get('a', { schema: trimmed })).toBe(' text ')
  })
})

/** Passes as many values as it is told to, and then fails as a schema with a bug does. */
function failingAfter(passes: number, bug: Error, how: 'throws' | 'rejects'): StandardSchema {
  let left = passes
  return {
    '~standard': {
      version: 1,
      vendor: 'by hand',
      validate(value) {
        if (left-- > 0) return { value }
        if (how === 'rejects') return Promise.reject(bug)
        throw bug
      },
    },
  }
}

describe.each(backends.flatMap(backend => (['throws', 'rejects'] as const).map(how => ({ backend, how }))))(
  'A schema that $how on $backend.name',
  ({ backend, how }) => {
    const bug = new Error('a bug in a refinement')

    it('at a loaded value rejects the call, with what it threw as the cause', async () => {
      const { cache, trace } = observedCache(backend)
      const promise = cache.getOrSet('a', () => 'value', { schema: failingAfter(0, bug, how) })
      await expect(promise).rejects.toMatchObject({
        code: 'ERR_CACHE_SCHEMA',
        message: "the value of 'a' does not match its schema, which threw: a bug in a refinement",
        cause: bug,
      })
      expect(trace.types()).toEqual(['miss', 'load-error'])
      expect((await cache.lookup('a')).state).toBe('miss')
    })

    it('at what set is given rejects it, and leaves the old value', async () => {
      const { cache } = observedCache(backend)
      await cache.set('a', 'old')
      const schema = failingAfter(0, bug, how)
      await expect(cache.set('a', 'new', { schema })).rejects.toMatchObject({
        code: 'ERR_CACHE_SCHEMA',
        cause: bug,
      })
      expect(await cache.get('a')).toBe('old')
    })

    it('at its own output only does not keep that from being stored and read', async () => {
      const { cache, trace } = observedCache(backend)
      const options = { schema: failingAfter(1, bug, how) }
      expect(await cache.getOrSet('a', () => 'value', options)).toBe('value')
      expect(await cache.get('a', options)).toBe('value')
      expect(await cache.getOrSet('a', () => 'loaded again', options)).toBe('value')
      expect(trace.types()).toEqual(['miss', 'load', 'commit', 'hit', 'hit'])
    })

    it('at what is stored makes it a miss to every read', async () => {
      const { cache } = observedCache(backend)
      await cache.set('a', 'value')
      const options = () => ({ schema: failingAfter(0, bug, how) })
      expect(await cache.get('a', options())).toBeUndefined()
      expect(await cache.has('a', options())).toBe(false)
      expect((await cache.lookup('a', options())).state).toBe('miss')
      expect(await cache.getMany(['a'], options())).toEqual(new Map())
      const load = vi.fn(() => 'loaded')
      await expect(cache.getOrSet('a', load, options())).rejects.toMatchObject({ code: 'ERR_CACHE_SCHEMA' })
      expect(load).toHaveBeenCalledTimes(1)
    })
  },
)

describe.each(backends)('A schema over raw values on $name', backend => {
  const digits = z.string().regex(/^[0-9]+$/)

  it('makes what does not match a miss, which is then replaced', async () => {
    const { cache } = observedCache(backend, { codec: 'raw' })
    await cache.set('a', 'text')
    await cache.set('b', '7')
    const options = { schema: digits }
    expect(await cache.get('a', options)).toBeUndefined()
    expect([...(await cache.getMany(['a', 'b'], options))]).toEqual([['b', '7']])
    expect(await cache.getOrSet('a', () => '42', options)).toBe('42')
    expect(await cache.get('a', options)).toBe('42')
  })

  it('checks what is loaded and what is set', async () => {
    const { cache } = observedCache(backend, { codec: 'raw', schema: digits })
    const refused = { code: 'ERR_CACHE_SCHEMA' }
    await expect(cache.getOrSet('a', () => 'text')).rejects.toMatchObject(refused)
    await expect(cache.set('a', 'text')).rejects.toMatchObject(refused)
    expect((await cache.lookup('a')).state).toBe('miss')
  })
})
