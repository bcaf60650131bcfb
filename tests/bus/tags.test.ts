import { describe, expect, test } from 'vitest'
import { openFleet } from '../fleet.js'
import { publishedBy } from './messages.js'

const LONG = 'x'.repeat(250)

/** Two processes; `there` has copies of what `here` has stored. */
async function twoProcesses() {
  const fleet = openFleet({ grace: '1h' })
  const [here, there] = [await fleet.member(), await fleet.member()]
  const share = async (key: string, tags: string[], view = (cache: typeof here.cache) => cache) => {
    await view(here.cache).set(key, key, { tags })
    await fleet.settle()
    await view(there.cache).get(key)
    expect(view(there.cache).peek(key)).toBe(key)
  }
  return { fleet, here, there, share }
}

describe.each(['deleteTags', 'expireTags', 'invalidateTags'] as const)('%s', how => {
  test('drops the copies elsewhere that have one of the tags, and no others', async () => {
    const { fleet, here, there, share } = await twoProcesses()
    await share('a', ['x'])
    await share('b', ['x', 'y'])
    await share('c', ['z'])
    await share('d', [])
    await here.cache[how](['x', 'w'])
    await fleet.settle()
    expect(['a', 'b', 'c', 'd'].map(key => there.cache.peek(key))).toEqual([undefined, undefined, 'c', 'd'])
    expect(there.trace.types()).not.toContain('local-drop')
  })

  test('reaches copies whose tags were computed', async () => {
    const { fleet, here, there } = await twoProcesses()
    await here.cache.getOrSet('a', () => ({ country: 'FR' }), {
      tags: ({ country }) => [`country:${country}`],
    })
    await there.cache.get('a')
    await here.cache[how](['country:DE'])
    await fleet.settle()
    expect(there.cache.peek('a')).toEqual({ country: 'FR' })
    await here.cache[how](['country:FR'])
    await fleet.settle()
    expect(there.cache.peek('a')).toBeUndefined()
  })

  test.each([
    ['long', LONG],
    ['odd', 'with spaces\0and more'],
  ])('reaches copies whose tags are %s', async (_, tag) => {
    const { fleet, here, there, share } = await twoProcesses()
    await share('a', [tag])
    await here.cache[how]([tag])
    await fleet.settle()
    expect(there.cache.peek('a')).toBeUndefined()
  })

  test('spares tags of the same name in other namespaces', async () => {
    const { fleet, here, there, share } = await twoProcesses()
    const views = ['', 'users', 'users/archive'].map(
      path => (cache: typeof here.cache) =>
        path
          .split('/')
          .filter(Boolean)
          .reduce((view, name) => view.namespace(name), cache),
    )
    for (const view of views) await share('a', ['x'], view)
    await views[1]?.(here.cache)[how](['x'])
    await fleet.settle()
    expect(views.map(view => view(there.cache).peek('a'))).toEqual(['a', undefined, 'a'])
  })
})

test('A message about tags names their tokens, and what happened to them', async () => {
  const { here } = await twoProcesses()
  here.bus.published.length = 0
  await here.cache.namespace('users').deleteTags(['x', 'y'])
  await here.cache.expireTags(['z'])
  expect(publishedBy(here.bus)).toMatchObject([
    { type: 'tags', kind: 'delete', tokens: ['lookaside:users:#tag:x', 'lookaside:users:#tag:y'] },
    { type: 'tags', kind: 'expire', tokens: ['lookaside:#tag:z'] },
  ])
})

test('What was read after the message is kept, with the same tags', async () => {
  const { fleet, here, there, share } = await twoProcesses()
  await share('a', ['x'])
  await here.cache.deleteTags(['x'])
  await fleet.settle()
  await here.cache.set('a', 'new', { tags: ['x'] })
  await fleet.settle()
  expect(await there.cache.get('a')).toBe('new')
  expect(there.cache.peek('a')).toBe('new')
})

test('Tagged copies are not compared with the remote tokens, and go with the local tier when a message is lost', async () => {
  const { fleet, here, there, share } = await twoProcesses()
  await share('a', ['x'])
  there.bus.lose()
  await here.cache.deleteTags(['x'])
  there.store.calls.length = 0
  expect(await there.cache.getOrSet('a', () => 'loaded', { tags: ['x'] })).toBe('a')
  expect(there.store.calls).toEqual([])
  await fleet.clock.advance(1_000)
  expect(await there.cache.getOrSet('a', () => 'loaded', { tags: ['x'] })).toBe('loaded')
})
