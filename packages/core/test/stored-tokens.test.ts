import { describe, expect, test } from 'vitest'
import { Events } from '../src/events.js'
import { Counters } from '../src/stats.js'
import { decodeStoredToken, type RemoteToken } from '../src/tags/remote-token.js'
import { StoredTokens } from '../src/tags/stored-tokens.js'
import { ReadBatch } from '../src/tiers/read-batch.js'
import { StoreCalls } from '../src/tiers/store-calls.js'
import { TokenStore } from './token-store.js'

const HOUR = 3_600_000
const AT = 'app:#tag:t'

function opened() {
  const store = new TokenStore()
  const { clock } = store
  const settings = { timeout: 200, breakerFailures: Number.POSITIVE_INFINITY, breakerProbeEvery: 500 }
  const calls = new StoreCalls(store.remote, clock, settings, new Events(), new Counters())
  const tokens = new StoredTokens(calls, new ReadBatch(calls), clock)
  return { store, clock, tokens, ops: () => store.calls.splice(0) }
}

describe('a stored token', () => {
  test('is made where there is none, and then found', async () => {
    const { tokens, ops } = opened()
    expect(await tokens.read(AT)).toBeUndefined()
    const made = await tokens.obtain(AT, HOUR)
    expect(ops()).toEqual(['get', 'get', 'add'])
    expect(await tokens.obtain(AT, HOUR)).toEqual(made)
    expect(await tokens.read(AT)).toEqual(made)
    expect(ops()).toEqual(['get', 'get'])
  })

  test('is made once, however many ask for it, and is the one that another process has made', async () => {
    const { tokens, store } = opened()
    const asked = await Promise.all([1, 2, 3].map(() => tokens.obtain(AT, HOUR)))
    expect(new Set(asked).size).toBe(1)
    expect(store.calls.filter(op => op === 'add')).toHaveLength(1)
    store.remove(AT)
    store.write(AT, new Uint8Array(24))
    expect(await tokens.create(AT, HOUR)).toEqual(decodeStoredToken(new Uint8Array(24)))
  })

  test('is kept twice as long as what it tags, and six hours', async () => {
    const { tokens, clock, store } = opened()
    const token = (await tokens.obtain(AT, HOUR)) as RemoteToken
    expect(token.keptUntil - clock.now()).toBe(8 * HOUR)
    await store.advance(8 * HOUR - 1)
    expect(store.bytesAt(AT)).toBeDefined()
    await store.advance(1)
    expect(store.bytesAt(AT)).toBeUndefined()
  })

  test('is short once it might be forgotten before what it tags, by clocks that differ by hours', async () => {
    const { tokens, store } = opened()
    const token = (await tokens.obtain(AT, HOUR)) as RemoteToken
    expect(tokens.isShort(token, HOUR)).toBe(false)
    await store.advance(4 * HOUR)
    expect(tokens.isShort(token, HOUR)).toBe(false)
    await store.advance(1)
    expect(tokens.isShort(token, HOUR)).toBe(true)
    expect(tokens.isShort(token, 3 * HOUR)).toBe(true)
  })

  test('is renewed as it is, unless it has changed or gone', async () => {
    const { tokens, clock, store } = opened()
    const token = (await tokens.obtain(AT, HOUR)) as RemoteToken
    await store.advance(5 * HOUR)
    await tokens.renew(AT, token, HOUR)
    const renewed = (await tokens.read(AT)) as RemoteToken
    expect(renewed).toEqual({ ...token, keptUntil: clock.now() + 8 * HOUR })

    await tokens.soften(AT, HOUR)
    const softened = await tokens.read(AT)
    await tokens.renew(AT, renewed, HOUR)
    expect(await tokens.read(AT)).toEqual(softened)
    store.remove(AT)
    await tokens.renew(AT, renewed, HOUR)
    expect(await tokens.read(AT)).toBeUndefined()
  })

  test('that is invalidated while it is being renewed stays so', async () => {
    const { tokens, store } = opened()
    const token = (await tokens.obtain(AT, HOUR)) as RemoteToken
    store.beforeReplace = () => store.remove(AT)
    await tokens.renew(AT, token, HOUR)
    expect(store.calls).toContain('replace')
    expect(store.bytesAt(AT)).toBeUndefined()
  })

  test('is softened by a new soft half', async () => {
    const { tokens } = opened()
    const token = (await tokens.obtain(AT, HOUR)) as RemoteToken
    await tokens.soften(AT, HOUR)
    const softened = (await tokens.read(AT)) as RemoteToken
    expect(softened.hard).toBe(token.hard)
    expect(softened.soft).not.toBe(token.soft)
  })

  test('is deleted where others keep writing it', async () => {
    const { tokens, store } = opened()
    await tokens.obtain(AT, HOUR)
    store.beforeReplace = () => store.write(AT, store.bytesAt(AT) ?? new Uint8Array())
    await tokens.soften(AT, HOUR)
    expect(store.bytesAt(AT)).toBeUndefined()
  })

  test('is deleted where the server refuses to write, and left to the queue where it does not answer', async () => {
    const { tokens, store } = opened()
    await tokens.obtain(AT, HOUR)
    store.faults.set('replace', () => new Promise(() => {}))
    const waiting = expect(tokens.soften(AT, HOUR)).rejects.toMatchObject({ code: 'ERR_CACHE_TIMEOUT' })
    await store.advance(0)
    await store.advance(200)
    await waiting
    expect(store.bytesAt(AT)).toBeDefined()
    store.faults.set('replace', () => Promise.reject(new Error('OOM command not allowed')))
    await tokens.soften(AT, HOUR)
    expect(store.bytesAt(AT)).toBeUndefined()
  })

  test.each([0, 1, 23, 25, 100])('of %i bytes is none, and is replaced', async length => {
    const { tokens, store } = opened()
    store.write(AT, new Uint8Array(length))
    expect(await tokens.read(AT)).toBeUndefined()
    const token = await tokens.obtain(AT, HOUR)
    expect(token).toBeDefined()
    expect(await tokens.read(AT)).toEqual(token)
    store.write(AT, new Uint8Array(length))
    await tokens.soften(AT, HOUR)
    expect(store.bytesAt(AT)).toBeUndefined()
  })

  test('that can not be read is not one that is missing', async () => {
    const { tokens, store } = opened()
    store.faults.set('get', () => Promise.reject(new Error('connection reset')))
    await expect(tokens.read(AT)).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
  })

  test.each(['get', 'add'] as const)('is not obtained while %s fails, and nothing throws', async op => {
    const { tokens, store } = opened()
    store.faults.set(op, () => Promise.reject(new Error('connection reset')))
    expect(await tokens.obtain(AT, HOUR)).toBeUndefined()
    store.faults.clear()
    const token = (await tokens.obtain(AT, HOUR)) as RemoteToken
    expect(token).toBeDefined()
    store.faults.set('replace', () => Promise.reject(new Error('connection reset')))
    await tokens.renew(AT, token, HOUR)
  })
})
