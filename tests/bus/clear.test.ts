import type { Cache } from '@lookaside/core'
import { describe, expect, test } from 'vitest'
import { openFleet } from '../fleet.js'
import { publishedBy } from './messages.js'

const LONG = 'x'.repeat(300)

const views: Record<string, (cache: Cache) => Cache> = {
  root: cache => cache,
  users: cache => cache.namespace('users'),
  'users of archive': cache => cache.namespace('archive').namespace('users'),
  'archive of users': cache => cache.namespace('users').namespace('archive'),
  users2: cache => cache.namespace('users2'),
}

/** Two processes that both have copies of everything. */
async function twoProcesses(prefix = 'shop') {
  const fleet = openFleet({ prefix })
  const [here, there] = [await fleet.member(), await fleet.member()]
  for (const view of Object.values(views)) {
    for (const key of ['k', LONG]) {
      await view(here.cache).set(key, 'value')
      await fleet.settle()
      await view(there.cache).get(key)
    }
  }
  const copies = (cache: Cache) =>
    Object.keys(views).filter(name => {
      const found = ['k', LONG].filter(key => views[name]?.(cache).peek(key) !== undefined)
      expect(found.length % 2).toBe(0)
      return found.length > 0
    })
  return { fleet, here, there, copies }
}

describe.each(['shop', ''])("clear, with prefix '%s'", prefix => {
  test('of a namespace drops its copies and those of what is nested in it, here and elsewhere', async () => {
    const { fleet, here, there, copies } = await twoProcesses(prefix)
    expect(copies(there.cache)).toEqual(Object.keys(views))
    await here.cache.namespace('users').clear()
    await fleet.settle()
    const spared = ['root', 'users of archive', 'users2']
    expect(copies(here.cache)).toEqual(spared)
    expect(copies(there.cache)).toEqual(spared)
    expect(there.trace.types()).not.toContain('local-drop')
  })

  test('of a nested namespace spares what it is nested in', async () => {
    const { fleet, here, there, copies } = await twoProcesses(prefix)
    await here.cache.namespace('users').namespace('archive').clear()
    await fleet.settle()
    expect(copies(there.cache)).toEqual(['root', 'users', 'users of archive', 'users2'])
  })
})

describe('clear', () => {
  test('of the root drops everything', async () => {
    const { fleet, here, there, copies } = await twoProcesses()
    await here.cache.clear()
    await fleet.settle()
    expect(copies(here.cache)).toEqual([])
    expect(copies(there.cache)).toEqual([])
  })

  test('names the path that was cleared', async () => {
    const { here } = await twoProcesses()
    here.bus.published.length = 0
    await here.cache.namespace('users').namespace('archive').clear()
    expect(publishedBy(here.bus)).toMatchObject([{ type: 'clear', path: 'shop:users:archive' }])
  })

  test('that the store does not answer is told when it lands', async () => {
    const { fleet, here, there, copies } = await twoProcesses()
    here.store.fail(undefined, 'clear')
    expect(await here.cache.namespace('users').clear()).toBe(false)
    await fleet.settle()
    expect(copies(there.cache)).toEqual(Object.keys(views))
    here.store.heal()
    await fleet.clock.advance(1_000)
    expect(copies(there.cache)).toEqual(['root', 'users of archive', 'users2'])
  })

  test('reaches copies on a store that can not list its keys', async () => {
    const fleet = openFleet({}, { without: ['clear'] })
    const [here, there] = [await fleet.member(), await fleet.member()]
    await here.cache.namespace('users').set('k', 'value')
    await here.cache.set('k', 'value')
    await fleet.settle()
    await there.cache.get('k')
    await there.cache.namespace('users').get('k')
    const clearing = here.cache.namespace('users').clear()
    await fleet.clock.advance(2_000)
    expect(await clearing).toBe(true)
    expect(there.cache.peek('k')).toBe('value')
    expect(there.cache.namespace('users').peek('k')).toBeUndefined()
    expect(await there.cache.namespace('users').get('k')).toBeUndefined()
  })
})
