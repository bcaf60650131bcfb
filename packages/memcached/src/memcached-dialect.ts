import { isUtf8 } from 'node:buffer'
import { CacheError, checkOptions, quote } from '@lookaside/core'

/**
 * The clients that a store speaks to through the flags beside a value.
 *
 * - `'plain'`: those that keep all flags at 0, such as gomemcache, memjs, and any client told to store raw.
 * - `'python'`: pymemcache with `pickle_serde`, python-memcached, pylibmc.
 * - `'php'`: the extension memcached.
 * - `'ruby'`: dalli, with `raw: true` or `string_fastpath: true` (from 5.0.4 on).
 * - `'java'`: spymemcached, xmemcached.
 * - `'dotnet'`: Enyim.
 */
export type MemcachedDialectName = 'plain' | 'python' | 'php' | 'ruby' | 'java' | 'dotnet'

/** The flags of a client that has no name here; integers from 0 to 4294967295. */
export interface MemcachedFlags {
  /** Marks UTF-8. */
  readonly text: number
  /** Marks a JSON object or list. @default as `text` */
  readonly json?: number
  /** Marks bytes that are no UTF-8. @default 0 */
  readonly bytes?: number
}

/** What the flags beside a value say to the clients of one kind. */
export interface Dialect {
  /** How such a client marks bytes that look like these. */
  flagsFor(bytes: Uint8Array): number
  /** Whether a value with these flags is what its bytes look like: neither serialised nor compressed. */
  reads(flags: number): boolean
}

const MAX_FLAGS = 0xffffffff
const FLAG_NAMES = ['text', 'json', 'bytes'] as const

/** Sources: each client's own; see `docs/how-to/share-values-with-other-languages.md`. */
const DIALECTS: Readonly<Record<MemcachedDialectName, Dialect>> = {
  plain: dialect({ text: 0 }),
  // INTEGER 2 and LONG 4 are decimal digits; PICKLE is 1, COMPRESSED 8.
  python: dialect({ text: 16 }, flags => (flags & ~(16 | 2 | 4)) === 0),
  php: dialect({ text: 0, json: 6 }, readsPhp),
  ruby: dialect({ text: 4 }),
  java: dialect({ text: 0, bytes: 0x800 }),
  dotnet: dialect({ text: 0x112, bytes: 0xfa52 }),
}

/**
 * The dialect that the option `dialect` names.
 *
 * @throws CacheError `ERR_CACHE_OPTION`
 */
export function dialectOf(option: MemcachedDialectName | MemcachedFlags = 'plain'): Dialect {
  if (typeof option === 'string' && Object.hasOwn(DIALECTS, option)) return DIALECTS[option]
  if (typeof option !== 'object' || option === null) throw unknown(option)
  checkOptions("'dialect' of memcachedStore", option, FLAG_NAMES)
  const { text, json, bytes } = option
  for (const flags of [text, json ?? text, bytes ?? 0]) {
    if (!Number.isInteger(flags) || flags < 0 || flags > MAX_FLAGS) throw unknown(option)
  }
  return dialect(option)
}

function dialect({ text, json = text, bytes = 0 }: MemcachedFlags, reads?: Dialect['reads']): Dialect {
  const known = new Set([0, text, json, bytes])
  const looks = text !== bytes || json !== text
  return {
    flagsFor(value) {
      if (!looks) return text
      if (!isUtf8(value)) return bytes
      return json !== text && isJsonTree(value) ? json : text
    },
    reads: reads ?? (flags => known.has(flags)),
  }
}

/** The type is in the low four bits: a string 0, an integer 1, a float 2, JSON 6. Above them only 16, compressed, counts. */
function readsPhp(flags: number): boolean {
  const type = flags & 0xf
  return (flags & 16) === 0 && (type <= 2 || type === 6)
}

const BRACES = [0x7b, 0x7d] as const
const BRACKETS = [0x5b, 0x5d] as const

function isJsonTree(bytes: Uint8Array): boolean {
  const [first, last] = [bytes[0], bytes[bytes.length - 1]]
  if (![BRACES, BRACKETS].some(([open, close]) => first === open && last === close)) return false
  try {
    JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
    return true
  } catch {
    return false
  }
}

function unknown(option: unknown): CacheError {
  const names = Object.keys(DIALECTS).map(name => `'${name}'`)
  return new CacheError(
    'ERR_CACHE_OPTION',
    `memcachedStore: 'dialect' must be ${names.join(', ')}, or { text, json, bytes } with flags from 0 to ${MAX_FLAGS}; received ${quote(option)}`,
  )
}
