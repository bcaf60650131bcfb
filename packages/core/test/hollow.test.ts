import { createSecretKey } from 'node:crypto'
import { parse } from 'node:querystring'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refuseHollow } from '../src/values/hollow.js'
import { shareBy } from '../src/values/sharing.js'
import { graph, structuredValue } from './structured-values.js'

class Secret {
  readonly #state = 1
  get state() {
    return this.#state
  }
}

class Point {
  readonly x = 1
}

const url = () => new URL('https://example.org')

function cyclic(member: unknown): unknown {
  const ring: unknown[] = [member]
  ring.unshift(ring, { ring })
  return ring
}

describe('a value that structured clone would empty', () => {
  test.each<[string, unknown]>([
    ['URL at value', url()],
    ['URLSearchParams at value', new URLSearchParams('a=1')],
    ['Headers at value', new Headers({ a: 'b' })],
    ['FormData at value', new FormData()],
    ['AbortSignal at value', new AbortController().signal],
    ['Secret at value', new Secret()],
    ['an unnamed class at value', new (class {})()],
    ['Object at value', Object.create({ inherited: 1 })],
    ['URL at value.link', { link: url() }],
    ['URL at value[1].links[0]', [0, { links: [url()] }]],
    ["URL at value.get('home')", new Map([['home', url()]])],
    ['URL at value.keys()', new Map([[url(), 1]])],
    ['URL at value.values()', new Set([url()])],
    ['URL at value.cause', new Error('no', { cause: url() })],
    ['URL at value.point.at', { point: Object.assign(new Point(), { at: url() }) }],
    ['URL at value[2]', cyclic(url())],
    ['URL at value.near', { far: { away: url() }, near: url() }],
  ])('is refused: an instance of %s', (where, value) => {
    expect(() => refuseHollow(value)).toThrow(
      expect.objectContaining({
        code: 'ERR_CACHE_NOT_ENCODABLE',
        message: expect.stringContaining(`${where} would come back as an empty object`),
      }),
    )
  })
})

describe('a value of which something is kept', () => {
  test('is accepted whatever structured clone keeps of it', () => {
    fc.assert(fc.property(fc.oneof(structuredValue, graph), value => refuseHollow(value)))
  })

  test.each<[string, unknown]>([
    ['an empty object', {}],
    ['an empty object without a prototype', Object.create(null)],
    ['an empty object of another realm', runInNewContext('({})')],
    ['an empty query', parse('')],
    ['an instance with fields', [new Point()]],
    ['empty collections', [[], new Map(), new Set(), new Uint8Array(), Buffer.alloc(0), new ArrayBuffer(0)]],
    [
      'an empty subclass of a collection',
      [new (class Table extends Map {})(), new (class extends Array {})()],
    ],
    [
      'errors and boxed values',
      [new (class Failure extends Error {})(), Object(''), Object(1n), /a/, new Date()],
    ],
    ['properties that no clone looks at', Object.assign(new Map(), { link: url() })],
    ['a sparse array', Object.assign(new Array(2 ** 31), { 5: 1 })],
    ['objects of the platform that can be cloned', [new Blob(['a']), createSecretKey(Buffer.from('a'))]],
  ])('is accepted: %s', (_, value) => {
    expect(() => refuseHollow(value)).not.toThrow()
  })
})

describe('a share', () => {
  test("by 'structured' is a clone, and none of what would be empty", () => {
    const share = shareBy('structured')
    const value = { at: new Date(0), ring: cyclic(1) }
    expect(share?.(value)).toEqual(value)
    expect(share?.(value)).not.toBe(value)
    expect(() => share?.({ link: url() })).toThrow(
      expect.objectContaining({ code: 'ERR_CACHE_NOT_ENCODABLE' }),
    )
    expect(() => share?.(() => 1)).toThrow('could not be cloned')
  })

  test('by another mode is refused', () => {
    expect(() => shareBy(true as never)).toThrow(
      "clone must be 'structured' or 'freeze', or be left out for values by reference; received true",
    )
  })
})
