import { execFile } from 'node:child_process'
import { cp, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, inject, it } from 'vitest'
import { directoryWith } from './files.js'

const packages = fileURLToPath(new URL('../..', import.meta.url))

/** Hooks that write down the URL of every module that is loaded. */
const HOOKS = `
  import { writeSync } from 'node:fs'
  export async function load(url, context, next) {
    writeSync(1, url + '\\n')
    return next(url, context)
  }`

/** What is looked for among the modules, by a part of their URL. */
const PARTS = [
  '/ioredis/',
  '/memjs/',
  '/lru-cache/',
  '/packages/redis/',
  '/packages/memcached/',
  '/packages/lru/',
  '/yaml/',
  '/import-meta-resolve/',
  '/plugin.mjs',
]

/** Runs a module in a process of its own, on what was built; returns what it writes. */
async function run(directory: string, script: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: directory,
  })
  return stdout
}

/** Which of the parts each step is the first to load, in a process that takes one after the other. */
async function loadedBy(steps: Readonly<Record<string, string>>): Promise<Record<string, string[]>> {
  const output = await run(
    join(packages, 'config'),
    `import { writeSync } from 'node:fs'
    import { register } from 'node:module'
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(HOOKS)}))
    const { fromConfig, fromFile, fromUrl } = await import('@lookaside/config')
    const used = async opening => {
      const cache = await opening
      await cache.getOrSet('lazy', () => 1, { ttl: 1 })
      await cache.close()
    }
    ${Object.entries(steps)
      .map(([name, step]) => `writeSync(1, ${JSON.stringify(`# ${name}\n`)})\nawait used(${step})`)
      .join('\n')}`,
  )
  const [imported = '', ...loaded] = output.split(/^# /m)
  expect(imported).toContain('/config/dist/index.js')
  const all = [`import\n${imported}`, ...loaded].map(text => text.split('\n'))
  return Object.fromEntries(
    all.map(([name, ...urls]) => [name, PARTS.filter(part => urls.some(url => url.includes(part)))]),
  )
}

/** What this package is made of, besides adapters. */
const OURS = ['config', 'core', 'stampede-guard']
/** What it needs of others, and which of our packages has it. */
const THEIRS = { zod: 'config', yaml: 'config', 'import-meta-resolve': 'config' }

/** Installs packages of ours as they were built, without what they need, and packages of others. */
async function install(
  directory: string,
  ours: readonly string[],
  theirs: Readonly<Record<string, string>>,
): Promise<void> {
  const modules = join(directory, 'node_modules')
  for (const built of ours) {
    const target = join(modules, '@lookaside', built)
    await mkdir(target, { recursive: true })
    await cp(join(packages, built, 'dist'), join(target, 'dist'), { recursive: true })
    await cp(join(packages, built, 'package.json'), join(target, 'package.json'))
  }
  for (const [name, user] of Object.entries(theirs))
    await symlink(join(packages, user, 'node_modules', name), join(modules, name))
}

function needs(name: string): string {
  return `this cache needs the package ${name}: install it with npm install ${name}`
}

describe('What is loaded', () => {
  it('is what the config needs, and nothing before it is needed', async () => {
    const files = await directoryWith({
      'a.json': '{ "type": "lru" }',
      'a.yaml': 'type: lru',
      'a.mjs': "export default { type: 'lru' }",
      'plugin.mjs': `export const storePlugin = {
        schema: { '~standard': { version: 1, vendor: 'test', validate: value => ({ value }) } },
        open: async () => (await import(${JSON.stringify(join(packages, 'core/dist/index.js'))})).nullStore(),
      }`,
      'node_modules/a-plugin/package.json': '{ "name": "a-plugin", "exports": "./index.mjs" }',
      'node_modules/a-plugin/index.mjs': "export { storePlugin } from '../../plugin.mjs'",
      'plugged.mjs': "export default { type: 'a-plugin' }",
    })
    const file = (name: string) => `fromFile(${JSON.stringify(join(files, name))})`
    const object = (config: object) => `fromConfig(${JSON.stringify(config)})`
    const memcachedUrl = `memcached://${inject('memcachedServers')}`
    expect(
      await loadedBy({
        'none by object': object({ type: 'none' }),
        'none by URL': "fromUrl('none:')",
        'lru by URL': "fromUrl('memory:')",
        'lru by object': object({ type: 'lru', ttl: '5m', guard: { limitLoads: { concurrency: 5 } } }),
        'lru by module': file('a.mjs'),
        'lru by JSON': file('a.json'),
        'lru by YAML': file('a.yaml'),
        'a plugin': file('plugged.mjs'),
        memcached: object({ type: 'tiered', remote: memcachedUrl }),
        redis: object({ type: 'tiered', remote: inject('redisUrl') }),
      }),
    ).toEqual({
      import: [],
      'none by object': [],
      'none by URL': [],
      'lru by URL': ['/lru-cache/', '/packages/lru/'],
      'lru by object': [],
      'lru by module': [],
      'lru by JSON': ['/yaml/'],
      'lru by YAML': [],
      'a plugin': ['/import-meta-resolve/', '/plugin.mjs'],
      memcached: ['/memjs/', '/packages/memcached/'],
      redis: ['/ioredis/', '/packages/redis/'],
    })
  })

  it('says which package to install where an adapter is missing', async () => {
    const directory = await directoryWith({
      'a.yaml': 'type: lru\n',
      'b.mjs': "export default { type: 'lru' }",
    })
    await install(directory, OURS, THEIRS)
    const output = await run(
      directory,
      `const { cachesFromConfig, fromConfig, fromFile, fromUrl } = await import('@lookaside/config')
      const said = opening => opening.catch(error => console.log(error.code, error.message))
      for (const url of ['memory:', 'redis://localhost', 'rediss://localhost', 'memcached://localhost'])
        await said(fromUrl(url))
      await said(fromFile('a.yaml'))
      await said(fromConfig({ type: 'tiered', remote: 'redis://localhost' }))
      await said(cachesFromConfig({ caches: { a: 'redis://localhost', b: 'memcached://localhost' } }))
      await said(fromConfig({ type: 'none', ttl: '5m' }).then(cache => cache.close()))`,
    )
    expect(output.trim().split('\n')).toEqual([
      `ERR_CACHE_CONFIG ${needs('@lookaside/lru')}`,
      `ERR_CACHE_CONFIG ${needs('@lookaside/redis')}`,
      `ERR_CACHE_CONFIG ${needs('@lookaside/redis')}`,
      `ERR_CACHE_CONFIG ${needs('@lookaside/memcached')}`,
      `ERR_CACHE_CONFIG a.yaml: the config (a.yaml:1:1): ${needs('@lookaside/lru')}`,
      `ERR_CACHE_CONFIG fromConfig: ${needs('@lookaside/lru')}`,
      'ERR_CACHE_CONFIG cachesFromConfig has 2 problems:',
      `  - caches.a: ${needs('@lookaside/redis')}`,
      `  - caches.b: ${needs('@lookaside/memcached')}`,
    ])
  })

  it('says which client to install where an adapter is there without its own', async () => {
    const directory = await directoryWith({})
    await install(directory, [...OURS, 'redis', 'memcached', 'lru'], THEIRS)
    const output = await run(
      directory,
      `const { fromConfig, fromUrl } = await import('@lookaside/config')
      const said = opening => opening.catch(error => console.log(error.code, error.message))
      await said(fromUrl('redis://localhost'))
      await said(fromUrl('memcached://localhost'))
      await said(fromUrl('memory:'))
      await said(fromConfig({ type: 'tiered', remote: 'redis://localhost' }))`,
    )
    expect(output.trim().split('\n')).toEqual([
      `ERR_CACHE_CONFIG ${needs('ioredis')}`,
      `ERR_CACHE_CONFIG ${needs('memjs')}`,
      `ERR_CACHE_CONFIG ${needs('lru-cache')}`,
      `ERR_CACHE_CONFIG fromConfig: ${needs('lru-cache')}`,
    ])
  })

  it('is an adapter as the application sees it, where this package does not', async () => {
    const directory = await directoryWith({ 'app/main.mjs': '' })
    await install(join(directory, 'tool'), OURS, THEIRS)
    await install(join(directory, 'app'), ['core', 'lru'], { 'lru-cache': 'lru' })
    const script = `
      const { fromConfig, fromUrl } = await import(${JSON.stringify(join(directory, 'tool/node_modules/@lookaside/config/dist/index.js'))})
      const cache = await fromConfig({ type: 'lru', maxEntries: 1 })
      await cache.set('a', 1)
      await cache.set('b', 2)
      console.log(cache.peek('a'), cache.peek('b'))
      await cache.close()
      await fromUrl('redis://localhost').catch(error => console.log(error.code, error.message))`
    expect((await run(join(directory, 'app'), script)).trim().split('\n')).toEqual([
      'undefined 2',
      `ERR_CACHE_CONFIG ${needs('@lookaside/redis')}`,
    ])
    await expect(run(join(directory, 'tool'), script)).rejects.toThrow(needs('@lookaside/lru'))
  })
})
