import { type FaultyStore, faultyStore, ManualClock, memoryRemoteStore } from '@lookaside/testing'
import { expect, test } from 'vitest'

const bytes = Buffer.from('bytes')

/** Whether a call has been answered once everything that is due has happened. */
async function answered(clock: ManualClock, call: Promise<unknown>): Promise<boolean> {
  let settled = false
  const settle = () => {
    settled = true
  }
  call.then(settle, settle)
  await clock.advance(0)
  return settled
}

function setUp(): { clock: ManualClock; inner: ReturnType<typeof memoryRemoteStore>; store: FaultyStore } {
  const clock = new ManualClock()
  const inner = memoryRemoteStore({ clock })
  return { clock, inner, store: faultyStore(inner, { clock }) }
}

test('a faulty store logs each call with its keys', async () => {
  const { store } = setUp()
  await store.set('a', bytes, 1_000)
  const version = await store.add('b', bytes, 1_000)
  await store.replace('b', bytes, 1_000, version ?? {})
  await store.get('a')
  await store.getMany(['a', 'b'])
  await store.delete('a')
  await store.deleteMany(['a', 'b'])
  await store.increment('n', 1n, { initial: 0n, ttl: 1_000 })
  await store.expire?.('a', new Uint8Array(8))
  await store.clear?.('a:')
  await store.ping()
  await store.close()
  expect(store.calls.map(({ op, keys }) => [op, ...keys].join(' '))).toEqual([
    'set a',
    'add b',
    'replace b',
    'get a',
    'getMany a b',
    'delete a',
    'deleteMany a b',
    'increment n',
    'expire a',
    'clear a:',
    'ping',
    'close',
  ])
})

test('a failing store rejects without performing, until it heals', async () => {
  const { inner, store } = setUp()
  store.fail(new Error('connection reset'))
  await expect(store.set('a', bytes, 1_000)).rejects.toThrow('connection reset')
  await expect(store.ping()).rejects.toThrow('connection reset')
  expect(await inner.get('a')).toBeUndefined()
  store.heal()
  await store.set('a', bytes, 1_000)
  expect(store.calls.map(call => call.op)).toEqual(['set', 'ping', 'set'])
})

test('a failing store without an error given is unavailable', async () => {
  const { store } = setUp()
  store.fail()
  await expect(store.get('a')).rejects.toThrow('was lost')
})

test('a fault strikes the operations named and no others', async () => {
  const { store } = setUp()
  store.fail(new Error('no'), 'get')
  store.fail(new Error('no'), { ops: ['add', 'delete'] })
  await expect(store.get('a')).rejects.toThrow('no')
  await expect(store.add('a', bytes, 1_000)).rejects.toThrow('no')
  await expect(store.delete('a')).rejects.toThrow('no')
  await expect(store.getMany(['a'])).resolves.toEqual([undefined])
})

test('a fault is over after the number of calls given', async () => {
  const { store } = setUp()
  store.fail(new Error('no'), { ops: ['get'], times: 2 })
  await store.ping()
  await expect(store.get('a')).rejects.toThrow('no')
  await expect(store.get('a')).rejects.toThrow('no')
  await expect(store.get('a')).resolves.toBeUndefined()
})

test('a delayed call is performed late', async () => {
  const { clock, inner, store } = setUp()
  store.delay(100, 'set')
  const set = store.set('a', bytes, 1_000)
  await clock.advance(99)
  expect(await inner.get('a')).toBeUndefined()
  expect(await answered(clock, set)).toBe(false)
  await clock.advance(1)
  await set
  expect(await inner.get('a')).toBeDefined()
})

test('a call delayed before the healing is still performed', async () => {
  const { clock, inner, store } = setUp()
  store.delay(100)
  const late = store.set('a', bytes, 1_000)
  store.heal()
  await store.delete('a')
  await clock.advance(100)
  await late
  expect(await inner.get('a')).toBeDefined()
})

test('a hanging call is neither performed nor answered', async () => {
  const { clock, inner, store } = setUp()
  store.hang()
  const set = store.set('a', bytes, 1_000)
  expect(await answered(clock, set)).toBe(false)
  store.heal()
  expect(await answered(clock, set)).toBe(false)
  expect(await inner.get('a')).toBeUndefined()
})

test('a dropped call is performed but not answered', async () => {
  const { clock, inner, store } = setUp()
  store.drop('add')
  const add = store.add('a', bytes, 1_000)
  const refused = store.add('', bytes, 1_000)
  expect(await answered(clock, add)).toBe(false)
  expect(await answered(clock, refused)).toBe(false)
  expect(await inner.get('a')).toBeDefined()
})

test('faults strike in the order in which they were switched on', async () => {
  const { clock, store } = setUp()
  store.delay(100)
  store.fail(new Error('late'), { times: 1 })
  const late = store.get('a')
  expect(await answered(clock, late)).toBe(false)
  await clock.advance(100)
  await expect(late).rejects.toThrow('late')
  store.heal()
  store.fail(new Error('at once'))
  store.delay(100)
  await expect(store.get('a')).rejects.toThrow('at once')
})

test('close is spared unless it is named', async () => {
  const { store } = setUp()
  store.fail(new Error('no'))
  await store.close()
  store.fail(new Error('no'), 'close')
  await expect(store.close()).rejects.toThrow('no')
})

test('a faulty store has only those optional operations that the wrapped store has', () => {
  const store = faultyStore(memoryRemoteStore({ without: ['expire', 'clear'] }))
  expect('expire' in store).toBe(false)
  expect('clear' in store).toBe(false)
})
