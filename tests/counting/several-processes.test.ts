import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Backend, memcached, newPrefix, openCache, redis } from '../backends.js'
import { type CountingProcess, countingProcess } from './counting-process.js'

const PROCESSES = 5

interface Cart {
  readonly total: number
  readonly by: Readonly<Record<string, number>>
  readonly names: readonly string[]
}

describe.each([redis, memcached])('Several processes on $name', (backend: Backend) => {
  const prefix = newPrefix()
  const opened: CountingProcess[] = []
  let processes: readonly CountingProcess[] = []
  /** What a test counts in. */
  let key = ''

  async function open(count: number, what: string): Promise<readonly CountingProcess[]> {
    const names = Array.from({ length: count }, (_, index) => `${what} ${index}`)
    const all = await Promise.all(names.map(name => countingProcess(backend, prefix, name)))
    opened.push(...all)
    return all
  }

  beforeAll(async () => {
    processes = await open(PROCESSES, 'process')
  })

  afterAll(() => Promise.all(opened.map(each => each.kill())))

  beforeEach(() => {
    key = randomUUID()
  })

  it('that take tickets get each number once, and none is left out', async () => {
    const taken = await Promise.all(processes.map(each => each.repeat('ticket', key, 300)))
    const numbers = taken.flat().toSorted((a, b) => Number(a) - Number(b))
    expect(numbers).toEqual(Array.from({ length: PROCESSES * 300 }, (_, index) => index + 1))
    expect(await openCache(backend, { prefix }).get(key)).toBe(PROCESSES * 300)
  })

  it('that count up and down come to the exact sum', async () => {
    const steps = await Promise.all(processes.map(each => each.repeat('upAndDown', key, 300)))
    const sum = steps.flat().reduce((total: number, by) => total + Number(by), 1_000_000)
    expect(await openCache(backend, { prefix }).increment(key, 0)).toBe(sum)
  })

  it('that update one object lose nothing of it', async () => {
    const put = await Promise.all(processes.map(each => each.repeat('cart', key, 60)))
    const cart = await openCache(backend, { prefix }).get<Cart>(key)
    expect(cart?.total).toBe(PROCESSES * 60)
    expect(cart?.by).toEqual(Object.fromEntries(processes.map(({ name }) => [name, 60])))
    expect(cart?.names.toSorted()).toEqual(put.flat().toSorted())
  })

  it('that get and then set lose counts', async () => {
    await Promise.all(processes.map(each => each.repeat('getThenSet', key, 300)))
    expect(await openCache(backend, { prefix }).get(key)).toBeLessThan(PROCESSES * 300)
  })

  it('of which some are killed while they count have every acknowledged count in it', async () => {
    const mortals = await open(2, 'mortal')
    const before = processes.map(({ acknowledged }) => acknowledged.length)
    // More than they live to see.
    for (const mortal of mortals) void mortal.repeat('ticket', key, 1_000_000)
    const others = Promise.all(processes.map(each => each.repeat('ticket', key, 200)))
    for (const mortal of mortals) {
      await mortal.hasAcknowledged(50)
      await mortal.kill()
    }
    await others
    const survived = processes.flatMap(({ acknowledged }, index) => acknowledged.slice(before[index]))
    const numbers = [...survived, ...mortals.flatMap(({ acknowledged }) => acknowledged)].map(Number)
    const cache = openCache(backend, { prefix })
    const count = await cache.increment(key, 0)
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(numbers.length).toBeLessThanOrEqual(count)
    expect(Math.max(...numbers)).toBeLessThanOrEqual(count)
    expect(await cache.increment(key)).toBe(count + 1)
  })

  it('of which some are killed while they update leave the object whole, and hold up nobody', async () => {
    const [mortal] = (await open(1, 'mortal')) as [CountingProcess]
    void mortal.repeat('cart', key, 1_000_000)
    const others = Promise.all(processes.map(each => each.repeat('cart', key, 30)))
    await mortal.hasAcknowledged(10)
    await mortal.kill()
    const put = await others
    const cart = (await openCache(backend, { prefix }).get(key)) as Cart
    expect(cart.names).toHaveLength(cart.total)
    expect(new Set(cart.names).size).toBe(cart.total)
    expect(cart.names).toEqual(expect.arrayContaining([...put.flat(), ...mortal.acknowledged]))
    for (const { name } of processes) expect(cart.by[name]).toBe(30)
    expect(cart.by[mortal.name]).toBe(cart.total - PROCESSES * 30)
  })
})
