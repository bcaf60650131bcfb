import { deepStrictEqual } from 'node:assert'
import { deserialize, serialize } from 'node:v8'
import { ManualClock } from '@lookaside/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { structuredValue } from '../../packages/core/test/structured-values.js'
import { backends, newPrefix, openCache } from '../backends.js'

describe.each(backends)('Values on $name', backend => {
  /** Two processes over the same data; the second never loads. */
  function twoProcesses() {
    const clock = new ManualClock()
    const shared = {
      clock,
      prefix: newPrefix(),
      ...(backend.kind === 'local' && { store: backend.openStore() }),
    }
    const [writer, reader] = [openCache(backend, shared), openCache(backend, shared)]
    const neverLoads = () => {
      throw new Error('the value was not found')
    }
    return { writer, read: (key: string) => reader.getOrSet(key, neverLoads) }
  }

  it('come back as the loader returned them, whatever structured clone keeps', async () => {
    const { writer, read } = twoProcesses()
    let key = 0
    await fc.assert(
      fc.asyncProperty(structuredValue, async value => {
        key++
        // What the writer gets is the value itself; to compare with, a copy that nobody can have changed.
        const copy: unknown = deserialize(serialize(value))
        const loaded = await writer.getOrSet<unknown>(`k${key}`, () => value)
        expect(loaded).toBe(value)
        deepStrictEqual(await read(`k${key}`), copy)
      }),
      { numRuns: 200 },
    )
  })

  it.each<[string, () => unknown]>([
    ['Date', () => new Date(1)],
    ['Map', () => new Map<unknown, unknown>([[{ a: 1 }, new Set([1n])]])],
    ['Buffer', () => Buffer.from([0, 255])],
    ['Float32Array', () => new Float32Array([1.5, Number.NaN])],
    ['BigInt', () => 2n ** 100n],
    ['Error', () => new RangeError('no', { cause: 'yes' })],
    ['sparse array', () => Object.assign(new Array(3), { 1: undefined })],
    ['object with undefined', () => ({ a: undefined, b: [undefined, null] })],
    ['large array', () => Array.from({ length: 10_000 }, (_, index) => ({ index }))],
  ])('of type %s keep their type', async (_, value) => {
    const { writer, read } = twoProcesses()
    await writer.getOrSet('a', value)
    deepStrictEqual(await read('a'), value())
  })

  it('that contain themselves do so again', async () => {
    const { writer, read } = twoProcesses()
    const ring: { next?: unknown; list: unknown[] } = { list: [] }
    ring.next = ring
    ring.list.push(ring, ring)
    await writer.getOrSet('a', () => ring)
    const found = (await read('a')) as typeof ring
    expect(found.next).toBe(found)
    expect(found.list).toEqual([found, found])
  })

  it('with a __proto__ of their own keep it, and change nobody else', async () => {
    const { writer, read } = twoProcesses()
    const hostile: unknown = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    )
    await writer.getOrSet('__proto__', () => hostile)
    const found = (await read('__proto__')) as object
    expect(Object.hasOwn(found, '__proto__')).toBe(true)
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype)
    expect('polluted' in found).toBe(false)
    expect('polluted' in {}).toBe(false)
  })
})
