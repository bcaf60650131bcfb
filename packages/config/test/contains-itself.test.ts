import { describe, expect, it } from 'vitest'
import { cachesFromFile, fromFile } from '../src/index.js'
import { fileWith } from './files.js'
import { closedLater, openedAll, problemsOf, problemsOfCaches, refusal } from './opened.js'

type Settings = Record<string, unknown>

/** A config in which something stands where it is within. */
function config(around: Settings, put: (around: Settings) => void): Settings {
  put(around)
  return around
}

describe('An object that contains itself is told once, where it does', () => {
  it('at its name', async () => {
    const all = config({ type: 'lru' }, all => {
      all['namespaces'] = all
    })
    expect(await problemsOf(all)).toEqual(['namespaces: it contains itself'])
  })

  it('however deep', async () => {
    const users = config({ ttl: '5m' }, users => {
      users['namespaces'] = { admins: { namespaces: { again: users } } }
    })
    expect(await problemsOf({ type: 'lru', namespaces: { users } })).toEqual([
      'namespaces.users.namespaces.admins.namespaces.again: it contains itself',
    ])
  })

  it('in a list', async () => {
    const servers: unknown[] = ['a']
    servers.push(servers)
    expect(await problemsOf({ type: 'memcached', servers })).toEqual(['servers[1]: it contains itself'])
  })

  it('in place of a store, and of all caches', async () => {
    const moved = config({ type: 'migrating', from: 'redis://127.0.0.1:1' }, moved => {
      moved['to'] = moved
    })
    expect(await problemsOf(moved)).toEqual(['to: it contains itself'])
    const all = config({ type: 'lru' }, all => {
      all['caches'] = all
    })
    expect(await problemsOfCaches(all)).toEqual(['caches: it contains itself'])
  })

  it('together with all else that is wrong', async () => {
    const all = config({ type: 'lru', tll: 5 }, all => {
      all['guard'] = all
    })
    expect(await problemsOf(all)).toEqual([
      'guard: it contains itself',
      "tll: unknown name 'tll'; did you mean 'ttl'?",
    ])
  })
})

describe('An anchor that contains itself is told with its place', () => {
  it('in a map', async () => {
    const path = await fileWith('a.yaml', 'type: lru\nnamespaces: &all\n  users:\n    namespaces: *all\n')
    const { message } = await refusal(fromFile(path))
    expect(message).toBe(`${path}: namespaces.users.namespaces (${path}:4:17): it contains itself`)
  })

  it('in a list, and among several caches', async () => {
    const text = 'caches:\n  a:\n    type: memcached\n    servers: &s [b, *s]\n  c: none://\n'
    const { problems } = await refusal(cachesFromFile(await fileWith('a.yaml', text), ['c']))
    expect(problems).toMatchObject([
      { path: 'caches.a.servers[1]', message: 'it contains itself', line: 4, column: 21 },
    ])
  })
})

describe('What stands in several places, and contains none of them, is taken', () => {
  it('in an object', async () => {
    const both = { ttl: '5m', namespaces: { users: { ttl: '1m' } } } as const
    const namespaces = { users: both, items: { namespaces: { of: both, other: both } } }
    await openedAll({ type: 'lru', namespaces, caches: { a: both, b: { namespaces } } })
  })

  it('by an anchor', async () => {
    const text = 'type: lru\nnamespaces:\n  a: &a { ttl: 1m }\n  b: { namespaces: { c: *a, d: *a } }\n'
    closedLater(await fromFile(await fileWith('a.yaml', text)))
  })
})
