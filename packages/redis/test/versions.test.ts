import { afterAll, describe, expect, it } from 'vitest'
import { redisStore } from '../src/index.js'
import { frameOf, MARKER } from './frames.js'
import { sharedServer } from './shared-server.js'

const { url, plain, prefix } = sharedServer()
const store = redisStore(url)
afterAll(() => store.close())

const kinds = {
  frame: () => frameOf('value'),
  'marker of exactly 16 bytes': () => frameOf('', MARKER),
  'raw value': () => Buffer.from(`raw ${Math.random()}`),
  'raw value that only begins like a frame': () => frameOf().subarray(0, 15),
}

async function versionRead(key: string): Promise<object> {
  const stored = await store.get(key)
  if (stored === undefined) throw new Error(`nothing at ${key}`)
  return stored.version
}

describe.each(Object.entries(kinds))('the version of a %s', (kind, make) => {
  const key = `${prefix}${kind.replaceAll(' ', '-')}`

  it('lets one replace win, and the loser changes nothing', async () => {
    await store.set(key, make(), 60_000)
    const [first, second] = [await versionRead(key), await versionRead(key)]
    const mine = frameOf('mine')
    expect(await store.replace(key, mine, 60_000, first)).toBeDefined()
    expect(await store.replace(key, frameOf('other'), 60_000, second)).toBeUndefined()
    expect(await plain.getBuffer(key)).toEqual(mine)
  })

  it('lets delete through only while the bytes are the same', async () => {
    const bytes = make()
    await store.set(key, bytes, 60_000)
    const version = await versionRead(key)
    await store.set(key, make(), 60_000)
    expect(await store.delete(key, version)).toBe(false)
    await store.set(key, bytes, 60_000)
    expect(await store.delete(key, version)).toBe(true)
    expect(await store.delete(key, version)).toBe(false)
  })

  it('is void once the key is gone', async () => {
    await store.set(key, make(), 60_000)
    const version = await versionRead(key)
    await plain.del(key)
    expect(await store.replace(key, make(), 60_000, version)).toBeUndefined()
    expect(await plain.exists(key)).toBe(0)
  })

  it('comes from add and from replace too', async () => {
    await plain.del(key)
    const added = await store.add(key, make(), 60_000)
    expect(await store.add(key, make(), 60_000)).toBeUndefined()
    const replaced = await store.replace(key, make(), 60_000, added as object)
    expect(await store.delete(key, added)).toBe(false)
    expect(await store.delete(key, replaced)).toBe(true)
  })
})

describe('versions', () => {
  it('are those of the bytes that were written, even if the caller uses the memory of a frame again', async () => {
    const frame = frameOf('claim', MARKER)
    const version = await store.add(`${prefix}reused`, frame, 60_000)
    frame.fill(0)
    expect(await store.delete(`${prefix}reused`, version)).toBe(true)
  })

  it('tell an empty value from an absent one', async () => {
    await store.set(`${prefix}empty`, new Uint8Array(0), 60_000)
    const version = await versionRead(`${prefix}empty`)
    await plain.del(`${prefix}empty`)
    expect(await store.replace(`${prefix}empty`, frameOf(), 60_000, version)).toBeUndefined()
  })

  it('of another store are refused', async () => {
    await expect(store.replace(`${prefix}x`, frameOf(), 60_000, {})).rejects.toMatchObject({
      code: 'ERR_CACHE_STORE',
    })
    await expect(store.delete(`${prefix}x`, {})).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
  })

  it('survive a server that has forgotten the scripts', async () => {
    const key = `${prefix}flushed`
    const version = await store.add(key, frameOf(), 60_000)
    await plain.script('FLUSH')
    const next = await store.replace(key, frameOf('next'), 60_000, version as object)
    expect(next).toBeDefined()
    await plain.script('FLUSH')
    expect(await store.delete(key, next)).toBe(true)
  })
})
