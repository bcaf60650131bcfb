import { afterAll, describe, expect, it } from 'vitest'
import { redisStore } from '../src/index.js'
import { frameOf } from './frames.js'
import { sharedServer } from './shared-server.js'

const { url, plain, prefix } = sharedServer()
const store = redisStore(url)
afterAll(() => store.close())

describe('values in Redis', () => {
  it('are the very bytes that were stored, under the very key, for other programs to read', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    await store.set(`${prefix}ключ`, bytes, 60_000)
    expect(await plain.getBuffer(`${prefix}ключ`)).toEqual(Buffer.from(bytes))
    expect((await store.get(`${prefix}ключ`))?.bytes).toEqual(Buffer.from(bytes))
  })

  it('may be a part of a larger buffer, and empty', async () => {
    const whole = new TextEncoder().encode('..middle..')
    await store.set(`${prefix}part`, whole.subarray(2, 8), 60_000)
    await store.set(`${prefix}empty`, new Uint8Array(0), 60_000)
    expect(await plain.get(`${prefix}part`)).toBe('middle')
    expect((await store.get(`${prefix}empty`))?.bytes).toHaveLength(0)
  })

  it('live as long as they were given, rounded up to the next millisecond', async () => {
    await store.set(`${prefix}set`, frameOf('a'), 60_000.5)
    await store.add(`${prefix}add`, frameOf('a'), 60_000)
    const version = await store.add(`${prefix}replace`, frameOf('a'), 1_000_000)
    await store.replace(`${prefix}replace`, frameOf('b'), 60_000, version as object)
    for (const key of ['set', 'add', 'replace']) {
      const left = await plain.pttl(prefix + key)
      expect(left).toBeGreaterThan(30_000)
      expect(left).toBeLessThanOrEqual(60_001)
    }
  })

  it('accept a lifetime of a fraction of a millisecond', async () => {
    await store.set(`${prefix}brief`, frameOf(), 0.2)
    await expect.poll(() => store.get(`${prefix}brief`)).toBeUndefined()
  })

  it('come back by the dozen, in order, holes included', async () => {
    await store.set(`${prefix}m1`, Buffer.from('one'), 60_000)
    await store.set(`${prefix}m2`, Buffer.from('two'), 60_000)
    const slots = await store.getMany([`${prefix}m2`, `${prefix}none`, `${prefix}m1`, `${prefix}m2`])
    expect(slots.map(slot => slot && 'bytes' in slot && String(slot.bytes))).toEqual([
      'two',
      undefined,
      'one',
      'two',
    ])
    expect(await store.getMany([])).toEqual([])
  })

  it('are deleted by the dozen, absent ones included', async () => {
    const keys = ['d1', 'd2', 'd3'].map(key => prefix + key)
    for (const key of keys) await store.set(key, frameOf(), 60_000)
    await store.deleteMany([...keys, `${prefix}absent`])
    await store.deleteMany([])
    expect(await plain.exists(keys)).toBe(0)
  })

  it('arrive whole when they take many chunks', async () => {
    const bytes = Buffer.alloc(3_000_000, 'abcdefg')
    await store.set(`${prefix}large`, bytes, 60_000)
    expect(bytes.equals((await store.get(`${prefix}large`))?.bytes as Buffer)).toBe(true)
  })
})
