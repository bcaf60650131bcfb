import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { memoize } from '../src/index.js'

type Loose = (fn: unknown, options?: unknown) => (...args: unknown[]) => unknown

const loosely = memoize as unknown as Loose
const one = () => 1

function thrownBy(act: () => unknown): { code: string; message: string } {
  try {
    act()
  } catch (error) {
    expect(error).toMatchObject({ name: 'CacheError' })
    return error as { code: string; message: string }
  }
  throw new Error('nothing was thrown')
}

describe('the options of memoize', () => {
  it('answer an unknown name with the nearest known one', () => {
    expect(thrownBy(() => loosely(one, { max: 5 })).code).toBe('ERR_CACHE_OPTION')
    expect(thrownBy(() => loosely(one, { maxEntires: 5 })).message).toBe(
      "unknown option 'maxEntires' of memoize; did you mean 'maxEntries'? Known: maxEntries, ttl, key, clock",
    )
  })

  it.each([0, -1, 1.5, Number.NaN, '100', null, 2 ** 24 + 1])('refuse maxEntries %s', maxEntries => {
    const { code, message } = thrownBy(() => loosely(one, { maxEntries }))
    expect(code).toBe('ERR_CACHE_OPTION')
    expect(message).toContain("memoize: 'maxEntries' must be an integer from 1 to 16777216; received ")
  })

  it.each([0, '0s'])('refuse ttl %s, and say what to do instead', ttl => {
    const { code, message } = thrownBy(() => loosely(one, { ttl }))
    expect(code).toBe('ERR_CACHE_OPTION')
    expect(message).toContain("memoize: 'ttl' must be at least 1 ms; received ")
    expect(message).toContain('Leave it out to keep results')
  })

  it.each([-1, '5', 'soon', Number.POSITIVE_INFINITY, null])('refuse ttl %s as no duration', ttl => {
    const { code, message } = thrownBy(() => loosely(one, { ttl }))
    expect(code).toBe('ERR_CACHE_DURATION')
    expect(message).toContain("memoize: 'ttl' must be milliseconds from 0 to ")
  })

  it.each(['id', null, {}])('refuse the key %s', key => {
    expect(thrownBy(() => loosely(one, { key })).message).toContain(
      "memoize: 'key' must be a function of the arguments; received ",
    )
  })

  it.each([null, {}, Date])('refuse the clock %s', clock => {
    expect(thrownBy(() => loosely(one, { clock })).message).toContain(
      "memoize: 'clock' must have the method monotonic; received ",
    )
  })

  it('may all be undefined', () => {
    const options = { maxEntries: undefined, ttl: undefined, key: undefined, clock: undefined }
    expect(memoize(one, options)()).toBe(1)
  })
})

describe('memoize', () => {
  it.each([undefined, null, 'square', {}])('refuses %s, which is no function', fn => {
    const { code, message } = thrownBy(() => loosely(fn))
    expect(code).toBe('ERR_CACHE_OPTION')
    expect(message).toContain('memoize takes the function to memoize; received ')
  })

  it('refuses an async function before it is ever called', () => {
    const { code, message } = thrownBy(() => memoize(async () => 1))
    expect(code).toBe('ERR_CACHE_OPTION')
    expect(message).toMatch(/^memoize takes a synchronous function; received .+cache\.wrap/)
  })

  it('refuses a generator, whose result can be read once only', () => {
    function* numbers() {
      yield 1
    }
    async function* lateNumbers() {
      yield 1
    }
    for (const generator of [numbers, lateNumbers]) {
      expect(thrownBy(() => memoize(generator)).message).toContain('unlike a generator')
    }
  })
})

describe('a memoized function that returns a promise', () => {
  it('throws, each time it is called', () => {
    const fetchUser = vi.fn((id: number) => Promise.resolve(id))
    const memoized = loosely(fetchUser)
    for (const call of [1, 2]) {
      const { code, message } = thrownBy(() => memoized(7))
      expect(code).toBe('ERR_CACHE_OPTION')
      expect(message).toMatch(/returned a Promise.+cache\.wrap/)
      expect(fetchUser).toHaveBeenCalledTimes(call)
    }
  })

  it('throws for anything with a method then, which it does not call', () => {
    const then = vi.fn()
    const query = Object.fromEntries([['then', then]])
    expect(thrownBy(() => loosely(() => query)(1)).message).toContain('returned ')
    expect(then).not.toHaveBeenCalled()
  })

  it('leaves no unhandled rejection behind', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    try {
      const failing = loosely(() => Promise.reject(new Error('connection refused')))
      expect(thrownBy(() => failing()).code).toBe('ERR_CACHE_OPTION')
      await setImmediate()
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })
})
