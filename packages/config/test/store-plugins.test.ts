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
    expect(await own('export const storePlugin = null')).toEqual([
      `type: ${expected('./own.mjs')}; it has no such export`,
    ])
    expect(await own('export default { store: {} }')).toEqual([
      `type: ${expected('./own.mjs')}; it has no such export`,
    ])
    for (const source of [
      '{}',
      '{ schema() {}, open() {} }',
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
  const taken = () => (globalThis as Global).lookasideTestOptions

  async function withEnv(source: string, settings: object, env: Record<string, string>) {
    const directory = await directoryWith({
      'own.mjs': source,
      'c.json': JSON.stringify({ type: './own.mjs', ...settings }),
    })
    return fromFile(join(directory, 'c.json'), {}, env)
  }

  /** A store that takes settings of certain types, and keeps what it is opened with. */
  const typed = (types: Record<string, string>) => `
    const types = ${JSON.stringify(types)}
    const isWrong = (given, name) => given[name] !== undefined && typeof given[name] !== types[name]
    const validate = given => {
      const wrong = Object.keys(types).filter(name => isWrong(given, name))
      const issues = wrong.map(name => ({ message: 'expected a ' + types[name], path: [name] }))
      return issues.length > 0 ? { issues } : { value: given }
    }
    export const storePlugin = {
      schema: { '~standard': { version: 1, vendor: 'test', validate } },
      open(options) {
        globalThis.lookasideTestOptions = options
        return { kind: 'local', name: 'typed', size: 0, get() {}, set() {}, delete: () => false, clear() {} }
      },
    }`

  it('that are numbers, true or false by variables are tried as what they spell, where text is refused', async () => {
    const source = typed({ size: 'number', least: 'number', on: 'boolean', table: 'string', zip: 'string' })
    const settings = { size: '${SIZE}', least: '${LEAST}', on: '${ON}', table: '${TABLE}', zip: '${SIZE}' }
    const env = { SIZE: '5', LEAST: '-0.5', ON: 'false', TABLE: 'users' }
    closedLater(await withEnv(source, settings, env))
    expect(taken()).toEqual({ size: 5, least: -0.5, on: false, table: 'users', zip: '5' })
  })

  it('are found within objects and lists, where items before them were left out', async () => {
    const source = `
      const validate = given => {
        const at = given.nested.list.findIndex(item => typeof item !== 'number')
        if (at >= 0) return { issues: [{ message: 'bad item', path: ['nested', { key: 'list' }, at] }] }
        return { value: given }
      }
      export const storePlugin = {
        schema: { '~standard': { version: 1, vendor: 'test', validate } },
        open(options) {
          globalThis.lookasideTestOptions = options
          return { kind: 'local', name: 'typed', size: 0, get() {}, set() {}, delete: () => false, clear() {} }
        },
      }`
    const settings = { nested: { list: [1, '${NONE:-}', '${TWO}', 3] } }
    closedLater(await withEnv(source, settings, { TWO: '2' }))
    expect(taken()).toEqual({ nested: { list: [1, 2, 3] } })
    const { problems } = await refusal(withEnv(source, settings, { TWO: 'two' }))
    expect(problems).toMatchObject([{ path: 'nested.list[2]', message: 'bad item' }])
  })

  it('that no variable gave stay the texts that they are', async () => {
    expect(await problems({ type: 'map-store', size: '5' })).toEqual(['size: expected a number of entries'])
  })

  it('are refused where what variables spell is refused too', async () => {
    const source = typed({ size: 'number', on: 'boolean' })
    const refused = async (env: Record<string, string>) => {
      const { problems } = await refusal(withEnv(source, { size: '${SIZE}', on: '${ON:-true}' }, env))
      return problems.map(({ path, message }) => `${path}: ${message}`)
    }
    for (const SIZE of ['true', 'five', '5 ', '0x5', '5e3'])
      expect(await refused({ SIZE })).toEqual(['size: expected a number'])
    expect(await refused({ SIZE: '5', ON: 'yes' })).toEqual(['on: expected a boolean'])
    expect(taken()).toBeUndefined()
  })

  const complaining = (name: string, message: string) => `
    const issues = [{ message: ${JSON.stringify(message)}, path: [${JSON.stringify(name)}] }]
    export const storePlugin = {
      schema: { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) } },
      open() {},
    }`

  it.each([
    ['expected a region, received abc', 'expected a region; what was given is not shown'],
    ['Expected a region; received "abc" here', 'Expected a region; what was given is not shown'],
    ['expected a region but got abc', 'expected a region; what was given is not shown'],
    ['Must be a region. Received: abc', 'Must be a region; what was given is not shown'],
    ['expected a region, got\nabc\nabc', 'expected a region; what was given is not shown'],
    ['expected a region', 'expected a region'],
  ])('are not shown by their schema where they may be secrets: %j', async (message, shown) => {
    const told = async (name: string, value: string) => {
      const opening = withEnv(complaining(name, message), { [name]: value }, { REGION: 'abc' })
      const { problems } = await refusal(opening)
      return problems.map(({ path, message }) => `${path}: ${message}`)
    }
    expect(await told('region', '${REGION}')).toEqual([`region: ${shown}`])
    expect(await told('region', '${NONE:-abc}')).toEqual([`region: ${shown}`])
    expect(await told('apiKey', 'abc')).toEqual([`apiKey: ${shown}`])
    expect(await told('accessToken', 'abc')).toEqual([`accessToken: ${shown}`])
    expect(await told('region', 'abc')).toEqual([`region: ${message}`])
  })
})

describe('The module of a store', () => {
  const CJS = SOURCE.replace('export const storePlugin =', 'const storePlugin =')

  it.each([
    ['module.exports = { storePlugin }', './stores/map-store.cjs'],
    ['exports.storePlugin = storePlugin', './stores/map-store.cjs'],
    ['module.exports = Object.fromEntries([["storePlugin", storePlugin]])', './stores/map-store.cjs'],
    ['module.exports = { storePlugin }', 'cjs-store'],
  ])('may be CommonJS: %s in %s', async (exported, type) => {
    const source = `${CJS}\n${exported}`
    const more = {
      'stores/map-store.cjs': source,
      'node_modules/cjs-store/package.json': '{ "name": "cjs-store", "main": "main.js" }',
      'node_modules/cjs-store/main.js': source,
    }
    const { opening: taken } = await opening({ type, size: 3 }, more)
    const cache = closedLater(await taken)
    expect((globalThis as Global).lookasideTestOptions).toEqual({ size: 6 })
    await cache.set('key', 1)
    expect(cache.peek('key')).toBe(1)
  })

  it('may have its store in its default export', async () => {
    const source = `${CJS}\nexport default { storePlugin }`
    const { opening: taken } = await opening({ type: './own.mjs', size: 1 }, { 'own.mjs': source })
    await closedLater(await taken).ready()
  })

  it('may have a schema that is a function', async () => {
    const source = `${CJS}
      const schema = Object.assign(() => {}, storePlugin.schema)
      const called = { ...storePlugin, schema }
      export { called as storePlugin }`
    const { opening: taken } = await opening({ type: './own.mjs', size: 4 }, { 'own.mjs': source })
    closedLater(await taken)
    expect((globalThis as Global).lookasideTestOptions).toEqual({ size: 8 })
    expect(await problems({ type: './own.mjs' }, { 'own.mjs': source })).toEqual([
      'size: expected a number of entries',
    ])
  })

  it.each([
    ['undefined', 'undefined'],
    ['null', 'null'],
    ["'redis'", "'redis'"],
    ['new Map()', 'Map(0) {}'],
    ['{ get() {} }', '{ get: [Function: get] }'],
    ["{ kind: 'other' }", "{ kind: 'other' }"],
    ["{ kind: 'remote', name: 'r' }", "{ kind: 'remote', name: 'r' }"],
    ['Promise.resolve(5)', '5'],
  ])('must open a store: %s is none', async (returned, shown) => {
    const source = `export const storePlugin = {
      schema: { '~standard': { version: 1, vendor: 'test', validate: value => ({ value }) } },
      open: () => (${returned}),
    }`
    const more = { 'own.mjs': source }
    const message = `open() of ./own.mjs must return a store; received ${shown}`
    expect(await problems({ type: './own.mjs' }, more)).toEqual([`type: ${message}`])
    expect(await problems({ type: 'tiered', remote: { type: './own.mjs' } }, more)).toEqual([
      `remote.type: ${message}`,
    ])
    expect(
      await problems({ type: 'migrating', to: 'redis://127.0.0.1:1', from: { type: './own.mjs' } }, more),
    ).toEqual([`from.type: ${message}`])
  })
})
