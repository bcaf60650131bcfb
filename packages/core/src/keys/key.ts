import { createHash } from 'node:crypto'
import { CacheError, quote } from '../errors.js'
import { type HashState, hashState, type KeyHash, keyHash } from './key-hash.js'
import { MAX_WIRE_KEY_BYTES } from './wire-key.js'

/** Where a cache or one of its namespaces keeps its keys. */
export interface KeySpace {
  /** `prefix:ns:ns`; empty for a root without a prefix. */
  readonly path: string
  /** What precedes a key in a remote store: `prefix:ns:ns::`, or nothing. */
  readonly wirePrefix: string
  /** The hash of `wirePrefix` so far, which the hashes of its keys go on from. */
  readonly wireHash: HashState
  /** What precedes a key in a local store: `\0ns:ns::`, or nothing at the root. */
  readonly localPrefix: string
}

/** The library's own keys: tag tokens, the tag epoch of a namespace, elections of refreshers, generations, probes of a bus. */
export type OwnKeyKind = (typeof OWN_KINDS)[number]

const OWN_KINDS = ['tag', 'epoch', 'refresh', 'gen', 'probe'] as const

/** The longest path in characters, which leaves every digested key room for a readable head. */
const MAX_PATH_LENGTH = 100

const NAME = /^[\w.-]+$/

/** Stands between a path and the name of our own key; names of namespaces can't hold '#'. */
const OWN_MARK = ':#'

/** Matches what a wire key may hold no part of: bytes up to 0x20, 0x7f, lone surrogates. */
const FORBIDDEN = /[^!-~\u{80}-\u{d7ff}\u{e000}-\u{10ffff}]/u

const DIGESTED = /~[\w-]{43}$/
const DIGEST_LENGTH = 44

/**
 * The space of a cache: its `prefix`, made of `[A-Za-z0-9_.-]`, at most 100 characters long.
 *
 * With an empty prefix keys are used as they are, for keys that other programs share: a key `ns::x` is then
 * the same as the key `x` of the namespace `ns`.
 *
 * @throws CacheError `ERR_CACHE_NAMESPACE` for any other prefix.
 */
export function rootSpace(prefix: string): KeySpace {
  if (prefix !== '' && !isName(prefix)) {
    throw new CacheError(
      'ERR_CACHE_NAMESPACE',
      `the prefix must consist of letters, digits, '_', '.' and '-', or be '' for none; nest with namespace(); received ${quote(prefix)}`,
    )
  }
  return space(prefix, '')
}

/**
 * The space of a namespace within another; its path is at most 100 characters long.
 *
 * @throws CacheError `ERR_CACHE_NAMESPACE` when the name is not made of `[A-Za-z0-9_.-]`, or the path too long.
 *
 * @example
 * childSpace(childSpace(rootSpace('shop'), 'eu'), 'users').path // 'shop:eu:users'
 */
export function childSpace(parent: KeySpace, name: string): KeySpace {
  if (!isName(name)) {
    throw new CacheError(
      'ERR_CACHE_NAMESPACE',
      `a namespace must be a non-empty string of letters, digits, '_', '.' and '-'; received ${quote(name)}`,
    )
  }
  const path = parent.path === '' ? name : `${parent.path}:${name}`
  const above = parent.localPrefix === '' ? '\0' : parent.localPrefix.slice(0, -1)
  return space(path, `${above}${name}::`)
}

/**
 * The key under which a remote store keeps `key`: `prefix:ns::key`, the same on every backend.
 *
 * Where that is longer than 250 bytes of UTF-8, or holds bytes up to 0x20, 0x7f or lone surrogates, it is a
 * readable head (with the whole path), `~` and the SHA-256 of the full key in base64url instead. A key that
 * already ends like that is digested too, so two keys share a wire key only if SHA-256 collides.
 *
 * @example
 * wireKey(rootSpace('shop'), 'user:42') // 'shop::user:42'
 */
export function wireKey(space: KeySpace, key: string): string {
  return hashedWireKey(space, key).wire
}

/** A wire key with its hash. */
export interface HashedWireKey {
  readonly wire: string
  readonly hash: KeyHash
}

/** The wire key of `key` and its hash, which for most keys takes one look at the key alone. */
export function hashedWireKey(space: KeySpace, key: string): HashedWireKey {
  const full = space.wirePrefix === '' ? key : space.wirePrefix + key
  if (space.path === '' && key.startsWith(OWN_MARK)) return hashed(digested('', full))
  if (full.length * 3 <= MAX_WIRE_KEY_BYTES && isSimple(key)) {
    return { wire: full, hash: keyHash(key, space.wireHash) }
  }
  return hashed(isLegal(full) ? full : digested(full, full))
}

function hashed(wire: string): HashedWireKey {
  return { wire, hash: keyHash(wire) }
}

/** The key of something that the library itself keeps in a space; never equal to the wire key of a user's key. */
export function ownKey(space: Pick<KeySpace, 'path'>, kind: OwnKeyKind, name: string): string {
  const full = `${space.path}${OWN_MARK}${kind}:${name}`
  if (full.length * 3 <= MAX_WIRE_KEY_BYTES && isSimple(name)) return full
  return isLegal(full) ? full : digested(full, full)
}

/**
 * Whether a wire key is one that `ownKey` makes.
 *
 * Without a prefix a user's key may look the same: `ns:#tag:x` is then the tag `x` of the namespace `ns`.
 */
export function isOwnKey(wire: string): boolean {
  const mark = wire.indexOf(OWN_MARK)
  // The colon of the mark may be the second of two, before a user's key that begins with '#'.
  if (mark < 0 || wire.slice(0, mark + 1).includes('::')) return false
  return OWN_KINDS.some(kind => wire.startsWith(`${kind}:`, mark + OWN_MARK.length))
}

/**
 * What the wire keys of a space and of all spaces within it begin with, and no others.
 *
 * @throws CacheError `ERR_CACHE_UNSUPPORTED` for a space without a path: its keys can't be told from anybody else's.
 */
export function wireClearPrefix(space: KeySpace): string {
  if (space.path !== '') return `${space.path}:`
  throw new CacheError(
    'ERR_CACHE_UNSUPPORTED',
    "clear() needs a prefix, or it would delete other programs' keys; this cache has prefix '': give it one, or clear a namespace",
  )
}

/** The paths of a space and of all that it is nested in, the outermost first; none for a root without a prefix. */
export function pathsTo({ path }: Pick<KeySpace, 'path'>): readonly string[] {
  if (path === '') return []
  const names = path.split(':')
  return names.map((_, index) => names.slice(0, index + 1).join(':'))
}

/**
 * The keys under which a local store may keep the value of a wire key, seen from a cache with this root.
 *
 * Without a prefix there may be two; none for keys of others, and for digested ones, which can't be read back.
 */
export function localKeysOf(root: KeySpace, wire: string): readonly string[] {
  const keys = wire.startsWith(root.wirePrefix) ? [localKey(root, wire.slice(root.wirePrefix.length))] : []
  const above = root.path === '' ? '' : `${root.path}:`
  const end = wire.indexOf('::', above.length)
  if (end <= above.length || !wire.startsWith(above)) return keys
  const names = wire.slice(above.length, end)
  if (!names.split(':').every(isName)) return keys
  return [...keys, `\0${names}::${wire.slice(end + 2)}`]
}

/** The key under which a local store keeps `key`: itself at the root, `\0ns:ns::key` in a namespace. */
export function localKey(space: KeySpace, key: string): string {
  if (space.localPrefix !== '') return space.localPrefix + key
  return key.charCodeAt(0) === 0 ? `\0::${key}` : key
}

/** What the local keys of a space and of all spaces within it begin with; empty at the root. */
export function localClearPrefix(space: KeySpace): string {
  return space.localPrefix.slice(0, -1)
}

/**
 * Checks that a key is a non-empty string.
 *
 * @throws CacheError `ERR_CACHE_KEY` when it is not.
 */
export function checkKey(key: unknown): asserts key is string {
  if (typeof key === 'string' && key !== '') return
  throw new CacheError('ERR_CACHE_KEY', `a key must be a non-empty string; received ${quote(key)}`)
}

function space(path: string, localPrefix: string): KeySpace {
  if (path.length <= MAX_PATH_LENGTH) {
    const wirePrefix = path === '' ? '' : `${path}::`
    return { path, wirePrefix, wireHash: hashState(wirePrefix), localPrefix }
  }
  throw new CacheError(
    'ERR_CACHE_NAMESPACE',
    `the prefix and the names of nested namespaces, joined by ':', must be at most ${MAX_PATH_LENGTH} characters long; received ${path.length}: ${quote(path)}`,
  )
}

function isName(name: unknown): boolean {
  return typeof name === 'string' && NAME.test(name)
}

/**
 * The cheap first look at every key: no surrogates, no `~` (perhaps the mark of a digest), nothing forbidden.
 *
 * A loop, because a regular expression would first have to flatten the string just joined.
 */
function isSimple(key: string): boolean {
  for (let index = 0; index < key.length; index++) {
    const unit = key.charCodeAt(index)
    if (unit <= 0x20 || unit === 0x7e || unit === 0x7f || (unit >= 0xd800 && unit <= 0xdfff)) return false
  }
  return true
}

function isLegal(full: string): boolean {
  return Buffer.byteLength(full) <= MAX_WIRE_KEY_BYTES && !FORBIDDEN.test(full) && !DIGESTED.test(full)
}

function digested(head: string, full: string): string {
  const hash = createHash('sha256')
  // UTF-8 would turn all lone surrogates into one character; 0xff, which UTF-8 never holds, keeps the two apart.
  if (full.isWellFormed()) hash.update(full, 'utf8')
  else hash.update(Uint8Array.of(0xff)).update(full, 'utf16le')
  return `${legalHead(head)}~${hash.digest('base64url')}`
}

/** The longest leading part that is legal and leaves room for the digest, cut between code points. */
function legalHead(text: string): string {
  let bytes = 0
  let end = 0
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > MAX_WIRE_KEY_BYTES - DIGEST_LENGTH || FORBIDDEN.test(character)) break
    end += character.length
  }
  return text.slice(0, end)
}
