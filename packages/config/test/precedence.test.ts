import { memoryBus } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, inject, it } from 'vitest'
import { opened, openedAll } from './opened.js'

/** How long a value is fresh and how long there, in seconds. */
async function lifeOf(
  cache: Awaited<ReturnType<typeof opened>>,
  options?: object,
): Promise<[number, number]> {
  await cache.set('key', 1, options)
  const found = await cache.lookup('key')
  if (found.state === 'miss') return [0, 0]
  return [(found.staleAt - found.createdAt) / 1_000, (found.deleteAt - found.createdAt) / 1_000]
}

describe('What is said closest to a call counts', () => {
  const clock = new ManualClock()
  const config = {
    type: 'lru',
    ttl: '20s',
    namespaces: { users: { ttl: '40s', namespaces: { admins: { ttl: '60s' } } } },
  } as const

  it('the config before the defaults of the program', async () => {
    expect(await lifeOf(await opened(config, { clock, ttl: '10s', grace: '5s' }))).toEqual([20, 25])
    expect(await lifeOf(await opened({ type: 'lru' }, { clock, ttl: '10s' }))).toEqual([10, 10])
    expect(await lifeOf(await opened({ type: 'lru' }, { clock }))).toEqual([300, 300])
  })

  it('the defaults of namespace() in code before those of the cache, the config of the namespace before both', async () => {
    const cache = await opened(config, { clock, ttl: '10s' })
    expect(await lifeOf(cache.namespace('others', { ttl: '30s' }))).toEqual([30, 30])
    expect(await lifeOf(cache.namespace('others'))).toEqual([20, 20])
    expect(await lifeOf(cache.namespace('users', { ttl: '30s', grace: '1s' }))).toEqual([40, 41])
    expect(await lifeOf(cache.namespace('users'))).toEqual([40, 40])
  })

  it('what a call says before all', async () => {
    const cache = await opened(config, { clock })
    expect(await lifeOf(cache.namespace('users', { ttl: '30s' }), { ttl: '50s' })).toEqual([50, 50])
  })

  it('namespaces in namespaces by their path', async () => {
    const cache = await opened(config, { clock })
    const users = cache.namespace('users')
    expect(await lifeOf(users.namespace('admins', { ttl: '1s' }))).toEqual([60, 60])
    expect(await lifeOf(users.namespace('guests'))).toEqual([40, 40])
    expect(await lifeOf(cache.namespace('admins'))).toEqual([20, 20])
    expect(users.namespace('admins').path).toBe('lookaside:users:admins')
  })

  it('namespaces of the config over those that the program gives', async () => {
    const cache = await opened(
      { type: 'lru', namespaces: { users: { ttl: '40s' } } },
      { clock, namespaces: { users: { ttl: '1s', grace: '2s' }, items: { ttl: '3s' } } },
    )
    expect(await lifeOf(cache.namespace('users'))).toEqual([40, 42])
    expect(await lifeOf(cache.namespace('items'))).toEqual([3, 3])
  })

  it('what variables are worth, or else the defaults', async () => {
    const withTtl = { type: 'lru', ttl: '${TTL:-}' } as const
    expect(await lifeOf(await opened(withTtl, { clock, ttl: '10s' }, { TTL: '7s' }))).toEqual([7, 7])
    expect(await lifeOf(await opened(withTtl, { clock, ttl: '10s' }, {}))).toEqual([10, 10])
  })

  it('undefined as if it were not there', async () => {
    const cache = await opened(
      { type: 'lru', ttl: undefined, prefix: undefined },
      { clock, ttl: '10s', prefix: 'code' },
    )
    expect(await lifeOf(cache)).toEqual([10, 10])
    expect(cache.path).toBe('code')
  })
})

describe('The guard of a config', () => {
  const crowd = async (config: object, defaults?: object) => {
    let loads = 0
    const cache = await opened({ type: 'lru', ...config }, defaults)
    const load = async () => {
      await new Promise(setImmediate)
      return ++loads
    }
    await Promise.all(Array.from({ length: 10 }, () => cache.getOrSet('key', load)))
    return loads
  }

  it('is stampedeGuard() unless said otherwise, by the config before the program', async () => {
    expect(await crowd({})).toBe(1)
    expect(await crowd({ guard: {} })).toBe(1)
    expect(await crowd({ guard: false })).toBe(10)
    expect(await crowd({}, { guard: false })).toBe(10)
    expect(await crowd({ guard: {} }, { guard: false })).toBe(1)
    expect(await crowd({ guard: false }, { guard: stampedeGuard() })).toBe(10)
  })

  it('may be one that the program has made', async () => {
    const guard = { name: 'mine', run: (flight: { load(): Promise<never> }) => flight.load() }
    expect(await crowd({ guard })).toBe(10)
    expect(await crowd({}, { guard })).toBe(10)
  })

  it('has the parts that are given: backOff', async () => {
    const clock = new ManualClock()
    const failing = async (guard: object) => {
      const cache = await opened({ type: 'lru', guard }, { clock })
      let loads = 0
      const load = () => {
        loads++
        throw new Error('down')
      }
      for (let call = 0; call < 5; call++) await cache.getOrSet('key', load).catch(() => {})
      return loads
    }
    expect(await failing({ backOff: { initial: '10s', max: '20s' } })).toBe(1)
    expect(await failing({ backOff: false })).toBe(5)
  })

  it('has the parts that are given: limitLoads', async () => {
    let now = 0
    let most = 0
    const cache = await opened({
      type: 'lru',
      guard: { limitLoads: { concurrency: 3, queue: 4, per: 'cache' } },
    })
    const load = async () => {
      most = Math.max(most, ++now)
      await new Promise(setImmediate)
      return now--
    }
    const calls = await Promise.allSettled(
      Array.from({ length: 10 }, (_, key) => cache.getOrSet(`k${key}`, load)),
    )
    expect(most).toBe(3)
    expect(calls.filter(({ status }) => status === 'rejected').length).toBe(3)
  })

  it('has the parts that are given: staleWhileRevalidate', async () => {
    const clock = new ManualClock()
    const staleServed = async (guard: object) => {
      const cache = await opened({ type: 'lru', guard, ttl: '10s', grace: '10s' }, { clock })
      let loads = 0
      await cache.set('key', 'old')
      await clock.advance(15_000)
      return cache.getOrSet('key', () => `new ${++loads}`)
    }
    expect(await staleServed({ staleWhileRevalidate: { softTimeout: 0 } })).toBe('old')
    expect(await staleServed({ staleWhileRevalidate: false })).toBe('new 1')
  })

  it('has the parts that are given: earlyRefresh, with the options of calls', async () => {
    const clock = new ManualClock({ random: () => 1 - 2 ** -53 })
    const refreshes = async (guard: object, options: object = {}) => {
      const cache = await opened({ type: 'lru', guard, ttl: '10s', grace: '10s' } as never, { clock })
      let loads = 0
      const load = async () => {
        await clock.sleep(100, new AbortController().signal)
        return ++loads
      }
      const first = cache.getOrSet('key', load, options)
      await clock.advance(100)
      await first
      await clock.advance(9_000)
      await cache.getOrSet('key', load, options)
      await clock.advance(100)
      return loads
    }
    expect(await refreshes({ earlyRefresh: { beta: 1 } })).toBe(2)
    expect(await refreshes({ earlyRefresh: { beta: 0 } })).toBe(1)
    expect(await refreshes({ earlyRefresh: { beta: 0 } }, { beta: 1 })).toBe(2)
    expect(await refreshes({ earlyRefresh: false })).toBe(1)
  })
})

describe('The bus of a config', () => {
  it('is there for tiers before a Redis, unless it is false', async () => {
    const heard = async (bus?: false | 'pubsub' | 'tracking') => {
      const settings = {
        type: 'tiered',
        remote: inject('redisUrl'),
        prefix: `bus-${Math.random()}`.replace('0.', ''),
        storeTimeout: '5s',
        ...(bus !== undefined && { bus }),
      } as const
      const [a, b] = [await opened(settings), await opened(settings)]
      await Promise.all([a.ready(), b.ready()])
      await a.set('key', 1)
      await expect.poll(() => b.get('key').then(() => b.peek('key'))).toBe(1)
      await a.delete('key')
      if (bus === false) return b.peek('key')
      await expect.poll(() => b.peek('key')).toBeUndefined()
      return 'heard'
    }
    expect(await heard()).toBe('heard')
    expect(await heard('tracking')).toBe('heard')
    expect(await heard(false)).toBe(1)
  })

  it('may be one that the program has made, in the config or beside it', async () => {
    const prefix = `bus-made-${Date.now()}`
    const bus = memoryBus()
    const settings = { type: 'tiered', remote: inject('redisUrl'), prefix, storeTimeout: '5s' } as const
    const a = await opened({ ...settings, bus })
    const b = await opened(settings, { bus })
    const deaf = await opened({ ...settings, bus: false }, { bus })
    await a.ready()
    await a.set('key', 1)
    for (const cache of [b, deaf]) {
      await expect.poll(() => cache.get('key').then(() => cache.peek('key'))).toBe(1)
    }
    await a.delete('key')
    await expect.poll(() => b.peek('key')).toBeUndefined()
    expect(deaf.peek('key')).toBe(1)
  })
})

describe('A move from one server to another', () => {
  it('works by config, in each phase', async () => {
    const prefix = `move-${Date.now()}`
    const to = inject('redisUrl')
    const from = `memcached://${inject('memcachedServers')}`
    const { before, moving, after } = await openedAll({
      storeTimeout: '5s',
      caches: {
        before: { url: from, prefix },
        moving: { type: 'migrating', to, from, phase: 'move', timeout: '5s', prefix: `${prefix}-other` },
        after: { url: to, prefix },
      },
    })
    const moved = await opened({ type: 'migrating', to, from, timeout: '5s', prefix, storeTimeout: '5s' })
    await Promise.all([before, moving, after, moved].map(cache => cache.ready()))
    await before.set('old', 'value')
    expect(await moved.get('old')).toBe('value')
    await moved.set('new', 'value')
    expect(await after.get('new')).toBe('value')
    await moved.delete('old')
    expect(await before.get('old')).toBeUndefined()
    await moving.set('key', 1)
    expect(await moving.get('key')).toBe(1)
  })
})
