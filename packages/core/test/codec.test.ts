import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CacheError } from '../src/errors.js'
import { type Codec, codecNamed, type FramedCodec } from '../src/values/codec.js'
import type { RawCodec, RawCodecName } from '../src/values/raw-codec.js'

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

/** Text that UTF-8 can express. */
const text = fc.string({ unit: 'binary' }).filter(text => text.isWellFormed())

const raw = (name: RawCodecName) => codecNamed(name) as RawCodec

describe('the codecs without a frame', () => {
  test('say so', () => {
    for (const name of ['raw', 'raw-json', 'raw-bytes'] as const) {
      expect(raw(name)).toMatchObject({ name, framed: false })
    }
  })

  test("'raw' writes text as bare UTF-8 and gives it back", () => {
    const { encode, decode } = raw('raw')
    fc.assert(
      fc.property(text, text => {
        const { payload } = encode(text)
        expect(Buffer.from(payload).equals(Buffer.from(text))).toBe(true)
        expect(decode(payload)).toBe(text)
      }),
    )
    expect(decode(Buffer.from('\ufeffabc'))).toBe('\ufeffabc')
  })

  test("'raw-json' writes the text of JSON.stringify and gives back what that means", () => {
    const { encode, decode } = raw('raw-json')
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const { payload } = encode(value)
        expect(Buffer.from(payload).toString()).toBe(JSON.stringify(value))
        expect(decode(payload)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
    expect(decode(encode('\ud800').payload)).toBe('\ud800')
  })

  test("'raw-json' reads any JSON text, with spaces and duplicate names as JSON.parse has them", () => {
    expect(raw('raw-json').decode(Buffer.from(' {"a": 1,\r\n "a": [2]}\t'))).toEqual({ a: [2] })
  })

  test("'raw-json' loses what JSON loses", () => {
    const { encode, decode } = raw('raw-json')
    const value = { at: new Date(0), nothing: Number.NaN, gone: undefined, map: new Map([[1, 2]]) }
    expect(decode(encode(value).payload)).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      nothing: null,
      map: {},
    })
  })

  test("'raw-bytes' writes bytes as they are and gives a Buffer of its own back", () => {
    const { encode, decode } = raw('raw-bytes')
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        const { payload } = encode(bytes)
        expect(payload).toEqual(bytes)
        const decoded = decode(payload) as Buffer
        expect(decoded).toEqual(Buffer.from(bytes))
        expect(decoded.buffer).not.toBe(bytes.buffer)
      }),
    )
    expect(decode(Buffer.from('text'))).toEqual(Buffer.from('text'))
  })

  test.each([
    ...[42, null, undefined, { a: 1 }, '\ud800', Buffer.from('text')].map(value => ['raw', value] as const),
    ...[undefined, () => 1, Symbol('x'), 1n, { total: 1n }].map(value => ['raw-json', value] as const),
    ...['text', [1], Uint16Array.of(1), new ArrayBuffer(1)].map(value => ['raw-bytes', value] as const),
  ])('%s refuses %o', (name, value) => {
    const error = errorOf(() => raw(name).encode(value))
    expect(error.code).toBe('ERR_CACHE_NOT_ENCODABLE')
    expect(error.message).toContain(`codec '${name}'`)
  })

  test("a refusal by 'raw' and 'raw-bytes' names the other codecs", () => {
    expect(errorOf(() => raw('raw').encode(42)).message).toBe(
      "codec 'raw' stores a string without lone surrogates; received 42: encode it yourself, or use another codec, such as 'raw-json' or 'raw-bytes'",
    )
    expect(errorOf(() => raw('raw-bytes').encode('a')).message).toBe(
      "codec 'raw-bytes' stores a Uint8Array; received 'a': encode it yourself, or use another codec, such as 'raw' or 'raw-json'",
    )
  })

  test.each([
    ['raw', [0xff]],
    ['raw', [0x67, 0x72, 0xfc]],
    ['raw-json', []],
    ['raw-json', [0x7b]],
    ['raw-json', [0x74, 0x65, 0x78, 0x74]],
    ['raw-json', [0x22, 0xfc, 0x22]],
    ['raw-json', [0xef, 0xbb, 0xbf, 0x31]],
  ] as const)('%s does not read the bytes %o', (name, bytes) => {
    expect(() => raw(name).decode(Uint8Array.from(bytes))).toThrow()
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
