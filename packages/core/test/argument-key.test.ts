import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { argumentKey } from '../src/keys/argument-key.js'

/** Few values in small shapes, so that two of them are often equal, or nearly. */
const argument = fc.anything({
  values: [
    fc.constantFrom<unknown>(
      0,
      -0,
      1,
      1n,
      '1',
      '',
      'a',
      '","',
      Number.NaN,
      null,
      undefined,
      true,
      'true',
      'null',
    ),
    fc.constantFrom(0, 1).map(time => new Date(time)),
    fc.constantFrom('a', '","').map(source => new RegExp(source, 'g')),
    fc.constantFrom(0, 1).map(byte => Buffer.of(byte)),
    fc.constantFrom(0, 1).map(byte => Uint8Array.of(byte)),
    fc.constantFrom(0, 1).map(byte => Int8Array.of(byte)),
    fc.constantFrom(0, -0, 1).map(float => Float32Array.of(float)),
    fc.constantFrom(0, 1).map(byte => Uint8Array.of(byte).buffer),
  ],
  key: fc.constantFrom('a', 'b', '__proto__', '0', '","'),
  maxDepth: 2,
  maxKeys: 2,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withSparseArray: true,
})
const args = fc.array(argument, { maxLength: 3 })

/** The same, built in the opposite order. */
function backwards(value: unknown): unknown {
  if (value instanceof Map)
    return new Map([...value].reverse().map(([key, member]) => [backwards(key), backwards(member)]))
  if (value instanceof Set) return new Set([...value].reverse().map(backwards))
  const prototype: unknown =
    typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined
  if (prototype !== Object.prototype && prototype !== null) return value
  const copy: object = Object.create(prototype)
  for (const key of Object.keys(value as object).reverse()) {
    const member = backwards(Reflect.get(value as object, key))
    Object.defineProperty(copy, key, { value: member, enumerable: true, configurable: true, writable: true })
  }
  return copy
}

describe('two lists of arguments', () => {
  test('have the same key exactly if they are deeply equal', () => {
    fc.assert(
      fc.property(args, args, (a, b) => {
        expect(argumentKey('f', a) === argumentKey('f', b)).toBe(isDeepStrictEqual(a, b))
      }),
      { numRuns: 5000 },
    )
  })

  test('that nearly look alike have different keys', () => {
    const lists: unknown[][] = [
      ...[[], [undefined], [null], ['null'], [[]], [{}], [[[]]], [new Map()], [new Set()], [new Array(1)]],
      ...[
        [1],
        ['1'],
        [1n],
        ['1n'],
        [true],
        ['true'],
        [1, 2],
        ['1,2'],
        [[1, 2]],
        [[1], 2],
        ['1', '2'],
        ['"1","2"'],
      ],
      ...[[0], [-0], [Number.NaN], ['NaN'], [new Date(Number.NaN)], [Number.POSITIVE_INFINITY]],
      ...[[{ a: undefined }], [[undefined]], [new Array(2)], [Object.create(null)], [null, {}]],
      ...[[{ a: 1 }], [{ 'a":1,"b': 1 }], [{ a: 1, b: 1 }], [new Map([['a', 1]])], [[['a', 1]]], ['{"a":1}']],
      ...[[new Set([1, 2])], [new Set([[1, 2]])], [new Map([[1, 2]])], [new Date(0)], ['Date(0)']],
      ...[[/a/], [/a/g], [/a\/g/], ['/a/'], [Object.assign([1], { a: 1 })], [{ 0: 1, a: 1 }]],
      ...[
        [Buffer.of(1)],
        [Uint8Array.of(1)],
        [Uint8ClampedArray.of(1)],
        [new DataView(Uint8Array.of(1).buffer)],
      ],
      ...[
        [Uint8Array.of(1).buffer],
        [Uint16Array.of(1)],
        [Float64Array.of(0)],
        [Float64Array.of(-0)],
        [BigInt64Array.of(0n)],
      ],
      ...[[Object.assign(new Date(0), { zone: 'UTC' })], [Object.assign(new Set([1, 2]), { a: 1 })]],
    ]
    const keys = lists.map(list => argumentKey('f', list))
    expect(new Set(keys).size).toBe(keys.length)
  })

  test('have the same key in whatever order their members were added', () => {
    fc.assert(
      fc.property(args, list => {
        expect(argumentKey('f', list.map(backwards))).toBe(argumentKey('f', list))
      }),
    )
  })

  test('have the same key before and after a structured clone', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.anything({
            withBigInt: true,
            withDate: true,
            withMap: true,
            withSet: true,
            withTypedArray: true,
          }),
        ),
        list => {
          expect(argumentKey('f', structuredClone(list))).toBe(argumentKey('f', list))
        },
      ),
    )
  })
})

test('simple calls have readable keys', () => {
  expect(argumentKey('user', [42])).toBe('user:42')
  expect(argumentKey('user', ['42'])).toBe('user:"42"')
  expect(argumentKey('users', [{ page: 2, by: ['name', 'id'] }, true])).toBe(
    'users:{"by":["name","id"],"page":2},true',
  )
  expect(argumentKey('all', [])).toBe('all:')
})

test('functions of different names never share a key', () => {
  const name = fc.oneof(fc.string(), fc.constantFrom('a', 'a:', 'a:1', 'a:null', '"a"', 'a,1', '1:1'))
  fc.assert(
    fc.property(name, args, name, args, (nameA, a, nameB, b) => {
      if (nameA === nameB) return
      expect(argumentKey(nameA, a)).not.toBe(argumentKey(nameB, b))
    }),
    { numRuns: 1000 },
  )
})

test('invalid dates are all one argument', () => {
  expect(argumentKey('f', [new Date(Number.NaN)])).toBe('f:Date(NaN)')
})

test('an argument used in two places is no cycle', () => {
  const shared = { a: 1 }
  expect(argumentKey('f', [shared, [shared]])).toBe('f:{"a":1},[{"a":1}]')
})

describe('arguments that no key can be made of', () => {
  class Point {
    readonly x = 1
  }
  const cyclic: unknown[] = []
  cyclic.push({ cyclic })

  test.each([
    [[() => 1], 'argument 1 is a function'],
    [[1, { filter: Symbol('s') }], 'argument 2.filter is a symbol'],
    [[[new Point()]], 'argument 1[0] is an instance of Point'],
    [[new Map([['p', new Point()]])], "argument 1.get('p') is an instance of Point"],
    [[new Map([[new Point(), 1]])], 'a key of argument 1 is an instance of Point'],
    [[new Set([Promise.resolve()])], 'a member of argument 1 is an instance of Promise'],
    [[new Error('no')], 'argument 1 is an instance of Error'],
    [[Object(1)], 'argument 1 is an instance of Number'],
    [[new (class extends Map {})()], 'argument 1 is an instance of'],
    [[new (class extends Uint8Array {})()], 'argument 1 is an instance of'],
    [[Object.setPrototypeOf(new Map(), null)], 'argument 1 is an instance of'],
    [[Object.create(Date.prototype)], 'argument 1 is an instance of Date'],
    [[{ [Symbol('s')]: 1 }], 'argument 1 is keyed by Symbol(s)'],
    [[cyclic], 'argument 1[0].cyclic is an object that contains itself'],
  ])('are refused with the place named: %o', (list, place) => {
    expect(() => argumentKey('query', list)).toThrow(
      expect.objectContaining({ code: 'ERR_CACHE_KEY', message: expect.stringContaining(place) }),
    )
    expect(() => argumentKey('query', list)).toThrow("'query'")
  })

  test('are refused when nested too deep to follow', () => {
    let deep: unknown = 0
    for (let level = 0; level < 200; level++) deep = [deep]
    expect(argumentKey('query', [deep])).toHaveLength('query:'.length + 401)
    for (let level = 0; level < 10_000; level++) deep = [deep]
    expect(() => argumentKey('query', [deep])).toThrow(/is nested deeper than 200 levels/)
  })
})

test('a key __proto__ is told apart and changes nothing', () => {
  const data: unknown = JSON.parse('{"__proto__":{"admin":true}}')
  expect(argumentKey('f', [data])).toBe('f:{"__proto__":{"admin":true}}')
  expect(Reflect.get({}, 'admin')).toBeUndefined()
})
