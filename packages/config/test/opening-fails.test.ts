import { CacheError, memoryBus, type RemoteStore } from '@lookaside/core'
import { memoryRemoteServer } from '@lookaside/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type CacheDefaults,
  type CachesConfig,
  ConfigError,
  cachesFromConfig,
  cachesFromEnv,
  cachesFromFile,
  fromConfig,
  fromEnv,
  fromFile,
  fromUrl,
} from '../src/index.js'
import { countedRedis } from './connections.js'
import { directoryWith } from './files.js'
import { closedLater, opened, problemsOf, problemsOfCaches, refusal } from './opened.js'

/** A store whose opening is up to the test. */
const PLUGIN = `
  const schema = { '~standard': { version: 1, vendor: 'test', validate: value => ({ value }) } }
  export const storePlugin = { schema, open: options => globalThis.lookasideTestOpen(options) }`

interface Options {
  readonly name: string
  readonly fails?: boolean
}

const world = globalThis as { lookasideTestOpen?: (options: Options) => Promise<RemoteStore> }

let told: string[]
let beforeFailing: () => Promise<void>

beforeEach(() => {
  told = []
  beforeFailing = async () => {}
  const server = memoryRemoteServer()
  world.lookasideTestOpen = async ({ name, fails }) => {
    if (fails) {
      await beforeFailing()
      throw new CacheError('ERR_CACHE_OPTION', `${name} cannot be opened`)
    }
    told.push(`opened ${name}`)
    const store = server.store()
    return {
      ...store,
      name,
      async close() {
        told.push(`closed ${name}`)
        await store.close()
      },
    }
  }
})
afterEach(() => {
  delete world.lookasideTestOpen
})

async function pathOf(config: object): Promise<string> {
  const directory = await directoryWith({ 'plugin.mjs': PLUGIN, 'c.json': JSON.stringify(config) })
  return `${directory}/c.json`
}

const store = (name: string, fails?: boolean) => ({ type: './plugin.mjs', name, fails })

describe('A store that is opened by a package', () => {
  it('is closed by its cache', async () => {
    const cache = await fromFile(await pathOf(store('a')))
    await cache.set('key', 1)
    expect(await cache.get('key')).toBe(1)
    await cache.close()
    expect(told).toEqual(['opened a', 'closed a'])
  })

  it('may be the remote tier, or either side of a move', async () => {
    const cache = closedLater(await fromFile(await pathOf({ type: 'tiered', remote: store('a') })))
    await cache.set('key', 1)
    expect(cache.peek('key')).toBe(1)
    const moving = await fromFile(await pathOf({ type: 'migrating', to: store('b'), from: store('c') }))
    await moving.set('key', 1)
    await moving.close()
    expect(told).toEqual(['opened a', 'opened b', 'opened c', 'closed b', 'closed c'])
  })

  it('is one for all caches that name it with the same settings, and closed by the last', async () => {
    const path = await pathOf({
      ...store('one'),
      caches: { a: {}, b: store('one'), c: { name: 'one', type: './plugin.mjs' }, d: store('other') },
    })
    const { a, b, c, d } = await cachesFromFile(path, ['a', 'b', 'c', 'd'])
    expect(told).toEqual(['opened one', 'opened other'])
    for (const cache of [a, b, d]) await cache.close()
    expect(told).toEqual(['opened one', 'opened other', 'closed other'])
    await c.close()
    expect(told).toEqual(['opened one', 'opened other', 'closed other', 'closed one'])
  })
})

describe('Where not all can be opened', () => {
  it('everything that was is closed again, and each failure is told', async () => {
    const path = await pathOf({
      caches: { a: store('a'), b: store('b', true), c: store('c'), d: { ...store('d'), type: 'redsi' } },
    })
    const { problems } = await refusal(cachesFromFile(path, ['a', 'b', 'c']))
    expect(problems.map(({ path }) => path)).toEqual(['caches.d.type'])
    expect(told).toEqual([])
    const again = await pathOf({
      caches: {
        a: store('a'),
        b: store('b', true),
        c: { type: 'tiered', remote: store('c') },
        d: store('d', true),
      },
    })
    const error = await refusal(cachesFromFile(again, ['a', 'b', 'c', 'd']))
    expect(error.problems.map(({ path, message, line }) => [path, message, line])).toEqual([
      ['caches.b', 'b cannot be opened', 1],
      ['caches.d', 'd cannot be opened', 1],
    ])
    expect(told).toEqual(['opened a', 'opened c', 'closed a', 'closed c'])
  })

  it('one side of a move that was opened is closed again', async () => {
    const path = await pathOf({ type: 'migrating', to: store('to'), from: store('from', true) })
    expect((await refusal(fromFile(path))).problems).toMatchObject([{ message: 'from cannot be opened' }])
    expect(told).toEqual(['opened to', 'closed to'])
  })

  it('a store whose cache is refused is closed again', async () => {
    const path = await pathOf({ ...store('a'), namespaces: { ['x'.repeat(100)]: {} } })
    expect((await refusal(fromFile(path))).message).toMatch('must be at most 100 characters long')
    expect(told).toEqual(['opened a', 'closed a'])
  })

  it('no connection to a server is left, of stores or of buses', async () => {
    const redis = await countedRedis()
    beforeFailing = () => expect.poll(() => redis.connections()).toBeGreaterThan(1)
    const path = await pathOf({
      storeTimeout: '5s',
      caches: { a: { type: 'tiered', remote: redis.url }, b: `${redis.url}/1`, c: store('c', true) },
    })
    await refusal(cachesFromFile(path, ['a', 'b', 'c']))
    await expect.poll(() => redis.connections()).toBe(0)
  })

  it('what is thrown that is no problem of the config is thrown as it is, and all is closed too', async () => {
    world.lookasideTestOpen = async ({ name, fails }) => {
      if (fails) throw new TypeError('a bug')
      told.push(`opened ${name}`)
      return { ...memoryRemoteServer().store(), close: async () => void told.push(`closed ${name}`) }
    }
    const path = await pathOf({ caches: { a: store('a'), b: store('b', true) } })
    await expect(cachesFromFile(path, ['a', 'b'])).rejects.toThrow(TypeError)
    expect(told).toEqual(['opened a', 'closed a'])
  })
})

describe('What only the cache can tell', () => {
  it('is told as a problem of the config too', async () => {
    const long = 'x'.repeat(100)
    const tooLong =
      "the prefix and the names of nested namespaces, joined by ':', must be at most 100 characters long; received"
    expect(await problemsOf({ type: 'lru', prefix: 'p', namespaces: { [long]: {} } })).toEqual([
      `: ${tooLong} 102: 'p:${'x'.repeat(74)}…`,
    ])
    expect(await problemsOfCaches({ type: 'lru', caches: { a: {}, [long]: {} } })).toEqual([
      `caches.${long}: ${tooLong} 110: 'lookaside.${'x'.repeat(66)}…`,
    ])
    expect((await opened({ type: 'lru', prefix: long })).path).toBe(long)
  })

  it('is the program where its defaults are wrong', async () => {
    await expect(opened({ type: 'lru' }, { ttll: 5 } as never)).rejects.toMatchObject({
      code: 'ERR_CACHE_OPTION',
      message: expect.stringMatching(
        /^unknown option 'ttll' of fromConfig; did you mean 'ttl'\? Known: guard, namespaces, /,
      ),
    })
    await expect(opened({ type: 'lru' }, 'memory:' as never)).rejects.toThrow(
      "fromConfig takes its options as an object; received 'memory:'",
    )
    const caches: CachesConfig<'a'> = { type: 'lru', caches: { a: {} } }
    await expect(cachesFromConfig(caches, { store: {} } as never)).rejects.toThrow(
      "unknown option 'store' of cachesFromConfig. Known: ",
    )
    await expect(fromFile('a.yaml', { ttll: 5 } as never)).rejects.toThrow(
      "unknown option 'ttll' of fromFile;",
    )
    await expect(cachesFromFile('a.yaml', ['a'], { ttll: 5 } as never)).rejects.toThrow(
      "unknown option 'ttll' of cachesFromFile;",
    )
  })
})

describe('A bad value in the defaults of the program', () => {
  const bad: readonly (readonly [code: string, message: string, defaults: object])[] = [
    [
      'ERR_CACHE_DURATION',
      'ttl must be milliseconds from 0 to 315360000000 (ten years), or a string',
      { ttl: 'soon' },
    ],
    ['ERR_CACHE_DURATION', 'ttl must be milliseconds', { namespaces: { users: { ttl: -1 } } }],
    ['ERR_CACHE_DURATION', 'maxLocalStaleness must be milliseconds', { maxLocalStaleness: 'soon' }],
    ['ERR_CACHE_OPTION', 'bus must be a bus, such as memoryBus(); received 5', { bus: 5 }],
    ['ERR_CACHE_OPTION', "unknown option 'tll' of the namespace", { namespaces: { users: { tll: 5 } } }],
    ['ERR_CACHE_OPTION', "codec must be 'auto', 'json', ", { codec: 'jsn' }],
    ['ERR_CACHE_OPTION', "guard must have the method run; received 'none'", { guard: 'none' }],
    ['ERR_CACHE_OPTION', 'concurrency of limitLoads must be ', { guard: { limitLoads: {} } }],
    ['ERR_CACHE_OPTION', 'beta must be a number from 0, ', { beta: -1 }],
    ['ERR_CACHE_OPTION', 'schema must be a Standard Schema', { schema: 5 }],
    ['ERR_CACHE_OPTION', 'clock must have the methods ', { clock: {} }],
    ['ERR_CACHE_NAMESPACE', 'the prefix must consist of letters', { prefix: 'a b' }],
  ]

  it.each(bad)('is its own, however wrong the config is: %s: %s', async (code, start, given) => {
    const defaults = given as CacheDefaults
    const message = expect.stringMatching(new RegExp(`^${start.replace(/[()]/g, '.')}`))
    const openings = await Promise.allSettled<unknown>([
      fromConfig({ type: 'redsi' } as never, defaults),
      cachesFromConfig({ caches: {} }, defaults),
      fromFile('there-is-none.yaml', defaults),
      cachesFromFile('there-is-none.yaml', ['a'], defaults),
      fromUrl('redsi://host', defaults),
      fromEnv(defaults, { CACHE_CONFIG: 'there-is-none.yaml' }),
      fromEnv(defaults, { CACHE_URL: 'redsi://host' }),
      cachesFromEnv(['a'], defaults, {}),
    ])
    expect(openings).toHaveLength(8)
    for (const opening of openings) {
      const error = opening.status === 'rejected' ? opening.reason : undefined
      expect(error).toBeInstanceOf(CacheError)
      expect(error).not.toBeInstanceOf(ConfigError)
      expect(error).toMatchObject({ code, message })
    }
  })

  it('opens nothing: no store, no bus', async () => {
    const path = await pathOf({ type: 'tiered', remote: store('a') })
    await expect(fromFile(path, { ttl: -1 })).rejects.toMatchObject({ code: 'ERR_CACHE_DURATION' })
    expect(told).toEqual([])
  })

  it('counts even where the config has a good one in its place', async () => {
    await expect(opened({ type: 'lru', ttl: '5m' }, { ttl: 'soon' as never })).rejects.toMatchObject({
      code: 'ERR_CACHE_DURATION',
    })
  })

  it('is none where only the store of a config can tell what it is good for', async () => {
    const cache = await opened({ type: 'lru' }, { maxLocalStaleness: '5s', bus: memoryBus() })
    await cache.set('key', 1)
    expect(cache.peek('key')).toBe(1)
  })
})
