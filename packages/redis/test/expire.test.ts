import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { startRedis } from '../../../tests/servers/index.js'
import { redisStore } from '../src/index.js'
import { EXPIRED, frameOf, MARKER, OPEN_MARKER, VALUE } from './frames.js'
import { sharedServer } from './shared-server.js'

const { url, plain, prefix } = sharedServer()
const store = redisStore(url)
afterAll(() => store.close())

const key = `${prefix}key`

describe('expire', () => {
  it.each([VALUE, EXPIRED])(
    'puts a frame in state %i into the expired state, under the random bits given',
    async state => {
      const frame = frameOf('payload', state)
      const bits = randomBytes(8)
      await plain.set(key, frame, 'PX', 1_000_000)
      await store.expire?.(key, bits)
      const expected = Buffer.concat([
        frame.subarray(0, 3),
        Buffer.from([EXPIRED]),
        frame.subarray(4, 8),
        bits,
        Buffer.from('payload'),
      ])
      expect(await plain.getBuffer(key)).toEqual(expected)
      expect(await plain.pttl(key)).toBeGreaterThan(900_000)
    },
  )

  it('voids a version that was read before', async () => {
    await store.set(key, frameOf('old'), 60_000)
    const version = (await store.get(key))?.version as object
    await store.expire?.(key, randomBytes(8))
    expect(await store.replace(key, frameOf('late'), 60_000, version)).toBeUndefined()
  })

  it.each([
    ['a marker', frameOf('holder', MARKER)],
    ['an open marker', frameOf('', OPEN_MARKER)],
    ['a frame of another format', Buffer.concat([Buffer.from([0xff, 0x4c, 2, VALUE]), randomBytes(20)])],
    ['a raw value', Buffer.from('a raw value of many bytes')],
    ['a short value', frameOf().subarray(0, 15)],
    ['an empty value', Buffer.alloc(0)],
  ])('deletes %s', async (_, bytes) => {
    await plain.set(key, bytes)
    await store.expire?.(key, randomBytes(8))
    expect(await plain.exists(key)).toBe(0)
  })

  it('deletes what is no string at all', async () => {
    await plain.rpush(key, 'x')
    await store.expire?.(key, randomBytes(8))
    expect(await plain.exists(key)).toBe(0)
  })

  it('makes nothing of an absent key', async () => {
    await plain.del(key)
    await store.expire?.(key, randomBytes(8))
    expect(await plain.exists(key)).toBe(0)
  })

  it('refuses any other number of random bytes', async () => {
    await expect(store.expire?.(key, randomBytes(7))).rejects.toMatchObject({ code: 'ERR_CACHE_OPTION' })
  })

  it('deletes the frame where the server has no memory for writes', async () => {
    const server = await startRedis()
    const full = redisStore(`redis://${server.address}`)
    const admin = new Redis(server.port)
    try {
      await full.set('key', frameOf('payload'), 60_000)
      await admin.config('SET', 'maxmemory', '1')
      await expect(full.set('other', frameOf(), 60_000)).rejects.toThrow('OOM')
      await full.expire?.('key', randomBytes(8))
      expect(await full.get('key')).toBeUndefined()
    } finally {
      admin.disconnect()
      await full.close()
      await server.stop()
    }
  })
})
