import { createCache } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { expect, it } from 'vitest'

it.each([
  ['a function in it', { f() {} }],
  ['a shape that no clone has', new URL('http://localhost/')],
])(
  'a hit of a value with %s, which another cache has stored by reference, is handed out as it is',
  async (_, value) => {
    const store = lruStore()
    const byReference = createCache({ store, prefix: 'p' })
    const cloning = createCache({ store, prefix: 'p', clone: 'structured' })
    await byReference.set('k', value)
    expect(await cloning.getOrSet('k', () => 'loaded')).toBe(value)
    expect(await cloning.get('k')).toBe(value)
    const items = ['k', 'other']
    const load = async (missing: readonly string[]) => missing.map(item => `loaded ${item}`)
    expect(await cloning.getOrSetMany(items, { key: item => item, load })).toEqual([value, 'loaded other'])
    await byReference.close()
    await cloning.close()
  },
)
