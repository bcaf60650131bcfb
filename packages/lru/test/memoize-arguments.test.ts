import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { type Memoized, memoize } from '../src/index.js'

type Variadic = (...args: unknown[]) => object

/** Each result is a new object, so calls have the same result only where the first was remembered. */
function memoized(): Memoized<Variadic> {
  return memoize<Variadic>((...args) => ({ args }))
}

const [object, list] = [{ a: 1 }, [1]]
const LISTS: unknown[][] = [
  [],
  [undefined],
  [null],
  [Number.NaN],
  [0],
  [-0],
  [0n],
  ['0'],
  [1],
  ['1'],
  [1n],
  [true],
  ['true'],
  [''],
  ['undefined'],
  ['null'],
  ['NaN'],
  ['[object Object]'],
  [object],
  [{ a: 1 }],
  [list],
  [[1]],
  [[]],
  [Symbol.iterator],
  [Symbol('a')],
  [Symbol('a')],
  [1, undefined],
  [1, undefined, undefined],
  [1, 2],
  ['1', 2],
  [2, 1],
  [1, 2, 3],
  [1, [2, 3]],
  [[1, 2], 3],
  ['1,2'],
  ['1', '2'],
  ['a,b'],
  ['a', 'b'],
  ['a', 'b,c'],
  ['a,b', 'c'],
  [0, 0],
  [0, -0],
  [-0, 0],
  [Number.NaN, null],
  [null, Number.NaN],
  [object, 1],
  [{ a: 1 }, 1],
]

describe('the arguments of a memoized function', () => {
  it('tell one call from another by their number, and each by Object.is', () => {
    const fn = memoized()
    const results = LISTS.map(args => fn(...args))
    expect(new Set(results).size).toBe(LISTS.length)
    expect(LISTS.map(args => fn(...args))).toEqual(results)
    expect(fn.info()).toMatchObject({ hits: LISTS.length, misses: LISTS.length, size: LISTS.length })
    expect(LISTS.map(args => fn.delete(...args))).toEqual(LISTS.map(() => true))
    expect(fn.info().size).toBe(0)
  })

  it('are passed on as they are', () => {
    for (const args of LISTS) expect(memoized()(...args)).toEqual({ args })
  })

  it('may be many', () => {
    const fn = memoized()
    const many = Array.from({ length: 1_000 }, (_, n) => n)
    expect(fn(...many)).toBe(fn(...many))
    expect(fn(...many)).not.toBe(fn(...many, 0))
  })

  it('can be compared by a key of them', () => {
    const area = vi.fn(({ width }: { width: number }, height: number) => width * height)
    const fn = memoize(area, { key: ({ width }, height) => `${width}×${height}` })
    expect([fn({ width: 2 }, 3), fn({ width: 2 }, 3), fn({ width: 3 }, 3)]).toEqual([6, 6, 9])
    expect(area).toHaveBeenCalledTimes(2)
    expect(fn.delete({ width: 2 }, 3)).toBe(true)
    expect(fn.info()).toMatchObject({ hits: 1, misses: 2, size: 1 })
  })

  it('can be compared by a key of any kind', () => {
    const kinds = [undefined, null, 0, '0', Number.NaN, object, list, Symbol.iterator]
    const fn = memoize((key: unknown) => ({ key }), { key: key => key })
    const results = kinds.map(fn)
    expect(new Set(results).size).toBe(kinds.length)
    expect(kinds.map(fn)).toEqual(results)
    expect(fn.info().hits).toBe(kinds.length)
  })

  it('are not passed on when key throws, which reaches the caller', () => {
    const refusal = new Error('no key')
    const fn = memoize((n: number) => n, {
      key() {
        throw refusal
      },
    })
    expect(() => fn(1)).toThrow(refusal)
    expect(fn.info()).toMatchObject({ hits: 0, misses: 0, size: 0 })
  })
})

describe('arguments that are objects', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void

  async function collected(refs: readonly WeakRef<object>[]): Promise<boolean[]> {
    for (let turn = 0; turn < 50 && refs.some(ref => ref.deref() !== undefined); turn++) {
      await setImmediate()
      collect()
    }
    return refs.map(ref => ref.deref() === undefined)
  }

  /** Calls it with three new objects, each beside others. */
  function callWithObjects(fn: Variadic): WeakRef<object>[] {
    return [1, 2, 3].map(n => {
      const argument = { n }
      for (const args of [[argument], [argument, 1], [1, argument], [argument, 1, 2], [1, 2, argument, 3]]) {
        fn(...args)
      }
      return new WeakRef(argument)
    })
  }

  it('are let go when their results are dropped', async () => {
    const fn = memoize<Variadic>(() => ({}), { maxEntries: 2 })
    const refs = callWithObjects(fn)
    fn(1, 2)
    fn(1)
    expect(await collected(refs)).toEqual([true, true, true])
    expect(fn.info().size).toBe(2)
  })

  it('are let go when their results are deleted', async () => {
    const fn = memoize<Variadic>(() => ({}))
    function callAndDelete() {
      const argument = {}
      fn(1, argument)
      fn(argument, 1)
      expect([fn.delete(1, argument), fn.delete(argument, 1)]).toEqual([true, true])
      return new WeakRef(argument)
    }
    fn(1, 2)
    expect(await collected([callAndDelete()])).toEqual([true])
    expect(fn.info().size).toBe(1)
  })

  it('are let go when the memory is cleared', async () => {
    const fn = memoize<Variadic>(() => ({}))
    const refs = callWithObjects(fn)
    fn.clear()
    fn(1, 2)
    expect(await collected(refs)).toEqual([true, true, true])
  })

  it('are not held by a call that threw', async () => {
    const fn = memoize<Variadic>(() => {
      throw new Error('no')
    })
    function callInVain() {
      const argument = {}
      expect(() => fn(argument, 1)).toThrow('no')
      return new WeakRef(argument)
    }
    expect(await collected([callInVain()])).toEqual([true])
  })
})
