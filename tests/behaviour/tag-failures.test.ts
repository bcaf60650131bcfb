import { createCache, type RemoteStore } from '@lookaside/core'
import { memoryRemoteServer } from '@lookaside/testing'
import { describe, expect, it } from 'vitest'
import { cutOff } from './cut-off.js'

describe('Tokens that the store does not answer for', () => {
  it('fail no call, whatever the store throws for the slot of a key', async () => {
    const inner = memoryRemoteServer().store()
    const store: RemoteStore = {
      ...inner,
      async getMany(keys) {
        const slots = await inner.getMany(keys)
        return slots.map((slot, index) => (keys[index]?.includes('#tag:') ? new Error('CLUSTERDOWN') : slot))
      },
    }
    const cache = createCache({ store })
    expect(await cache.getOrSet('k', () => 'loaded', { tags: ['t'] })).toBe('loaded')
    await cache.close()
  })

  it('leave the value that they belong to where it is', async () => {
    const { cache, store, other } = cutOff()
    const tags = () => ['t']
    await cache.getOrSet('k', () => 'good', { tags })
    store.fail(undefined, { ops: ['get'], times: Number.POSITIVE_INFINITY })
    const failing = () => Promise.reject(new Error('the database is down'))
    await expect(cache.getOrSet('k', failing, { tags })).rejects.toThrow('the database is down')
    store.heal()
    expect(await other.get('k')).toBe('good')
    expect(await cache.getOrSet('k', failing, { tags })).toBe('good')
  })
})
