import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CacheError } from '../src/errors.js'
import { type Codec, codecNamed, type FramedCodec, type RawCodec } from '../src/values/codec.js'

const reversed: Codec = {
  name: 'reversed',
  id: 200,
  encode: value => Buffer.from([...String(value)].reverse().join('')),
  decode: bytes => [...Buffer.from(bytes).toString()].reverse().join(''),
}

function errorOf(action: () => unknown): CacheError {
  try {
    action()
  } catch (error) {
    if (error instanceof CacheError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a value that cannot be encoded', () => {
  test.each([
    ['auto', { rows: [1, { format: () => 1 }] }, 'a function at value.rows[1].format'],
    ['auto', new Map([['k', { s: Symbol('x') }]]), "a symbol at value.get('k').s"],
    ['auto', new Set([new WeakMap()]), 'an instance of WeakMap at value.values()'],
    ['structured', [Promise.resolve()], 'a Promise at value[0]'],
    ['structured', [new Proxy({}, {})], 'a Proxy at value[0]'],
    ['json', { total: 1n }, 'a bigint at value.total'],
    ['json', () => 1, 'JSON has no text for a function'],
    ['structured', new Error('no', { cause: () => 1 }), 'a function at value.cause'],
    ['structured', [{ query: new Intl.NumberFormat() }], 'an instance of NumberFormat at value[0].query'],
  ] as const)("is named: codec '%s' of %o", (name, value, what) => {
    const error = errorOf(() => codecNamed(name).encode(value))
    expect(error.code).toBe('ERR_CACHE_NOT_ENCODABLE')
    expect(error.message).toContain(`codec '${name}' can't encode`)
    expect(error.message).toContain(what)
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('is to be awaited first where it is a promise', () => {
    const error = errorOf(() => codecNamed('auto').encode({ user: Promise.resolve(1) }))
    expect(error.message).toContain('a Promise at value.user')
    expect(error.message).toMatch(/: await it first$/)
  })

  test.each(['auto', 'structured'] as const)("is named where codec '%s' would keep nothing of it", name => {
    const error = errorOf(() => codecNamed(name).encode({ link: new URL('https://example.org') }))
    expect(error.code).toBe('ERR_CACHE_NOT_ENCODABLE')
    expect(error.message).toBe(
      'an instance of URL at value.link would come back as an empty object: cache plain data that stands for it, or give a codec of your own',
    )
  })

  test('is written as nothing by JSON, which loses by choice', () => {
    const { payload } = codecNamed('json').encode({ headers: new Headers({ a: 'b' }) })
    expect(Buffer.from(payload).toString()).toBe('{"headers":{}}')
  })

  test('is named where reading a property throws', () => {
    const cause = new Error('closed')
    const value = {
      get row() {
        throw cause
      },
    }
    const error = errorOf(() => codecNamed('auto').encode([value]))
    expect(error).toMatchObject({ code: 'ERR_CACHE_NOT_ENCODABLE', cause })
    expect(error.message).toContain('value[0]')
  })

  test('is named where it refers to itself and the codec is JSON', () => {
    const value: unknown[] = []
    value.push(value)
    const error = errorOf(() => codecNamed('json').encode(value))
    expect(error).toMatchObject({ code: 'ERR_CACHE_NOT_ENCODABLE' })
    expect(error.message).toContain('circular')
  })
})

describe("codec 'json'", () => {
  const codec = codecNamed('json') as FramedCodec

  test('writes JSON text even where that loses something', () => {
    const { codecId, payload } = codec.encode({ at: new Date(0), gone: undefined, odd: Number.NaN })
    expect(codec.decoders(codecId)?.decode(payload)).toEqual({ at: '1970-01-01T00:00:00.000Z', odd: null })
  })

  test('gives undefined back', () => {
    const { codecId, payload } = codec.encode(undefined)
    expect(codec.decoders(codecId)?.decode(payload)).toBeUndefined()
  })
})

describe("codec 'raw'", () => {
  const codec = codecNamed('raw') as RawCodec

  test('writes text as bare UTF-8 and gives it back', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter(text => text.isWellFormed()),
        text => {
          const { payload } = codec.encode(text)
          expect(Buffer.from(payload).equals(Buffer.from(text))).toBe(true)
          expect(codec.decode(payload)).toBe(text)
        },
      ),
    )
    expect(codec.framed).toBe(false)
  })

  test('gives bytes that are no UTF-8 back as a Buffer of its own', () => {
    const bytes = Uint8Array.of(0xff, 0, 1)
    const decoded = codec.decode(codec.encode(bytes).payload)
    bytes.fill(7)
    expect(decoded).toEqual(Buffer.from([0xff, 0, 1]))
  })

  test('gives bytes that are UTF-8 back as text, its byte order mark included', () => {
    expect(codec.decode(codec.encode(Buffer.from('\ufeffabc')).payload)).toBe('\ufeffabc')
  })

  test.each([[42], [null], [undefined], [{ a: 1 }], ['\ud800'], [Uint16Array.of(1)]])('refuses %o', value => {
    expect(errorOf(() => codec.encode(value))).toMatchObject({ code: 'ERR_CACHE_NOT_ENCODABLE' })
  })
})

describe("an application's codec", () => {
  test('writes under its id and reads itself and the built-in ones', () => {
    const codec = codecNamed(reversed) as FramedCodec
    const { codecId, payload } = codec.encode('abc')
    expect(codecId).toBe(200)
    expect(codec.decoders(200)?.decode(payload)).toBe('abc')
    for (const name of ['json', 'structured'] as const) {
      const other = codecNamed(name).encode([1, 'a'])
      expect(codec.decoders(other.codecId)?.decode(other.payload)).toEqual([1, 'a'])
    }
    expect(codec.decoders(201)).toBeUndefined()
    expect((codecNamed('auto') as FramedCodec).decoders(200)).toBeUndefined()
  })

  test('may keep the bytes that it is given to decode', () => {
    const codec = codecNamed({ ...reversed, decode: bytes => bytes }) as FramedCodec
    const network = Buffer.from('abc')
    const decoded = codec.decoders(200)?.decode(network)
    network.fill(0)
    expect(decoded).toEqual(Uint8Array.from(Buffer.from('abc')))
  })

  test('keeps its this', () => {
    class Shouting implements Codec {
      readonly name = 'shouting'
      readonly id = 128
      readonly mark = '!'
      encode(value: unknown) {
        return Buffer.from(`${value}${this.mark}`)
      }
      decode(bytes: Uint8Array) {
        return `${Buffer.from(bytes)}${this.mark}`
      }
    }
    const codec = codecNamed(new Shouting()) as FramedCodec
    expect(codec.decoders(128)?.decode(codec.encode('a').payload)).toBe('a!!')
  })

  test('that returns no bytes, or throws, cannot encode the value', () => {
    const cause = new Error('no')
    const text = { ...reversed, encode: () => 'text' as unknown as Uint8Array }
    const thrower: Codec = {
      ...reversed,
      encode() {
        throw cause
      },
    }
    expect(errorOf(() => codecNamed(text).encode(1))).toMatchObject({ code: 'ERR_CACHE_NOT_ENCODABLE' })
    expect(errorOf(() => codecNamed(thrower).encode(1))).toMatchObject({
      code: 'ERR_CACHE_NOT_ENCODABLE',
      cause,
    })
  })

  test.each([
    ['yaml'],
    [null],
    [42],
    [{ ...reversed, id: 127 }],
    [{ ...reversed, id: 256 }],
    [{ ...reversed, id: 128.5 }],
    [{ ...reversed, name: '' }],
    [{ ...reversed, decode: undefined }],
  ])('is refused as an option when it is %o', codec => {
    expect(errorOf(() => codecNamed(codec as Codec))).toMatchObject({ code: 'ERR_CACHE_OPTION' })
  })
})
