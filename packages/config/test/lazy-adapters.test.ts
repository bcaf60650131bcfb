import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, inject, it, onTestFinished } from 'vitest'

const packages = fileURLToPath(new URL('../..', import.meta.url))

/** Hooks that write down the URL of every module that is loaded. */
const HOOKS = `
  import { writeSync } from 'node:fs'
  export async function load(url, context, next) {
    writeSync(1, url + '\\n')
    return next(url, context)
  }`

/** Runs a module in a process of its own, on what was built; returns what it writes. */
async function run(directory: string, script: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: directory,
  })
  return stdout
}

/** Which of the clients and adapters are loaded to open and use a cache. */
async function loadedFor(url: string): Promise<string[]> {
  const output = await run(
    join(packages, 'config'),
    `import { register } from 'node:module'
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(HOOKS)}))
    const { fromUrl } = await import('@lookaside/config')
    const cache = await fromUrl(${JSON.stringify(url)})
    await cache.getOrSet('lazy', () => 1, { ttl: 1 })
    await cache.close()`,
  )
  const urls = output.split('\n').filter(line => line.startsWith('file:'))
  expect(urls.some(url => url.endsWith('/config/dist/index.js'))).toBe(true)
  const parts = [
    '/ioredis/',
    '/memjs/',
    '/lru-cache/',
    '/packages/redis/',
    '/packages/memcached/',
    '/packages/lru/',
  ]
  return parts.filter(part => urls.some(url => url.includes(part)))
}

describe('A cache URL', () => {
  it('loads the adapter and the client that it names, and no other', async () => {
    expect(await loadedFor('memory:')).toEqual(['/lru-cache/', '/packages/lru/'])
    expect(await loadedFor(inject('redisUrl'))).toEqual(['/ioredis/', '/packages/redis/'])
    expect(await loadedFor(`memcached://${inject('memcachedServers')}`)).toEqual([
      '/memjs/',
      '/packages/memcached/',
    ])
  })

  it('says which package to install where its adapter is missing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'lookaside-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const modules = join(directory, 'node_modules')
    for (const built of ['config', 'core', 'stampede-guard']) {
      const target = join(modules, '@lookaside', built)
      await mkdir(target, { recursive: true })
      await cp(join(packages, built, 'dist'), join(target, 'dist'), { recursive: true })
      await cp(join(packages, built, 'package.json'), join(target, 'package.json'))
    }
    await symlink(join(packages, 'config/node_modules/zod'), join(modules, 'zod'))
    const output = await run(
      directory,
      `const { fromUrl } = await import('@lookaside/config')
      for (const url of ['memory:', 'redis://localhost', 'rediss://localhost', 'memcached://localhost']) {
        await fromUrl(url).catch(error => console.log(error.code, error.message))
      }`,
    )
    const needs = (name: string) =>
      `ERR_CACHE_URL this cache URL needs the package ${name}: install it with npm install ${name}`
    expect(output.trim().split('\n')).toEqual([
      needs('@lookaside/lru'),
      needs('@lookaside/redis'),
      needs('@lookaside/redis'),
      needs('@lookaside/memcached'),
    ])
  })
})
