import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codecNamed, type FramedCodec } from '../src/values/codec.js'
import { type GraphNode, graph, structuredValue } from './structured-values.js'

function roundTrip(name: 'auto' | 'structured' | 'json', value: unknown): unknown {
  const codec = codecNamed(name) as FramedCodec
  const { codecId, payload } = codec.encode(value)
  return codec.decoders(codecId)?.decode(payload)
}

describe.each(['auto', 'structured'] as const)("codec '%s'", name => {
  test('gives back every value that structured clone keeps', () => {
    fc.assert(
      fc.property(structuredValue, value => deepStrictEqual(roundTrip(name, value), value)),
      {
        numRuns: 500,
      },
    )
  })

  test('keeps shared references and cycles', () => {
    fc.assert(
      fc.property(graph, root => {
        const copy = roundTrip(name, root) as GraphNode
        const byId = new Map<number, GraphNode>()
        for (const node of copy.links) {
          expect(byId.get(node.id) ?? node).toBe(node)
          byId.set(node.id, node)
        }
        for (const node of root.links) {
          expect(byId.get(node.id)?.links).toHaveLength(node.links.length)
          for (const [index, link] of node.links.entries()) {
            expect(byId.get(node.id)?.links[index]).toBe(byId.get(link.id))
          }
        }
        expect(byId.get(0)).toBe(copy)
      }),
    )
  })

  test.each([
    ['holes in an array', () => Object.assign(new Array(4), { 1: undefined, 2: 'x' })],
    ['properties of an array', () => 'a1'.match(/a(\d)/)],
    ['a member that is undefined', () => ({ a: undefined })],
    ['the kind and cause of an error', () => new RangeError('no', { cause: new Date(0) })],
    ['a deep nesting', () => nested(600)],
    ['a string with a lone surrogate', () => ['\udfff', '\u2028']],
    ['an own toJSON that is no function', () => ({ toJSON: 1 })],
  ])('keeps %s', (_, value) => {
    deepStrictEqual(roundTrip(name, value()), value())
  })

  test('gives an invalid date back as one', () => {
    expect((roundTrip(name, new Date(Number.NaN)) as Date).getTime()).toBeNaN()
  })

  test('gives a Buffer back as a Buffer', () => {
    expect(Buffer.isBuffer(roundTrip(name, Buffer.from('abc')))).toBe(true)
  })

  test('a key __proto__ is data and changes no prototype', () => {
    const value: unknown = JSON.parse('{"__proto__":{"admin":true},"list":[{"__proto__":{"admin":true}}]}')
    const copy = roundTrip(name, value) as { admin?: unknown; list: { admin?: unknown }[] }
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
    expect(Object.keys(copy)).toEqual(['__proto__', 'list'])
    expect(copy.admin).toBeUndefined()
    expect(copy.list[0]?.admin).toBeUndefined()
    expect(Reflect.get({}, 'admin')).toBeUndefined()
  })

  test('what it gives back shares no memory with the bytes, nor shows more of them', () => {
    const codec = codecNamed(name) as FramedCodec
    const value = {
      bytes: Buffer.from('abc'),
      floats: Float64Array.of(1, 2),
      view: new DataView(new ArrayBuffer(3)),
    }
    const { codecId, payload } = codec.encode(value)
    const network = Buffer.concat([Buffer.alloc(3), payload])
    const copy = codec.decoders(codecId)?.decode(network.subarray(3)) as typeof value
    network.fill(0xee)
    deepStrictEqual(copy, value)
    expect(copy.floats.buffer.byteLength).toBe(16)
    expect(copy.view.buffer.byteLength).toBe(3)
  })
})

describe("codec 'auto'", () => {
  const { encode } = codecNamed('auto')
  const isJson = (value: unknown) => encode(value).codecId === codecNamed('json').encode(1).codecId

  test('writes JSON text exactly where that gives back the same', () => {
    fc.assert(
      fc.property(structuredValue, value => {
        if (!isJson(value) || value === undefined) return
        deepStrictEqual(JSON.parse(Buffer.from(encode(value).payload).toString()), value)
      }),
    )
    const row = { id: 1, name: 'Ada', score: 0.5, active: true, parent: null, tags: ['a', []] }
    expect(Buffer.from(encode([row, { ...row, tags: [] }]).payload).toString()).toBe(
      JSON.stringify([row, { ...row, tags: [] }]),
    )
  })

  test('writes undefined as nothing at all', () => {
    expect(encode(undefined).payload).toHaveLength(0)
    expect(roundTrip('auto', undefined)).toBeUndefined()
  })

  const shared = {}
  test.each([
    ['a member that is undefined', [undefined]],
    ['-0', -0],
    ['NaN', [Number.NaN]],
    ['a shared reference', [shared, shared]],
    ['a hole beside a further property', Object.assign(new Array(1), { extra: 1 })],
    [
      'an instance of a class',
      new (class Point {
        readonly x = 1
      })(),
    ],
    ['a subclass of Array', new (class List extends Array {})()],
    ['an object without a prototype', Object.create(null)],
    ['an object with toJSON', new Date(0)],
  ])('takes structured clone for %s', (_, value) => {
    expect(isJson(value)).toBe(false)
  })
})

function nested(depth: number): unknown {
  let value: unknown = 'bottom'
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value }
  return value
}
