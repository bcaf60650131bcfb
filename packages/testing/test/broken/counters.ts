import { CacheError, isCacheError } from '@lookaside/core'
import { type BrokenStore, broken, confusing } from './broken-store.js'

const MAX = 2n ** 63n - 1n
const INITIAL = 'counts a missing key as initial and then adds'
const DOWN = 'counts down and stops at 0'
const PAST_MAX = 'refuses to count past 2^63 - 1 and keeps the counter'
const NO_NUMBER = 'refuses to count what is no number and keeps it'

export const BROKEN_COUNTERS: readonly BrokenStore[] = [
  broken(INITIAL, 'it creates initial without adding', store => ({
    async increment(key, by, { initial, ttl }) {
      const stored = await store.get(key)
      return store.increment(key, stored === undefined ? 0n : by, { initial, ttl })
    },
  })),
  broken(INITIAL, 'it starts from 0', store => ({
    increment: (key, by, { ttl }) => store.increment(key, by, { initial: 0n, ttl }),
  })),
  broken(INITIAL, 'it returns numbers', store => ({
    increment: async (...args) => Number(await store.increment(...args)) as unknown as bigint,
  })),
  broken(DOWN, 'it counts up instead', store => ({
    increment: (key, by, options) => store.increment(key, by < 0n ? -by : by, options),
  })),
  broken(DOWN, 'it goes below 0', store => ({
    async increment(key, by, options) {
      const stored = await store.get(key)
      const sum = (stored ? BigInt(Buffer.from(stored.bytes).toString()) : options.initial) + by
      await store.set(key, Buffer.from(`${sum}`), options.ttl)
      return sum
    },
  })),
  broken('shows a counter as plain digits, also after it became shorter', 'it pads with spaces', store => {
    const widths = new Map<string, number>()
    return {
      async increment(key, by, options) {
        const count = await store.increment(key, by, options)
        widths.set(key, Math.max(widths.get(key) ?? 0, `${count}`.length))
        return count
      },
      async get(key) {
        const stored = await store.get(key)
        const text =
          stored &&
          Buffer.from(stored.bytes)
            .toString()
            .padEnd(widths.get(key) ?? 0)
        return stored && { ...stored, bytes: Buffer.from(text ?? '') }
      },
    }
  }),
  broken('counts on from digits that were set', 'it counts in a place of its own', store => ({
    increment: (key, by, options) => store.increment(`${key}#`, by, options),
  })),
  broken('counts exactly up to 2^63 - 1', 'it counts in floating point', store => ({
    increment: async (...args) => BigInt(Number(await store.increment(...args))),
  })),
  broken('counts exactly up to 2^63 - 1', 'it counts in 32 bits', store => ({
    increment: async (...args) => BigInt.asUintN(32, await store.increment(...args)),
  })),
  broken(PAST_MAX, 'it stops at 2^63 - 1', store => ({
    increment: (...args) => store.increment(...args).catch(() => MAX),
  })),
  broken(PAST_MAX, 'it starts again', store => ({
    increment: (key, by, options) =>
      store.increment(key, by, options).catch(async error => {
        await store.delete(key)
        throw error
      }),
  })),
  broken(PAST_MAX, 'its error has no code', store => ({
    increment: (...args) =>
      store.increment(...args).catch(() => {
        throw new Error('increment or decrement would overflow')
      }),
  })),
  broken(PAST_MAX, 'it creates a counter that it refuses', store => ({
    async increment(key, by, options) {
      await store.add(key, Buffer.from(`${options.initial}`), options.ttl)
      return store.increment(key, by, options)
    },
  })),
  broken(NO_NUMBER, 'it starts over', store => ({
    async increment(key, by, options) {
      try {
        return await store.increment(key, by, options)
      } catch (error) {
        if (isCacheError(error, 'ERR_CACHE_COUNTER')) await store.delete(key)
        return store.increment(key, by, options)
      }
    },
  })),
  broken(NO_NUMBER, 'it takes empty for 0', store => ({
    async increment(key, by, options) {
      const stored = await store.get(key)
      if (stored?.bytes.length === 0) await store.set(key, Buffer.from('0'), options.ttl)
      return store.increment(key, by, options)
    },
  })),
  broken(NO_NUMBER, 'it counts what the digits at the start say', store => ({
    async increment(key, by, options) {
      const stored = await store.get(key)
      const start = stored && Number.parseInt(Buffer.from(stored.bytes).toString(), 10)
      if (start !== undefined && start >= 0 && start < 100) return BigInt(start) + by
      return store.increment(key, by, options)
    },
  })),
  broken('gives a counter its ttl when it creates it and never again', 'each count renews it', store => ({
    async increment(key, by, options) {
      const count = await store.increment(key, by, options)
      await store.set(key, Buffer.from(`${count}`), options.ttl)
      return count
    },
  })),
  broken('loses no count of several connections, up or down', 'it reads and sets', store => ({
    async increment(key, by, { initial, ttl }) {
      const stored = await store.get(key)
      const count = (stored === undefined ? initial : BigInt(Buffer.from(stored.bytes).toString())) + by
      if (count > MAX) throw new CacheError('ERR_CACHE_COUNTER', 'too large')
      await store.set(key, Buffer.from(`${count}`), ttl)
      return count
    },
  })),
  confusing('gives a counter another version with each count', 'it compares lengths', (old, current) => {
    return old.length === current.length
  }),
]
