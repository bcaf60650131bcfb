import { createCache, type RemoteStore } from '@lookaside/core'
import { memoryRemoteServer } from '@lookaside/testing'
import { describe, expect, it } from 'vitest'
import { newPrefix } from '../backends.js'

/** A store whose answers can be held back after they were made, and whose deletes can fail. */
function held(without: readonly 'clear'[] = []) {
  const inner = memoryRemoteServer({ without: [...without] }).store()
  const waiting: (() => void)[] = []
  const state = {
    down: false,
    holds: (_keys: readonly string[]): boolean => false,
    release() {
      state.holds = () => false
      for (const go of waiting) go()
    },
  }
  async function heldBack<T>(keys: readonly string[], answer: Promise<T>): Promise<T> {
    const made = await answer
    if (state.holds(keys)) await new Promise<void>(resolve => waiting.push(resolve))
    return made
  }
  const down = () => Promise.reject(new Error('down'))
  const store: RemoteStore = {
    ...inner,
    get: key => heldBack([key], inner.get(key)),
    getMany: keys => heldBack(keys, inner.getMany(keys)),
    delete: (key, version) => (state.down ? down() : inner.delete(key, version)),
    deleteMany: keys => (state.down ? down() : inner.deleteMany(keys)),
  }
  const cache = createCache({ store, prefix: newPrefix(), storeTimeout: '10s' })
  const delivered = new Promise<void>(resolve => {
    cache.on(event => {
      if (event.type === 'invalidation-delivered') resolve()
    })
  })
  const get = (key: string, value: string) => cache.getOrSet(key, () => value, { tags: ['t'], ttl: '1h' })
  return { cache, state, delivered, get }
}

describe('A tag that was invalidated, and is delivered only while a value is read', () => {
  it('hides what the value and its tag were when they were asked for together', async () => {
    const { cache, state, delivered, get } = held()
    await get('k', 'old')
    state.down = true
    expect(await cache.invalidateTags(['t'])).toBe(false)
    state.holds = keys => keys.length === 2
    const reading = get('k', 'new')
    state.down = false
    await delivered
    state.release()
    expect(await reading).toBe('new')
    await cache.close()
  })

  it('hides values whose request is answered after that of the tag', async () => {
    const { cache, state, delivered, get } = held()
    const keys = Array.from({ length: 80 }, (_, index) => `k${index}`)
    const all = (value: string) => Promise.all(keys.map(key => get(key, value)))
    await all('old')
    expect(new Set(await all('new'))).toEqual(new Set(['old']))
    state.down = true
    expect(await cache.invalidateTags(['t'])).toBe(false)
    state.holds = asked => asked.some(key => key.endsWith('k79'))
    const reading = all('new')
    state.down = false
    await delivered
    state.release()
    expect(new Set(await reading)).toEqual(new Set(['new']))
    await cache.close()
  })

  it('hides tags that the call did not name, and that are read after the value', async () => {
    const { cache, state, delivered, get } = held()
    await get('k', 'old')
    state.down = true
    expect(await cache.invalidateTags(['t'])).toBe(false)
    state.holds = asked => asked.some(key => key.includes(':#tag:'))
    const reading = cache.get('k')
    state.down = false
    await delivered
    state.release()
    expect(await reading).toBeUndefined()
    await cache.close()
  })
})
