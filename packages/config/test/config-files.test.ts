import { execFile } from 'node:child_process'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Cache } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { cachesFromFile, fromFile } from '../src/index.js'
import { directoryWith, fileWith } from './files.js'
import { closedLater, refusal } from './opened.js'

async function openedFile(name: string, text: string, env = {}): Promise<Cache> {
  return closedLater(await fromFile(await fileWith(name, text), {}, env))
}

async function said(path: string): Promise<string> {
  return (await refusal(fromFile(path))).message
}

/** How many of three values are kept. */
async function kept(cache: Cache): Promise<number> {
  for (const key of ['a', 'b', 'c']) await cache.set(key, 1)
  return (await cache.getMany(['a', 'b', 'c'])).size
}

describe('A config file', () => {
  it.each([
    ['a.json', '{ "type": "lru", "maxEntries": 2, "prefix": "shop" }'],
    [
      'b.json',
      '\uFEFF{\n\t"$schema": "./schema.json",\n\t"type": "lru",\n\t"maxEntries": 2,\n\t"prefix": "shop"\n}\n',
    ],
    ['C.JSON', '{"url":"memory:?maxEntries=2","prefix":"shop"}'],
    ['a.yaml', 'type: lru\nmaxEntries: 2\nprefix: shop\n'],
    ['b.yml', '# what for\n---\n{ type: lru, "maxEntries": 2, prefix: shop }\n'],
    ['c.yaml', '<<: { type: redis, maxEntries: 2 }\ntype: lru\nprefix: shop\n'],
    ['d.yaml', 'type: lru\nmaxEntries: ${MOST}\nprefix: ${NAME:-shop}\nttl: ${TTL:-}\n'],
    ['a.mjs', "export default { type: 'lru', maxEntries: 2, prefix: 'shop' }"],
    [
      'b.mjs',
      "const config = { type: 'lru', maxEntries: Number('2') }\nexport { config as default }\nconfig.prefix = 'shop'",
    ],
    ['c.cjs', "module.exports = { type: 'lru', maxEntries: 2, prefix: 'shop' }"],
  ])('opens the same cache from %s', async (name, text) => {
    const cache = await openedFile(name, text, { MOST: '2' })
    expect(cache.path).toBe('shop')
    expect(await kept(cache)).toBe(2)
  })

  it('may be a module that gives what only a program can', async () => {
    const cache = await openedFile(
      'a.mjs',
      `const schema = { '~standard': { version: 1, vendor: 'test', validate: value => ({ value: value + '!' }) } }
      export default { type: 'lru', maxSize: 10, sizeOf: value => value.length, schema }`,
    )
    expect(await cache.getOrSet('a', () => 'read')).toBe('read!')
    await cache.set('b', '123456789')
    expect(await cache.has('a')).toBe(false)
  })

  it('may be named by a file: URL', async () => {
    const path = await fileWith('a b.yaml', 'type: lru\nprefix: shop\n')
    expect(closedLater(await fromFile(pathToFileURL(path))).path).toBe('shop')
  })

  it('throws what its module throws', async () => {
    await expect(openedFile('a.mjs', "throw new RangeError('of the module')")).rejects.toThrow(RangeError)
  })

  it('may hold several caches, of which the program names those that it opens', async () => {
    const path = await fileWith(
      'a.yaml',
      'ttl: 1h\ncaches:\n  sessions: memory:?maxEntries=1\n  catalog: &any { type: lru, maxEntries: 2 }\n  others: *any\n',
    )
    const { sessions, ...others } = await cachesFromFile(path, ['sessions'])
    closedLater(sessions)
    expect(others).toEqual({})
    expect(sessions.path).toBe('lookaside.sessions')
    expect(await kept(sessions)).toBe(1)
  })
})

describe('A config file is refused', () => {
  it('where it is not there, in words that help', async () => {
    for (const name of ['no.json', 'no.yaml', 'no.yml', 'no.mjs', 'no.js', 'no.ts']) {
      expect(await said(name)).toBe(
        `${name}: there is no such file; paths are relative to the working directory, ${process.cwd()}`,
      )
    }
    expect(await said('/no/such/directory/a.yaml')).toBe(
      `/no/such/directory/a.yaml: there is no such file; paths are relative to the working directory, ${process.cwd()}`,
    )
  })

  it('where it is a directory', async () => {
    const directory = await directoryWith({})
    await mkdir(join(directory, 'a.yaml'))
    const error = await refusal(fromFile(join(directory, 'a.yaml')))
    expect(error.message).toBe(`${directory}/a.yaml: it cannot be read (EISDIR)`)
    expect(error.cause).toMatchObject({ code: 'EISDIR' })
  })

  it('where it may not be read', async () => {
    const path = await fileWith('a.yaml', 'type: lru')
    await chmod(path, 0o000)
    // Root may read everything.
    const isRoot = process.getuid?.() === 0
    const outcome = await fromFile(path).then(
      cache => cache.close().then(() => 'taken'),
      (error: Error) => error.message,
    )
    expect(outcome).toBe(isRoot ? 'taken' : `${path}: it cannot be read (EACCES)`)
  })

  it('by its ending', async () => {
    for (const name of ['cache.toml', 'cache', 'json', '.yaml', 'cache.js.txt']) {
      expect(await said(name)).toBe(
        `${name}: expected a file that ends in .json, .yaml, .yml, .js, .mjs or .ts`,
      )
    }
  })

  it('where its path is none', async () => {
    expect(await said('')).toBe("fromFile: expected the path or the file: URL of a config file; received ''")
    expect(await said('redis://user:hunter2@host')).toBe(
      "fromFile: expected the path or the file: URL of a config file; received 'redis://***@host'",
    )
    expect(await said(new URL('https://host/a.yaml') as never)).toBe(
      "fromFile: expected the path or the file: URL of a config file; received 'https://host/a.yaml'",
    )
    expect(await said(5 as never)).toBe(
      'fromFile: expected the path or the file: URL of a config file; received 5',
    )
    expect(await said(null as never)).toBe(
      'fromFile: expected the path or the file: URL of a config file; received null',
    )
  })

  it('where its module has no default export', async () => {
    const expected = "expected a default export, such as export default defineConfig({ type: 'lru' })"
    const path = await fileWith('a.mjs', "export const config = { type: 'lru' }")
    expect(await said(path)).toBe(`${path}: ${expected}`)
  })

  it('where its module exports something else than a config', async () => {
    const path = await fileWith('a.mjs', "export default [{ type: 'lru' }]")
    expect(await said(path)).toBe(
      `${path}: expected an object with the settings of a cache, such as { type: 'lru', ttl: '5m' }; received a list`,
    )
  })

  it('with the path of the file and no line, where it is a module', async () => {
    const path = await fileWith('a.mjs', "export default { type: 'lru', tll: 5, maxEntries: 0 }")
    const error = await refusal(fromFile(path))
    expect(error.message).toBe(`${path} has 2 problems:
  - maxEntries: expected an integer from 1 to 16777216; received 0
  - tll: unknown name 'tll'; did you mean 'ttl'?`)
    expect(error.problems.map(({ file, line }) => [file, line])).toEqual([
      [path, undefined],
      [path, undefined],
    ])
  })
})

/** A loader that imports TypeScript, as newer runtimes do. */
const TYPESCRIPT = `
  import { readFileSync } from 'node:fs'
  import { fileURLToPath } from 'node:url'
  export async function load(url, context, next) {
    if (!url.endsWith('.ts')) return next(url, context)
    const source = readFileSync(fileURLToPath(url), 'utf8').replace(/ (?:as|satisfies) [A-Z]\\w*/g, '')
    return { format: 'module', source, shortCircuit: true }
  }`

describe('In a process of its own', () => {
  const built = new URL('../dist/index.js', import.meta.url)
  const plain = ['--no-experimental-strip-types'].filter(flag =>
    process.allowedNodeEnvironmentFlags.has(flag),
  )

  /** Runs a program in a directory; what it writes, one item a line. */
  async function run(directory: string, program: string): Promise<string[]> {
    const script = `const { fromFile } = await import(${JSON.stringify(built)})
      const said = (...args) => fromFile(...args).then(
        async cache => { await cache.close(); console.log(cache.path) },
        error => console.log(error.message),
      )
      ${program}`
    const args = [...plain, '--input-type=module', '--eval', script]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: directory })
    return stdout.trimEnd().split('\n')
  }

  const config = "export default { type: 'lru', prefix: 'typed' } satisfies Config"

  it('TypeScript is refused where the runtime cannot import it, and taken where it can', async () => {
    const directory = await directoryWith({ 'a.ts': config, 'sub/b.mts': config, 'c.ts': config })
    const refused = (file: string, instead: string) =>
      `${file}: this runtime, Node.js ${process.version}, cannot import TypeScript: use Node.js 22.18 or later, start the program with tsx, or write the config as ${instead}, .json or .yaml`
    const loader = `data:text/javascript,${encodeURIComponent(TYPESCRIPT)}`
    expect(
      await run(
        directory,
        `await said('a.ts')
        await said('sub/b.mts')
        const { register } = await import('node:module')
        register(${JSON.stringify(loader)})
        await said('c.ts')`,
      ),
    ).toEqual([refused('a.ts', 'a.mjs'), refused('sub/b.mts', 'sub/b.mjs'), 'typed'])
  })

  it('lookaside.config.* of the working directory is taken where no path is given', async () => {
    const directory = await directoryWith({
      'json/lookaside.config.json': '{ "type": "lru", "prefix": "json" }',
      'yaml/lookaside.config.yaml': 'type: lru\nprefix: yaml',
      'yml/lookaside.config.yml': 'type: lru\nprefix: yml',
      'js/package.json': '{ "type": "module" }',
      'js/lookaside.config.js': "export default { type: 'lru', prefix: 'js' }",
      'mjs/lookaside.config.mjs': "export default { type: 'lru', prefix: 'mjs' }",
      'both/lookaside.config.mjs': 'export default {}',
      'both/lookaside.config.yaml': '',
      'wrong/lookaside.config.yaml': 'type: lru\nttl: -1',
      'none/cache.yaml': '',
    })
    const directories = ['json', 'yaml', 'yml', 'js', 'mjs', 'both', 'wrong', 'none']
    expect(
      await run(
        directory,
        `for (const name of ${JSON.stringify(directories)}) {
          process.chdir(name)
          await said()
          process.chdir('..')
        }`,
      ),
    ).toEqual([
      'json',
      'yaml',
      'yml',
      'js',
      'mjs',
      'fromFile: lookaside.config.mjs and lookaside.config.yaml are both in the working directory; keep one, or give its path',
      "lookaside.config.yaml: ttl (lookaside.config.yaml:2:6): expected a duration from 0 ms to ten years: milliseconds, or a string such as '250ms', '30s', '5m', '1h', '7d'; received -1",
      'fromFile: expected one of lookaside.config.ts, lookaside.config.mts, lookaside.config.js, lookaside.config.mjs, lookaside.config.json, lookaside.config.yaml, lookaside.config.yml in the working directory; none is there. Make one, or give the path of another file',
    ])
  })
})
