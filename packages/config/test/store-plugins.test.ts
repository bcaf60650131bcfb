import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { cachesFromFile, fromFile } from '../src/index.js'
import { directoryWith } from './files.js'
import { closedLater, refusal } from './opened.js'

/** A package with a local store over a Map, and what its schema says of its settings. */
const SOURCE = `
  export const storePlugin = {
    schema: {
      '~standard': {
        version: 1,
        vendor: 'test',
        async validate(given) {
          const issues = []
          for (const name of Object.keys(given))
            if (!['size', 'nested', 'fail'].includes(name)) issues.push({ message: 'unknown setting', path: [name] })
          if (typeof given.size !== 'number') issues.push({ message: 'expected a number of entries', path: [{ key: 'size' }] })
          if (given.nested?.list?.[1] === 'bad') issues.push({ message: 'bad item', path: ['nested', 'list', 1] })
          if (given.size < 0) issues.push({ message: 'as a whole it is wrong' })
          return issues.length > 0 ? { issues } : { value: { ...given, size: given.size * 2 } }
        },
      },
    },
    async open(options) {
      globalThis.lookasideTestOptions = options
      if (options.fail) throw new Error(options.fail)
      const map = new Map()
      return {
        kind: 'local', name: 'map', get size() { return map.size },
        get: key => map.get(key), set: (key, entry) => void map.set(key, entry),
        delete: key => map.delete(key), clear: () => map.clear(),
      }
    },
  }`

/** A package with a store that processes could share, which a test never uses. */
const REMOTE = `
  export const storePlugin = {
    schema: { '~standard': { version: 1, vendor: 'test', validate: value => ({ value }) } },
    open: () => ({ kind: 'remote', name: 'remote', close: async () => {} }),
  }`

const ESM_ONLY = (name: string) =>
  JSON.stringify({ name, type: 'module', exports: { '.': { import: './lib/main.js' } } })

const PACKAGES = {
  'node_modules/map-store/package.json': ESM_ONLY('map-store'),
  'node_modules/map-store/lib/main.js': SOURCE,
  'node_modules/@acme/map-store/package.json': ESM_ONLY('@acme/map-store'),
  'node_modules/@acme/map-store/lib/main.js': SOURCE,
  'stores/map-store.mjs': SOURCE,
}

interface Global {
  lookasideTestOptions?: unknown
}

afterEach(() => {
  delete (globalThis as Global).lookasideTestOptions
})

async function opening(config: object, more: Record<string, string> = {}, at = 'cache.json') {
  const directory = await directoryWith({ ...PACKAGES, ...more, [at]: JSON.stringify(config) })
  return { directory, opening: fromFile(join(directory, at)) }
}

async function problems(config: object, more: Record<string, string> = {}): Promise<string[]> {
  const { directory, opening: refused } = await opening(config, more)
  const { problems } = await refusal(refused)
  return problems.map(({ path, message }) => `${path}: ${message}`.replaceAll(directory, '…'))
}

describe('A store of another package', () => {
  it.each([
    ['map-store', 'cache.json'],
    ['@acme/map-store', 'cache.json'],
    ['./stores/map-store.mjs', 'cache.json'],
    ['../stores/map-store.mjs', 'config/cache.json'],
    ['map-store', 'config/deep/cache.json'],
  ])('is found by its name or path from where the config file is: %s from %s', async (type, at) => {
    const { opening: taken } = await opening({ type, size: 2, ttl: '5m', prefix: 'plugged' }, {}, at)
    const cache = closedLater(await taken)
    expect((globalThis as Global).lookasideTestOptions).toEqual({ size: 4 })
    expect(cache.path).toBe('plugged')
    await cache.set('key', 1)
    expect(cache.peek('key')).toBe(1)
  })

  it('is found by the path that a config file names absolutely', async () => {
    const directory = await directoryWith(PACKAGES)
    const { opening: taken } = await opening({ type: join(directory, 'stores/map-store.mjs'), size: 1 })
    await closedLater(await taken).ready()
  })

  it('may be the local tier of a remote one of ours', async () => {
    const { opening: taken } = await opening({
      type: 'tiered',
      local: { type: 'map-store', size: 1 },
      remote: 'redis://127.0.0.1:1',
      bus: false,
    })
    closedLater(await taken)
  })

  it('throws what its module throws, and what it throws when it is opened', async () => {
    const thrown = (config: object, source: string) =>
      opening(config, { 'stores/own.mjs': source }).then(({ opening: refused }) => refused)
    await expect(
      thrown({ type: './stores/own.mjs' }, "throw new RangeError('of the module')"),
    ).rejects.toThrow(RangeError)
    await expect(thrown({ type: 'map-store', size: 1, fail: 'no table' }, '')).rejects.toThrow('no table')
  })
})

describe('A store of another package is refused', () => {
  const expected = (name: string) =>
    `expected ${name} to export a store: export const storePlugin = definePlugin({ schema, open })`
  const known =
    "expected 'lru', 'redis', 'memcached', 'tiered', 'migrating', 'none', or the name of an installed package with a store"

  it('where it is not installed', async () => {
    expect(await problems({ type: 'map-stor', size: 1 })).toEqual([
      `type: ${known}; received 'map-stor'. Is the package installed?`,
    ])
    expect(await problems({ type: '@acme/other', ttl: -1 })).toEqual([
      `type: ${known}; received '@acme/other'. Is the package installed?`,
      "ttl: expected a duration from 0 ms to ten years: milliseconds, or a string such as '250ms', '30s', '5m', '1h', '7d'; received -1",
    ])
  })

  it('where there is no such file', async () => {
    expect(await problems({ type: './stores/map-stor.mjs' })).toEqual([
      'type: expected the path of a module with a store; there is no file …/stores/map-stor.mjs',
    ])
  })

  it('where it exports something else', async () => {
    const own = (source: string) => problems({ type: './own.mjs' }, { 'own.mjs': source })
    expect(await own('export const store = {}')).toEqual([
      `type: ${expected('./own.mjs')}; it has no such export`,
    ])
    for (const source of [
      'null',
      '{}',
      '{ schema: {}, open() {} }',
      "{ schema: { '~standard': {} } }",
      "'store'",
    ]) {
      expect(await own(`export const storePlugin = ${source}`)).toEqual([
        `type: ${expected('./own.mjs')}; its storePlugin lacks a schema or open()`,
      ])
    }
    expect(await problems({ type: 'node:fs' })).toEqual([
      `type: ${known}; received 'node:fs'. Is the package installed?`,
    ])
    expect(await problems({ type: 'fs' })).toEqual([`type: ${expected('fs')}; it has no such export`])
  })

  it('where its package.json exports nothing that can be imported', async () => {
    const more = {
      'node_modules/cjs-store/package.json': JSON.stringify({
        name: 'cjs-store',
        exports: { './sub': './x.js' },
      }),
    }
    expect(await problems({ type: 'cjs-store' }, more)).toEqual([
      `type: ${expected('cjs-store')}; its package.json exports nothing to import by this name`,
    ])
  })

  it('where its schema refuses its settings, each by its path, with what is wrong beside them', async () => {
    expect(
      await problems({
        type: 'map-store',
        size: 'big',
        nested: { list: ['a', 'bad'] },
        colour: 'red',
        ttl: -1,
      }),
    ).toEqual([
      'size: expected a number of entries',
      'nested.list[1]: bad item',
      'colour: unknown setting',
      "ttl: expected a duration from 0 ms to ten years: milliseconds, or a string such as '250ms', '30s', '5m', '1h', '7d'; received -1",
    ])
    expect(await problems({ type: 'map-store', size: -1 })).toEqual([': as a whole it is wrong'])
    expect(await problems({ type: 'tiered', local: { type: 'map-store' }, remote: 'redis://h' })).toEqual([
      'local.size: expected a number of entries',
    ])
  })

  it('where another kind of store belongs', async () => {
    expect(await problems({ type: 'tiered', remote: { type: 'map-store', size: 1 }, bus: false })).toEqual([
      "remote: expected a remote store; 'map-store' makes another kind of store",
    ])
    expect(
      await problems({ type: 'migrating', to: { type: 'map-store', size: 1 }, from: 'redis://127.0.0.1:1' }),
    ).toEqual(["to: expected a remote store; 'map-store' makes another kind of store"])
    const remote = { 'remote.mjs': REMOTE }
    expect(
      await problems(
        { type: 'tiered', local: { type: './remote.mjs' }, remote: 'redis://127.0.0.1:1' },
        remote,
      ),
    ).toEqual(["local: expected a local store; './remote.mjs' makes another kind of store"])
    const moved = { type: 'migrating', to: { type: './remote.mjs' }, from: { type: 'map-store', size: 1 } }
    expect(await problems({ type: 'tiered', remote: moved }, remote)).toEqual([
      "remote.from: expected a remote store; 'map-store' makes another kind of store",
    ])
  })

  it('where another kind of store belongs, once for all caches that have it in common', async () => {
    const directory = await directoryWith({
      ...PACKAGES,
      'a.yaml': `type: tiered
remote: { type: map-store, size: 1 }
caches:
  a: {}
  b: {}
  c:
    type: migrating
    to: redis://127.0.0.1:1
    from: { type: map-store, size: 1 }
`,
    })
    const { problems } = await refusal(cachesFromFile(join(directory, 'a.yaml'), ['a', 'b', 'c']))
    const message = "expected a remote store; 'map-store' makes another kind of store"
    expect(problems).toMatchObject([
      { path: 'remote', message, line: 2, column: 9 },
      { path: 'caches.c.from', message, line: 9, column: 11 },
    ])
  })
})

describe('The settings of a store of another package', () => {
  it('take the numbers of variables as text: its schema says what it wants', async () => {
    const directory = await directoryWith({
      ...PACKAGES,
      'c.json': '{ "type": "map-store", "size": "${SIZE}" }',
    })
    const { problems } = await refusal(fromFile(join(directory, 'c.json'), {}, { SIZE: '5' }))
    expect(problems).toMatchObject([
      { path: 'size', message: 'expected a number of entries', line: 1, column: 32 },
    ])
  })
})
