import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { counted, LocalCounter } from '../src/tiers/local-counter.js'
import { counterDigits, countOf, LARGEST_COUNT } from '../src/values/counter.js'

const bytes = (text: string) => Buffer.from(text, 'latin1')

describe('The digits of a counter', () => {
  it('are one to twenty ASCII digits', () => {
    const texts = ['0', '7', '10', '007', '9'.repeat(20), '18446744073709551615']
    for (const text of texts) expect(counterDigits(bytes(text))).toBe(text)
  })

  it('are nothing else', () => {
    const texts = [
      '',
      '9'.repeat(21),
      '1 ',
      ' 1',
      '1\n',
      '\0',
      '-1',
      '+1',
      '1.5',
      '1e3',
      '0x1',
      'a',
      '1/',
      '1:',
    ]
    for (const text of texts) expect(counterDigits(bytes(text))).toBeUndefined()
  })

  it('are what a pattern would say of any bytes', () => {
    const digit = fc.constantFrom(...bytes('0123456789'))
    const any = fc.array(fc.oneof({ weight: 9, arbitrary: digit }, fc.nat(255)), { maxLength: 24 })
    fc.assert(
      fc.property(any, codes => {
        const text = Buffer.from(codes).toString('latin1')
        expect(counterDigits(Uint8Array.from(codes))).toBe(/^[0-9]{1,20}$/.test(text) ? text : undefined)
      }),
    )
  })

  it('are read as a number where that is exact, and as a bigint beyond', () => {
    expect(countOf('0')).toBe(0)
    expect(countOf('007')).toBe(7)
    expect(countOf('9007199254740991')).toBe(2 ** 53 - 1)
    expect(countOf('9007199254740992')).toBe(2n ** 53n)
    expect(countOf('9007199254740993')).toBe(2n ** 53n + 1n)
    expect(countOf('9'.repeat(20))).toBe(99_999_999_999_999_999_999n)
  })
})

describe('A local counter', () => {
  const count = fc.bigInt({ min: 0n, max: LARGEST_COUNT })
  const step = fc.bigInt({ min: -LARGEST_COUNT, max: LARGEST_COUNT })

  it('adds exactly, stops at 0, and refuses to pass 2^63 - 1', () => {
    fc.assert(
      fc.property(count, step, (start, by) => {
        const add = () => counted('a', new LocalCounter(`${start}`), by).digits
        const sum = start + by
        if (sum > LARGEST_COUNT) expect(add).toThrow(`'a' is ${start}, and ${by} more would pass it`)
        else expect(add()).toBe(`${sum < 0n ? 0n : sum}`)
      }),
    )
  })

  it.each(['007', '00', '9223372036854775808', '9'.repeat(20)])('is not counted on from %s', digits => {
    expect(() => counted('a', new LocalCounter(digits), 1n)).toThrow(
      `a counter must be an integer from 0 to 9223372036854775807; 'a' holds '${digits}'`,
    )
  })

  it('is not counted on from a value', () => {
    for (const held of [5, '5', 5n, undefined, { digits: '5' }]) {
      expect(() => counted('a', held, 1n)).toThrow("'a' holds a value; use another key, or delete it first")
    }
  })
})
