import { afterAll, describe, expect, it } from 'vitest'
import { redisStore } from '../src/index.js'
import { sharedServer } from './shared-server.js'

const { url, plain, prefix } = sharedServer()
const store = redisStore(url)
afterAll(() => store.close())

const MAX = 2n ** 63n - 1n
const fromZero = { initial: 0n, ttl: 60_000 }
let serial = 0
const newKey = () => `${prefix}${serial++}`

describe('increment', () => {
  it('counts a missing key as initial, and gives it its ttl', async () => {
    const key = newKey()
    expect(await store.increment(key, 5n, { initial: 100n, ttl: 60_000 })).toBe(105n)
    expect(await plain.get(key)).toBe('105')
    expect(await plain.pttl(key)).toBeGreaterThan(30_000)
  })

  it('keeps the ttl of a counter that is there', async () => {
    const key = newKey()
    await plain.set(key, '7', 'PX', 1_000_000)
    expect(await store.increment(key, 1n, fromZero)).toBe(8n)
    expect(await store.increment(key, -9n, fromZero)).toBe(0n)
    expect(await plain.pttl(key)).toBeGreaterThan(900_000)
  })

  it.each([
    [MAX - 1n, 1n, MAX],
    [2n ** 53n, 1n, 2n ** 53n + 1n],
    [MAX, -1n, MAX - 1n],
    [MAX, -MAX, 0n],
    [5n, -6n, 0n],
    [MAX, -(10n ** 30n), 0n],
    [5n, 0n, 5n],
  ])('makes %i plus %i exactly %i, whether the counter is there or not', async (start, by, sum) => {
    const key = newKey()
    expect(await store.increment(key, by, { initial: start, ttl: 60_000 })).toBe(sum)
    await plain.set(key, String(start))
    expect(await store.increment(key, by, fromZero)).toBe(sum)
    expect(await plain.get(key)).toBe(String(sum))
  })

  it('loses no addition to another', async () => {
    const key = newKey()
    await Promise.all(Array.from({ length: 50 }, () => store.increment(key, 2n, fromZero)))
    expect(await plain.get(key)).toBe('100')
  })

  it.each([
    '',
    ' 5',
    '5 ',
    '+5',
    '-5',
    '5.0',
    '0x5',
    '1e3',
    'five',
    '٥',
    '5\n',
    '9'.repeat(20),
    '9'.repeat(21),
  ])('refuses a key that holds %j, and leaves it', async held => {
    const key = newKey()
    await plain.set(key, held)
    await expect(store.increment(key, 1n, fromZero)).rejects.toMatchObject({ code: 'ERR_CACHE_COUNTER' })
    expect(await plain.get(key)).toBe(held)
  })

  it('refuses a key that holds no string at all', async () => {
    const key = newKey()
    await plain.rpush(key, '5')
    await expect(store.increment(key, 1n, fromZero)).rejects.toMatchObject({ code: 'ERR_CACHE_COUNTER' })
    expect(await plain.llen(key)).toBe(1)
  })

  it('refuses a sum above 2^63 - 1, and leaves the key as it was', async () => {
    const [held, absent] = [newKey(), newKey()]
    await plain.set(held, String(MAX))
    const overflow = { code: 'ERR_CACHE_COUNTER', message: expect.stringContaining('would pass 2^63 - 1') }
    await expect(store.increment(held, 1n, fromZero)).rejects.toMatchObject(overflow)
    await expect(store.increment(held, MAX + 1n, fromZero)).rejects.toMatchObject(overflow)
    await expect(store.increment(absent, 1n, { initial: MAX, ttl: 60_000 })).rejects.toMatchObject(overflow)
    expect(await plain.get(held)).toBe(String(MAX))
    expect(await plain.exists(absent)).toBe(0)
  })

  it.each([-1n, MAX + 1n])('refuses the initial value %i', async initial => {
    await expect(store.increment(newKey(), 1n, { initial, ttl: 60_000 })).rejects.toMatchObject({
      code: 'ERR_CACHE_OPTION',
    })
  })
})
