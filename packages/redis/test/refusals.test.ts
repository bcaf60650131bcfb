import { randomBytes } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { redisStore } from '../src/index.js'
import { sharedServer } from './shared-server.js'

const { url, plain, prefix } = sharedServer()
const store = redisStore({ url, maxValueBytes: 1_000 })
afterAll(() => store.close())

const calls: Record<string, (key: string) => Promise<unknown> | undefined> = {
  get: key => store.get(key),
  getMany: key => store.getMany([`${prefix}good`, key]),
  set: key => store.set(key, Buffer.from('x'), 60_000),
  add: key => store.add(key, Buffer.from('x'), 60_000),
  delete: key => store.delete(key),
  deleteMany: key => store.deleteMany([`${prefix}good`, key]),
  increment: key => store.increment(key, 1n, { initial: 0n, ttl: 60_000 }),
  expire: key => store.expire?.(key, randomBytes(8)),
}

describe('a key that no store may take', () => {
  it.each([
    '',
    'a b',
    'a\n',
    '\0',
    'a\x7f',
    '\x1f',
    'x'.repeat(251),
    'é'.repeat(126),
    'a\ud800b',
    undefined,
    5,
    null,
  ])('is refused by every call: %j', async key => {
    for (const call of Object.values(calls)) {
      await expect(call(key as string)).rejects.toMatchObject({ code: 'ERR_CACHE_KEY' })
    }
  })

  it('does not keep deleteMany from being all or nothing', async () => {
    await plain.set(`${prefix}good`, '1')
    await calls['deleteMany']?.('bad key')?.catch(() => {})
    expect(await plain.exists(`${prefix}good`)).toBe(1)
  })

  it.each(['x'.repeat(250), 'é'.repeat(125), '~!#*?[]\\"\'', '\u0085\u00a0', '😀'])(
    'is none of these: %s',
    async key => {
      for (const call of Object.values(calls)) await call(key)
      await plain.del(key)
    },
  )
})

describe('a value larger than maxValueBytes', () => {
  it('is refused by set, add and replace, and nothing is written', async () => {
    const key = `${prefix}large`
    const fits = Buffer.alloc(1_000)
    const version = (await store.add(key, fits, 60_000)) as object
    const tooLarge = Buffer.alloc(1_001)
    const refused = { code: 'ERR_CACHE_TOO_LARGE', message: expect.stringContaining('1001 bytes') }
    await expect(store.set(key, tooLarge, 60_000)).rejects.toMatchObject(refused)
    await expect(store.replace(key, tooLarge, 60_000, version)).rejects.toMatchObject(refused)
    await expect(store.add(`${key}2`, tooLarge, 60_000)).rejects.toMatchObject(refused)
    expect(await plain.strlen(key)).toBe(1_000)
    expect(await plain.exists(`${key}2`)).toBe(0)
  })

  it('is told beforehand in the limits', () => {
    expect(store.limits).toEqual({ maxValueBytes: 1_000, ttlStep: 1 })
  })
})
