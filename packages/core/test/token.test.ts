import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawToken, encodeToken } from '../src/tags/remote-token.js'
import { namesOf, sameToken, type Token, type Validity, validity, worstValidity } from '../src/tags/token.js'

const token = drawToken(0)
const deleted = drawToken(0)
const expired = drawToken(0, token.hard)

const cases: readonly [string, Token | undefined, Validity][] = [
  ['that has the token still is valid', { ...token }, 'valid'],
  ['whose soft half has changed is stale', expired, 'stale'],
  ['whose halves have both changed is dead', deleted, 'dead'],
  ['whose hard half alone has changed is dead', { hard: deleted.hard, soft: token.soft }, 'dead'],
  ['that has no token any longer is dead', undefined, 'dead'],
]

describe('an entry with a tag', () => {
  test.each(cases)('%s', (_, now, expected) => {
    expect(validity(token, now)).toBe(expected)
    expect(sameToken(token, now)).toBe(expected === 'valid')
  })
})

describe('an entry with several tags', () => {
  const state = fc.constantFrom<[Token | undefined, Validity]>(
    [token, 'valid'],
    [expired, 'stale'],
    [deleted, 'dead'],
    [undefined, 'dead'],
  )

  test('is as its worst tag is', () => {
    fc.assert(
      fc.property(fc.array(state), states => {
        const tagged = states.map((_, index) => ({ name: `${index}`, token }))
        const tokens = new Map(states.map(([now], index) => [`${index}`, now]))
        const each = states.map(([, expected]) => expected)
        const worst = each.includes('dead') ? 'dead' : each.includes('stale') ? 'stale' : 'valid'
        expect(worstValidity(tagged, tokens)).toBe(worst)
      }),
    )
  })

  test('is dead if nothing is known of one of them', () => {
    expect(worstValidity([{ name: 'a', token }], new Map())).toBe('dead')
  })

  test('names them, but not the generation of its namespace', () => {
    const names = ['', 'a', 'b']
    expect(namesOf(names.map(name => ({ name, token })))).toEqual(['a', 'b'])
  })
})

test('two missing tokens are the same, one is not', () => {
  expect(sameToken(undefined, undefined)).toBe(true)
  expect(sameToken(token, undefined)).toBe(false)
  expect(sameToken(undefined, token)).toBe(false)
})

test('tokens are drawn at random: 16 bytes, no half of which is seen twice', () => {
  const drawn = Array.from({ length: 2_000 }, () => drawToken(0))
  expect(new Set(drawn.flatMap(({ hard, soft }) => [hard, soft])).size).toBe(4_000)
  expect(new Set(drawn.map(each => encodeToken(each).length))).toEqual(new Set([16]))
})
