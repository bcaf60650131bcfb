import { afterEach, describe, expect, it } from 'vitest'
import { type Backend, memcached, newPrefix, openCache, redis } from '../backends.js'
import { type CountingProcess, countingProcess } from './counting-process.js'

const PROCESSES = 5

/** What a process with several lines of work may have had on the wire when it died. */
const AT_ONCE = 8

interface Cart {
  readonly total: number
  readonly by: Readonly<Record<string, number>>
  readonly names: readonly string[]
}

describe.each([redis, memcached])('Several processes on $name', (backend: Backend) => {
  const opened: CountingProcess[] = []

  async function open() {
    const prefix = newPrefix()
    const names = Array.from({ length: PROCESSES }, (_, index) => `process ${index}`)
    const processes = await Promise.all(names.map(name => countingProcess(backend, prefix, name)))
    opened.push(...processes)
    return { processes, cache: openCache(backend, { prefix }) }
  }

  afterEach(() => Promise.all(opened.splice(0).map(each => each.kill())))

  it('that take tickets get each number once, and none is left out', async () => {
    const { processes, cache } = await open()
    const taken = await Promise.all(processes.map(each => each.repeat('ticket', 300)))
    const numbers = taken.flat().toSorted((a, b) => Number(a) - Number(b))
    expect(numbers).toEqual(Array.from({ length: PROCESSES * 300 }, (_, index) => index + 1))
    expect(await cache.get('tickets')).toBe(PROCESSES * 300)
  })

  it('that count up and down come to the exact sum', async () => {
    const { processes, cache } = await open()
    const steps = await Promise.all(processes.map(each => each.repeat('upAndDown', 300)))
    const sum = steps.flat().reduce((total: number, by) => total + Number(by), 1_000_000)
    expect(await cache.increment('balance', 0)).toBe(sum)
  })

  it('that update one object lose nothing of it', async () => {
    const { processes, cache } = await open()
    const put = await Promise.all(processes.map(each => each.repeat('cart', 60)))
    const cart = await cache.get<Cart>('cart')
    expect(cart?.total).toBe(PROCESSES * 60)
    expect(cart?.by).toEqual(Object.fromEntries(processes.map(({ name }) => [name, 60])))
    expect(cart?.names.toSorted()).toEqual(put.flat().toSorted())
  })

  it('that get and then set lose counts', async () => {
    const { processes, cache } = await open()
    await Promise.all(processes.map(each => each.repeat('getThenSet', 300)))
    expect(await cache.get('naive')).toBeLessThan(PROCESSES * 300)
  })

  it('of which some are killed while they count have every acknowledged count in it', async () => {
    const { processes, cache } = await open()
    const [first, second, ...rest] = processes as [CountingProcess, CountingProcess, ...CountingProcess[]]
    // More than they live to see.
    for (const mortal of [first, second]) void mortal.repeat('ticket', 1_000_000)
    const others = Promise.all(rest.map(each => each.repeat('ticket', 300)))
    await first.hasAcknowledged(50)
    await first.kill()
    await second.hasAcknowledged(100)
    await second.kill()
    await others
    const numbers = processes.flatMap(({ acknowledged }) => acknowledged.map(Number))
    const count = await cache.increment('tickets', 0)
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(Math.max(...numbers)).toBeLessThanOrEqual(count)
    expect(numbers.length).toBeLessThanOrEqual(count)
    expect(await cache.increment('tickets')).toBe(count + 1)
  })

  it('of which some are killed while they update leave the object whole, and hold up nobody', async () => {
    const { processes, cache } = await open()
    const [mortal, ...rest] = processes as [CountingProcess, ...CountingProcess[]]
    void mortal.repeat('cart', 1_000_000)
    const others = Promise.all(rest.map(each => each.repeat('cart', 30)))
    await mortal.hasAcknowledged(10)
    await mortal.kill()
    await others
    const cart = (await cache.get('cart')) as Cart
    expect(cart.names).toHaveLength(cart.total)
    expect(new Set(cart.names).size).toBe(cart.total)
    for (const { name, acknowledged } of rest) expect(cart.by[name]).toBe(acknowledged.length)
    expect(cart.names).toEqual(expect.arrayContaining([...mortal.acknowledged]))
    // Its updates take turns: one was under way.
    expect(cart.by[mortal.name]).toBeGreaterThanOrEqual(mortal.acknowledged.length)
    expect(cart.by[mortal.name]).toBeLessThanOrEqual(mortal.acknowledged.length + AT_ONCE)
  })
})
