import { type CacheEventType, createCache, type RemoteStore } from '@lookaside/core'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { eventTrace, faultyStore } from '@lookaside/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Server, startMemcached, startRedis } from '../servers/index.js'

interface Kind {
  readonly name: string
  /** What becomes of a commit whose connection is lost: memcached's claims are bound to theirs. */
  readonly lost: CacheEventType
  start(): Promise<Server>
  open(address: string): RemoteStore
}

const kinds: Kind[] = [
  { name: 'redis', lost: 'not-stored', start: startRedis, open: address => redisStore(`redis://${address}`) },
  {
    name: 'memcached',
    lost: 'commit-rejected',
    start: startMemcached,
    open: address => memcachedStore(`memcached://${address}`),
  },
]

interface Outage {
  readonly what: string
  begin(server: Server): Promise<void> | void
  end(server: Server): Promise<void> | void
}

const outages: Outage[] = [
  { what: 'killed', begin: server => server.kill(), end: server => server.restart() },
  { what: 'frozen', begin: server => server.freeze(), end: server => server.thaw() },
]

/** No call may take longer: the deadline of 200 ms, with a wide margin for a slow machine. */
const LIMIT = 2_000
const PATIENCE = { timeout: 15_000, interval: 50 }

describe.each(kinds)('A $name that goes away under a running cache', kind => {
  async function running() {
    const server = await kind.start()
    // Logs its calls, to see that an open breaker lets none through.
    const store = faultyStore(kind.open(server.address))
    const cache = createCache({ store, breaker: { failures: 3, probeEvery: 100 } })
    onTestFinished(async () => {
      server.thaw()
      await cache.close()
      await server.stop()
    })
    await cache.ready({ timeout: '10s' })
    await expect.poll(() => cache.set('before', 'cached'), PATIENCE).toBe(true)
    return { server, store, cache, trace: eventTrace(cache) }
  }

  it.each(outages)('because it was $what breaks no call, and is used again when it is back', async outage => {
    const { server, store, cache, trace } = await running()
    let slowest = 0
    async function timed<T>(call: () => Promise<T>): Promise<T> {
      const began = performance.now()
      const answer = await call()
      slowest = Math.max(slowest, performance.now() - began)
      return answer
    }

    await outage.begin(server)
    let loads = 0
    expect(await timed(() => cache.getOrSet('before', () => ++loads))).toBe(1)
    expect(await timed(() => cache.getOrSet('a', () => ++loads))).toBe(2)
    expect(await timed(() => cache.delete('before'))).toBe(false)
    expect(await timed(() => cache.expire('before'))).toBe(false)
    expect(await timed(() => cache.set('a', 1))).toBe(false)
    expect(await timed(() => cache.get('before'))).toBeUndefined()
    expect(await timed(() => cache.getMany(['before', 'a']))).toEqual(new Map())
    expect(await timed(() => cache.deleteMany(['before', 'a']))).toBe(false)
    await expect(
      timed(() => cache.getOrSet('a', () => Promise.reject(new Error('down too')))),
    ).rejects.toThrow('down too')
    expect(slowest).toBeLessThan(LIMIT)
    expect(trace.lines('state')).toContain('breaker state=open')
    expect(trace.lines('kind', 'key', 'delivered')).toEqual(
      expect.arrayContaining([
        'invalidate kind=delete key=before delivered=false',
        'invalidate kind=expire key=before delivered=false',
      ]),
    )

    const sent = () => store.calls.filter(({ op }) => op !== 'ping').length
    const before = sent()
    const began = performance.now()
    for (let call = 0; call < 20; call++) await cache.getOrSet(`open ${call}`, () => call)
    const open = (performance.now() - began) / 20
    expect(sent()).toBe(before)

    await outage.end(server)
    const back = performance.now()
    await expect
      .poll(async () => {
        await cache.getOrSet('after', () => 'loaded')
        return cache.get('after')
      }, PATIENCE)
      .toBe('loaded')
    expect(trace.lines('state')).toContain('breaker state=closed')
    expect(await cache.delete('after')).toBe(true)
    console.info(
      `${kind.name} ${outage.what}: slowest call ${slowest.toFixed(0)} ms, ${open.toFixed(2)} ms while the breaker was open, back after ${(performance.now() - back).toFixed(0)} ms`,
    )
  })

  it('because it was restarted, empty, loads what it has lost', async () => {
    const { server, cache } = await running()
    await server.restart()
    await expect.poll(() => cache.getOrSet('before', () => 'loaded again'), PATIENCE).toBe('loaded again')
    await expect
      .poll(async () => {
        await cache.getOrSet('before', () => 'loaded again')
        return cache.get('before')
      }, PATIENCE)
      .toBe('loaded again')
  })

  it('during a load gives the caller its value', async () => {
    const { server, cache, trace } = await running()
    const began = performance.now()
    const value = await cache.getOrSet('a', async () => {
      await server.kill()
      return 'loaded'
    })
    expect(value).toBe('loaded')
    expect(performance.now() - began).toBeLessThan(LIMIT)
    expect(trace.types()).toContain('load')
    expect(trace.types()).toContain(kind.lost)
  })
})
