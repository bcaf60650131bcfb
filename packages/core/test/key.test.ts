import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checkKey,
  childSpace,
  isOwnKey,
  type KeySpace,
  localClearPrefix,
  localKey,
  ownKey,
  rootSpace,
  wireClearPrefix,
  wireKey,
} from '../src/keys/key.js'

const root = rootSpace('p')
const ns = childSpace(root, 'ns')
const nested = childSpace(ns, 'ns')
const sibling = childSpace(root, 'nsx')
const spaces = [root, ns, nested, sibling, childSpace(root, 'n'), rootSpace('p.ns')]
const bare = rootSpace('')

/** Keys made of what could be mistaken for something else. */
const key = fc.oneof(
  fc
    .array(
      fc.constantFrom(
        'ns',
        ':',
        '::',
        '#',
        ':#',
        ':#refresh:',
        '~',
        '\0',
        ' ',
        'a',
        'é',
        '😀',
        '\ud800',
        '\udc00',
      ),
      {
        minLength: 1,
        maxLength: 6,
      },
    )
    .map(parts => parts.join('')),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
  fc
    .tuple(fc.constantFrom('a', 'é', '€', '😀'), fc.integer({ min: 50, max: 260 }))
    .map(([c, n]) => c.repeat(n)),
)
const space = fc.constantFrom(...spaces)

function isLegal(wire: string): boolean {
  const bytes = Buffer.from(wire)
  return (
    wire.isWellFormed() &&
    bytes.length > 0 &&
    bytes.length <= 250 &&
    bytes.every(byte => byte > 0x20 && byte !== 0x7f)
  )
}

describe('a wire key', () => {
  test.each([
    [root, 'user:42', 'p::user:42'],
    [nested, 'user:42', 'p:ns:ns::user:42'],
    [bare, 'user:42', 'user:42'],
    [childSpace(bare, 'ns'), 'user:42', 'ns::user:42'],
    [root, 'Zoë/😀', 'p::Zoë/😀'],
    [root, 'a~b', 'p::a~b'],
  ])('is the path and the key', (space, key, expected) => {
    expect(wireKey(space, key)).toBe(expected)
  })

  test('is the same in every release', () => {
    expect(wireKey(root, 'two words')).toBe('p::two~zL75X7mWUNTtmAcA8YrwMoy_7R52SMkKypjsi7dPAok')
    expect(wireKey(root, 'half \ud800')).toBe('p::half~T6LQfTfLI_VwoqOaySFQNSmvLJ3qsAg5GBJz-5AuMnc')
    expect(wireKey(root, 'x'.repeat(300))).toBe(
      `p::${'x'.repeat(203)}~NDrHsCNkJNKI7X1EdN1gpA2iTxUuPEBzEnD_fA2UHAo`,
    )
  })

  test('is legal on every backend and begins with its path, whatever the key', () => {
    fc.assert(
      fc.property(fc.constantFrom(...spaces, bare), key, (space, key) => {
        const wire = wireKey(space, key)
        expect(isLegal(wire)).toBe(true)
        expect(wire.startsWith(space.wirePrefix)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  test('belongs to one key of one namespace', () => {
    const address = fc.tuple(space, key)
    fc.assert(
      fc.property(address, address, ([spaceA, keyA], [spaceB, keyB]) => {
        const same = spaceA === spaceB && keyA === keyB
        expect(wireKey(spaceA, keyA) === wireKey(spaceB, keyB)).toBe(same)
        expect(localKey(spaceA, keyA) === localKey(spaceB, keyB)).toBe(
          same || (isRoot(spaceA) && isRoot(spaceB) && keyA === keyB),
        )
      }),
      { numRuns: 2000 },
    )
  })

  test('of a digest cannot be had by asking for the digest', () => {
    fc.assert(
      fc.property(key, key => {
        const wire = wireKey(root, key)
        const copied = wire.slice(root.wirePrefix.length)
        expect(wireKey(root, copied) === wire).toBe(copied === key)
        expect(wireKey(bare, wireKey(bare, key)) === wireKey(bare, key)).toBe(wireKey(bare, key) === key)
      }),
    )
  })

  test('keeps up to 250 bytes readable and digests from 251 on', () => {
    for (const [character, count] of [
      ['x', 247],
      ['é', 123],
      ['€', 82],
      ['😀', 61],
    ] as const) {
      const fits = character.repeat(count)
      expect(wireKey(root, fits)).toBe(`p::${fits}`)
      const over = fits + character + character
      expect(wireKey(root, over)).toMatch(/~[\w-]{43}$/)
    }
    expect(wireKey(root, 'x'.repeat(248))).toMatch(/^p::x{203}~[\w-]{43}$/)
  })

  test('is cut between code points', () => {
    for (let shift = 0; shift < 4; shift++) {
      const wire = wireKey(root, 'x'.repeat(shift) + '😀'.repeat(100))
      expect(isLegal(wire)).toBe(true)
      expect(Buffer.byteLength(wire)).toBeGreaterThan(246)
    }
  })

  test('keeps the whole of the longest path', () => {
    const long = childSpace(rootSpace('p'.repeat(49)), 'n'.repeat(50))
    expect(wireKey(long, ' ')).toMatch(new RegExp(`^${long.path}::~[\\w-]{43}$`))
  })

  test.each(['a b', 'a\nb', 'a\0b', 'a\x7fb', 'a\ud800b', 'a\udc00b'])(
    'of %j ends its head before what is not legal',
    key => {
      expect(wireKey(root, key)).toMatch(/^p::a~[\w-]{43}$/)
    },
  )
})

describe("the library's own key", () => {
  test('names what it is for', () => {
    expect(ownKey(ns, 'refresh', '0123')).toBe('p:ns:#refresh:0123')
    expect(ownKey(bare, 'tag', 'a')).toBe(':#tag:a')
  })

  test("is never a user's key, and as legal", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...spaces, bare),
        key,
        fc.constantFrom('tag', 'refresh', 'gen'),
        key,
        (space, name, kind, key) => {
          const own = ownKey(space, kind, name)
          expect(isLegal(own)).toBe(true)
          expect(own.startsWith(`${space.path}:#${kind}:`)).toBe(true)
          expect(isOwnKey(own)).toBe(true)
          for (const other of spaces) expect(isOwnKey(wireKey(other, key))).toBe(false)
          for (const other of [...spaces, bare]) {
            expect(wireKey(other, key)).not.toBe(own)
          }
          if (space === bare) expect(wireKey(bare, own)).not.toBe(own)
        },
      ),
      { numRuns: 500 },
    )
  })
})

test.each(['page:#top', 'a::b:#tag:c', '#tag:a', 'p::#gen:', 'a:#tag'])('%s is a key of a user', key => {
  expect(isOwnKey(key)).toBe(false)
})

describe('a namespace', () => {
  test('clears its own keys and those nested in it, and no others', () => {
    fc.assert(
      fc.property(space, space, key, (cleared, other, key) => {
        const within = other.path === cleared.path || other.path.startsWith(`${cleared.path}:`)
        expect(wireKey(other, key).startsWith(wireClearPrefix(cleared))).toBe(within)
        if (cleared.path.startsWith('p.') || other.path.startsWith('p.')) return
        expect(localKey(other, key).startsWith(localClearPrefix(cleared))).toBe(within)
      }),
      { numRuns: 500 },
    )
  })

  test('clears its own tokens too', () => {
    expect(ownKey(nested, 'tag', 'a').startsWith(wireClearPrefix(ns))).toBe(true)
  })

  test('without a path cannot be told from the rest of the store', () => {
    expect(() => wireClearPrefix(bare)).toThrow(expect.objectContaining({ code: 'ERR_CACHE_UNSUPPORTED' }))
    expect(wireClearPrefix(childSpace(bare, 'ns'))).toBe('ns:')
  })

  test.each(['', 'a:b', 'a b', 'a#', 'é', 'a\n', 42, undefined, null])('cannot be named %j', name => {
    const error = expect.objectContaining({ code: 'ERR_CACHE_NAMESPACE' })
    expect(() => childSpace(root, name as string)).toThrow(error)
    if (name !== '') expect(() => rootSpace(name as string)).toThrow(error)
  })

  test('is what a prefix of several parts is for', () => {
    expect(() => rootSpace('app:v1')).toThrow(
      "the prefix must consist of letters, digits, '_', '.' and '-', or be '' for none; nest with namespace(); received 'app:v1'",
    )
    expect(() => childSpace(root, '')).toThrow('a namespace must be a non-empty string of letters')
  })

  test('has a path of at most 100 characters', () => {
    const prefix = rootSpace('p'.repeat(50))
    expect(childSpace(prefix, 'n'.repeat(49)).path).toHaveLength(100)
    expect(() => childSpace(prefix, 'n'.repeat(50))).toThrow(
      /at most 100 characters long; received 101: 'ppp/,
    )
    expect(() => rootSpace('p'.repeat(101))).toThrow(expect.objectContaining({ code: 'ERR_CACHE_NAMESPACE' }))
  })
})

describe('a local key', () => {
  test('is the key itself at the root', () => {
    expect(localKey(root, 'user:42')).toBe('user:42')
    expect(localClearPrefix(root)).toBe('')
  })

  test('of the root is not taken for one of a namespace', () => {
    expect(localKey(ns, 'a')).toBe('\0ns::a')
    expect(localKey(root, '\0ns::a')).toBe('\0::\0ns::a')
    expect(localKey(root, '\0ns::a').startsWith(localClearPrefix(ns))).toBe(false)
  })
})

test.each(['', 42, null, undefined, ['a'], { key: 'a' }])('%j is no key', key => {
  expect(() => checkKey(key)).toThrow(
    expect.objectContaining({ code: 'ERR_CACHE_KEY', message: expect.stringContaining('received ') }),
  )
})

function isRoot(space: KeySpace): boolean {
  return space.localPrefix === ''
}
