import { type Cache, type CacheOptions, createCache, isCacheError } from '@lookaside/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Backend, lru, memory, newPrefix, openCache } from '../backends.js'

/** Lets a test hand over what TypeScript would keep out. */
const wrong = (value: unknown): never => value as never
const load = () => 'value'

async function refusal(call: () => unknown): Promise<string> {
  let how = 'throws'
  try {
    const answer = call()
    how = 'rejects'
    await answer
    return 'takes it'
  } catch (error) {
    return isCacheError(error) ? `${how} ${error.code}: ${error.message}` : `${how} ${error}`
  }
}

async function refusals(calls: Record<string, () => unknown>): Promise<Record<string, string>> {
  const answers: Record<string, string> = {}
  for (const [name, call] of Object.entries(calls)) answers[name] = await refusal(call)
  return answers
}

function everywhere(calls: Record<string, unknown>, expected: string): Record<string, string> {
  return Object.fromEntries(Object.keys(calls).map(name => [name, expected]))
}

describe.each([lru, memory])('Bad tags on $name', (backend: Backend) => {
  /** Every call that takes tags of a value as an array. */
  const taggedCalls = (cache: Cache, tags: never) => ({
    getOrSet: () => cache.getOrSet('a', load, { tags }),
    get: () => cache.get('a', { tags }),
    has: () => cache.has('a', { tags }),
    lookup: () => cache.lookup('a', { tags }),
    getMany: () => cache.getMany(['a'], { tags }),
    set: () => cache.set('a', 1, { tags }),
    setMany: () => cache.setMany([['a', 1]], { tags }),
  })

  it.each([
    ['users', "'users'"],
    [42, '42'],
    [null, 'null'],
    [new Set(['a']), "Set(1) { 'a' }"],
  ])('are refused where they are no array, and quoted: %o', async (bad, quoted) => {
    const cache = openCache(backend)
    const tags = wrong(bad)
    const calls = taggedCalls(cache, tags)
    const message = `ERR_CACHE_TAG: tags must be an array of strings; received ${quoted}`
    expect(await refusals(calls)).toEqual(everywhere(calls, `rejects ${message}`))
    expect(await refusal(() => cache.wrap(load, { key: 'w', tags }))).toBe(`throws ${message}`)
    for (const how of ['deleteTags', 'invalidateTags', 'expireTags'] as const) {
      expect(await refusal(() => cache[how](tags))).toBe(
        `rejects ERR_CACHE_TAG: ${how} takes an array of tags, such as ['users']; received ${quoted}`,
      )
    }
  })

  it.each([
    ['', "''"],
    [7, '7'],
    [undefined, 'undefined'],
    [['a'], "[ 'a' ]"],
    ['\ud800', "'\ud800'"],
  ])('are refused where one is no name, and quoted: %o', async (bad, quoted) => {
    const cache = openCache(backend)
    const tags = wrong(['good', bad])
    const calls = taggedCalls(cache, tags)
    const message = (what: string) =>
      `ERR_CACHE_TAG: a tag must be a non-empty string of well-formed Unicode; ${what} holds ${quoted}`
    expect(await refusals(calls)).toEqual(everywhere(calls, `rejects ${message('tags')}`))
    expect(await refusal(() => cache.wrap(load, { key: 'w', tags }))).toBe(`throws ${message('tags')}`)
    for (const how of ['deleteTags', 'invalidateTags', 'expireTags'] as const) {
      expect(await refusal(() => cache[how](tags))).toBe(`rejects ${message(how)}`)
    }
    expect(await refusal(() => cache.invalidateAfter(load, { tags }))).toBe(
      `rejects ${message('tags of invalidateAfter')}`,
    )
    expect(await refusal(() => cache.invalidation().tags('good', wrong(bad)))).toBe(
      `throws ${message('tags')}`,
    )
  })

  it('are refused where one is too long, or where there are too many', async () => {
    const cache = openCache(backend)
    const long = 'ä'.repeat(126)
    const calls = taggedCalls(cache, wrong([long]))
    const tooLong = `rejects ERR_CACHE_TAG: a tag takes at most 250 bytes; tags holds one of 252: '${'ä'.repeat(76)}…`
    expect(await refusals(calls)).toEqual(everywhere(calls, tooLong))
    expect(await refusal(() => cache.deleteTags([long]))).toContain('deleteTags holds one of 252')

    const many = Array.from({ length: 65 }, (_, index) => `tag:${index}`)
    const tooMany =
      'rejects ERR_CACHE_TAG: an entry has at most 64 tags; tags has 65. Tag by what is written together, not by every row'
    const others = taggedCalls(cache, wrong(many))
    expect(await refusals(others)).toEqual(everywhere(others, tooMany))
    expect(await cache.deleteTags(many)).toBe(true)
  })

  it('are refused where a function returns them', async () => {
    const cache = openCache(backend)
    const message = (received: string) =>
      `rejects ERR_CACHE_TAG: tags must be an array of strings; received ${received}`
    const returning = (value: unknown) => ({ tags: wrong(() => value) })
    expect(await refusal(() => cache.getOrSet('a', load, returning('users')))).toBe(message("'users'"))
    expect(await refusal(() => cache.getOrSet('a', load, returning(undefined)))).toBe(message('undefined'))
    expect(await refusal(() => cache.set('a', 1, returning(Promise.resolve(['t']))))).toBe(
      message('a Promise'),
    )
    expect(await refusal(() => cache.wrap(load, { key: 'w', ...returning(null) })())).toBe(message('null'))
    expect(
      await refusal(() =>
        cache.getOrSet('a', ({ setTags }) => {
          setTags(wrong('users'))
        }),
      ),
    ).toBe("rejects ERR_CACHE_TAG: setTags must be an array of strings; received 'users'")
    // A read can't ask a value that it does not have.
    expect(await refusal(() => cache.get('a', returning([])))).toBe('takes it')
  })

  it('of invalidateAfter are found out before the write, unless they come of its result', async () => {
    const cache = openCache(backend)
    let writes = 0
    const write = () => ++writes
    expect(await refusal(() => cache.invalidateAfter(write, { tags: wrong('users') }))).toContain(
      "tags of invalidateAfter must be an array or a function; received 'users'",
    )
    expect(writes).toBe(0)
    const late = cache.invalidateAfter(write, { tags: wrong(() => 'users') })
    await expect(late).rejects.toMatchObject({
      code: 'ERR_CACHE_INVALIDATION',
      result: 1,
      cause: expect.objectContaining({ code: 'ERR_CACHE_TAG' }),
    })
  })

  it('leave everything as it was', async () => {
    const cache = openCache(backend)
    await cache.set('a', 1, { tags: ['t'] })
    const loads: string[] = []
    const note = () => loads.push('loaded')
    await refusal(() => cache.getOrSet('b', note, { tags: [''] }))
    await refusal(() => cache.set('a', 2, { tags: [''] }))
    await refusal(() => cache.deleteTags(['t', '']))
    expect(loads).toEqual([])
    expect(await cache.get('a', { tags: ['t'] })).toBe(1)
  })

  it('may be left out as undefined', async () => {
    const cache = openCache(backend)
    const calls = taggedCalls(cache, wrong(undefined))
    expect(await refusals(calls)).toEqual(everywhere(calls, 'takes it'))
  })
})

describe('Tags of values without a frame', () => {
  it.each([lru, memory])('are refused on $name: there is no place for them', async backend => {
    const prefix = newPrefix()
    const cache = openCache(backend, { prefix, codec: 'raw' })
    const message = (tags: string) =>
      `ERR_CACHE_TAG: values of the codec 'raw' have no frame, and so no tags; received tags ${tags}. Delete them by key, or use another codec`
    const calls = {
      getOrSet: () => cache.getOrSet('a', load, { tags: ['t'] }),
      set: () => cache.set('a', 'text', { tags: ['t'] }),
      setMany: () => cache.setMany([['a', 'text']], { tags: ['t'] }),
      get: () => cache.get('a', { tags: ['t'] }),
      lookup: () => cache.lookup('a', { tags: ['t'] }),
    }
    expect(await refusals(calls)).toEqual(everywhere(calls, `rejects ${message("[ 't' ]")}`))
    expect(await refusal(() => cache.getOrSet('a', load, { tags: () => ['t'] }))).toContain(
      `rejects ${message('[Function: tags]')}`,
    )
    expect(await refusal(() => cache.wrap(load, { key: 'w', tags: ['t'] }))).toBe(
      `throws ${message("[ 't' ]")}`,
    )
  })

  it.each([lru, memory])('are refused on $name where the loader sets them', async backend => {
    const cache = openCache(backend, { codec: 'raw' })
    const answer = await refusal(() =>
      cache.getOrSet('a', ({ setTags }) => {
        setTags(['t'])
        return 'text'
      }),
    )
    expect(answer).toContain("ERR_CACHE_TAG: values of the codec 'raw' have no frame")
  })
})

describe('Tags as an option', () => {
  it('belong to calls, not to a cache or a namespace', async () => {
    const store = lru.openStore()
    const options = { store, tags: ['t'] } as CacheOptions
    expect(() => createCache(options)).toThrow("unknown option 'tags' of createCache")
    const cache = createCache({ store })
    onTestFinished(() => cache.close())
    expect(() => cache.namespace('n', wrong({ tags: ['t'] }))).toThrow("unknown option 'tags'")
  })
})
