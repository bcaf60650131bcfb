import { describe, expect, test } from 'vitest'
import { faultyStore, ManualClock, memoryRemoteServer } from '../../testing/src/index.js'
import { Events } from '../src/events.js'
import { ReadBatch } from '../src/read-batch.js'
import { decodeStoredToken, type RemoteToken } from '../src/remote-token.js'
import { Counters } from '../src/stats.js'
import { StoreCalls } from '../src/store-calls.js'
import { StoredTokens } from '../src/stored-tokens.js'

const HOUR = 3_600_000
const AT = 'app:#tag:t'

function opened() {
  const clock = new ManualClock()
  const server = memoryRemoteServer({ clock })
  const store = faultyStore(server.store(), { clock })
  const settings = { timeout: 200, breakerFailures: Number.POSITIVE_INFINITY, breakerProbeEvery: 500 }
  const calls = new StoreCalls(store, clock, settings, new Events(), new Counters())
  const tokens = new StoredTokens(calls, new ReadBatch(calls), clock)
  const ops = () => store.calls.splice(0).map(({ op }) => op)
  return { clock, server, store, tokens, ops, raw: server.store() }
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
    const { tokens, raw, store } = opened()
    const asked = await Promise.all([1, 2, 3].map(() => tokens.obtain(AT, HOUR)))
    expect(new Set(asked).size).toBe(1)
    expect(store.calls.filter(({ op }) => op === 'add')).toHaveLength(1)
    await raw.delete(AT)
    const [made] = await Promise.all([tokens.create(AT, HOUR), raw.add(AT, new Uint8Array(24), HOUR)])
    const stored = await raw.get(AT)
    expect(made).toEqual(decodeStoredToken(stored?.bytes ?? new Uint8Array()))
  })

  test('is kept twice as long as what it tags, and six hours', async () => {
    const { tokens, clock, server } = opened()
    const token = (await tokens.obtain(AT, HOUR)) as RemoteToken
    expect(token.keptUntil - clock.now()).toBe(8 * HOUR)
    await clock.advance(8 * HOUR - 1)
    expect(server.keys()).toEqual([AT])
    await clock.advance(1)
    expect(server.keys()).toEqual([])
  })

  test('is short once it might be forgotten before what it tags, by clocks that differ by hours', async () => {
    const { tokens, clock } = opened()
    const token = (await tokens.obtain(AT, HOUR)) as RemoteToken
    expect(tokens.isShort(token, HOUR)).toBe(false)
    await clock.advance(4 * HOUR)
    expect(tokens.isShort(token, HOUR)).toBe(false)
    await clock.advance(1)
    expect(tokens.isShort(token, HOUR)).toBe(true)
    expect(tokens.isShort(token, 3 * HOUR)).toBe(true)
  })

  test('is renewed as it is, unless it has changed or gone', async () => {
    const { tokens, clock, raw } = opened()
    const token = (await tokens.obtain(AT, HOUR)) as RemoteToken
    await clock.advance(5 * HOUR)
    await tokens.renew(AT, token, HOUR)
    const renewed = (await tokens.read(AT)) as RemoteToken
    expect(renewed).toEqual({ ...token, keptUntil: clock.now() + 8 * HOUR })

    await tokens.soften(AT, HOUR)
    const softened = await tokens.read(AT)
    await tokens.renew(AT, renewed, HOUR)
    expect(await tokens.read(AT)).toEqual(softened)
    await raw.delete(AT)
    await tokens.renew(AT, renewed, HOUR)
    expect(await tokens.read(AT)).toBeUndefined()
  })

  test('that is invalidated while it is being renewed stays so', async () => {
    const { tokens, store, raw } = opened()
    const token = (await tokens.obtain(AT, HOUR)) as RemoteToken
    store.delay(50, 'replace')
    const renewing = tokens.renew(AT, token, HOUR)
    await raw.delete(AT)
    store.heal()
    await renewing
    expect(await raw.get(AT)).toBeUndefined()
  })

  test('is softened by a new soft half', async () => {
    const { tokens } = opened()
    const token = (await tokens.obtain(AT, HOUR)) as RemoteToken
    await tokens.soften(AT, HOUR)
    const softened = (await tokens.read(AT)) as RemoteToken
    expect(softened.hard).toBe(token.hard)
    expect(softened.soft).not.toBe(token.soft)
  })

  test('is softened over whatever others write at the same time, or deleted', async () => {
    const { tokens, store, raw } = opened()
    const token = (await tokens.obtain(AT, HOUR)) as RemoteToken
    // Each time that it is to be replaced somebody else has been faster.
    const { replace } = store
    const contended = Object.assign(store, {
      replace: async (...args: Parameters<typeof replace>) => {
        await raw.set(AT, (await raw.get(AT))?.bytes ?? new Uint8Array(), HOUR)
        return replace(...args)
      },
    })
    await tokens.soften(AT, HOUR)
    contended.replace = replace
    expect(await tokens.read(AT)).not.toEqual(token)
    expect(await raw.get(AT)).toBeUndefined()
  })

  test('is deleted where the server refuses to write, and left to the queue where it does not answer', async () => {
    const { tokens, store, raw, clock } = opened()
    await tokens.obtain(AT, HOUR)
    store.hang('replace')
    const waiting = expect(tokens.soften(AT, HOUR)).rejects.toMatchObject({ code: 'ERR_CACHE_TIMEOUT' })
    await clock.advance(200)
    await waiting
    expect(await raw.get(AT)).toBeDefined()
    store.heal()
    store.fail(new Error('OOM command not allowed'), 'replace')
    await tokens.soften(AT, HOUR)
    expect(await raw.get(AT)).toBeUndefined()
  })

  test.each([0, 1, 23, 25, 100])('of %i bytes is none, and is replaced', async length => {
    const { tokens, raw } = opened()
    await raw.set(AT, new Uint8Array(length), HOUR)
    expect(await tokens.read(AT)).toBeUndefined()
    const token = await tokens.obtain(AT, HOUR)
    expect(token).toBeDefined()
    expect(await tokens.read(AT)).toEqual(token)
    await raw.set(AT, new Uint8Array(length), HOUR)
    await tokens.soften(AT, HOUR)
    expect(await raw.get(AT)).toBeUndefined()
  })

  test.each(['get', 'add'] as const)('is unknown while %s fails, and nothing throws', async op => {
    const { tokens, store } = opened()
    store.fail(undefined, op)
    expect(await tokens.read(AT)).toBeUndefined()
    expect(await tokens.obtain(AT, HOUR)).toBeUndefined()
    store.heal()
    const token = (await tokens.obtain(AT, HOUR)) as RemoteToken
    expect(token).toBeDefined()
    store.fail(undefined, 'replace')
    await tokens.renew(AT, token, HOUR)
  })
})
