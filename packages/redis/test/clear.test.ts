import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { redisStore } from '../src/index.js'
import { sharedServer } from './shared-server.js'

const { url, plain, prefix } = sharedServer()
const store = redisStore(url)
afterAll(() => store.close())

describe('clear', () => {
  it('deletes every key under the prefix, however many, and no other', async () => {
    const mine = Array.from({ length: 3_456 }, (_, index) => `${prefix}app:${index}`)
    const others = [`${prefix}app`, `${prefix}apple:1`, `x${prefix}app:1`]
    await plain.mset(Object.fromEntries([...mine, ...others].map(key => [key, '1'])))
    await store.clear?.(`${prefix}app:`)
    expect(await plain.exists(mine)).toBe(0)
    expect(await plain.exists(others)).toBe(others.length)
    await plain.del(`x${prefix}app:1`)
  })

  it.each(['*', '?', '[a-z]', '[^x]', '\\', '\\*', 'ключ'])('takes %s in a prefix literally', async sign => {
    const hit = `${prefix}${sign}:1`
    const decoys = [`${prefix}k:1`, `${prefix}\\k:1`, `${prefix}kk:1`]
    await plain.mset(Object.fromEntries([hit, ...decoys].map(key => [key, '1'])))
    await store.clear?.(`${prefix}${sign}:`)
    expect(await plain.exists(hit)).toBe(0)
    expect(await plain.exists(decoys)).toBe(decoys.length)
  })

  it('deletes keys that are not UTF-8', async () => {
    const key = Buffer.concat([Buffer.from(`${prefix}bin:`), Buffer.from([0xff, 0x00, 0xc3])])
    await plain.set(key, '1')
    await store.clear?.(`${prefix}bin:`)
    expect(await plain.exists(key)).toBe(0)
  })

  it('refuses an empty prefix', async () => {
    await expect(store.clear?.('')).rejects.toMatchObject({
      code: 'ERR_CACHE_KEY',
      message: expect.stringContaining('the prefix to clear must be 1 to 250 bytes'),
    })
  })

  it('heeds the keyPrefix of an injected client', async () => {
    const client = new Redis(url, { keyPrefix: `${prefix}[tenant]:` })
    const tenant = redisStore({ client })
    await tenant.set('a:1', Buffer.from('1'), 60_000)
    await tenant.set('b:1', Buffer.from('1'), 60_000)
    await plain.set(`${prefix}a:1`, '1')
    await tenant.clear?.('a:')
    expect(await plain.exists(`${prefix}[tenant]:a:1`)).toBe(0)
    expect(await plain.exists(`${prefix}[tenant]:b:1`, `${prefix}a:1`)).toBe(2)
    client.disconnect()
  })
})
