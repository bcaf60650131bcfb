import type { Cache } from '../cache/cache.js'
import { internalsOf } from '../cache/cache-internals.js'
import { SET_MANY_NAMES } from '../cache/call-checks.js'
import type { UpdateOptions } from '../cache/call-options.js'
import { overrideSettings } from '../cache/settings.js'
import { CacheError, quote } from '../errors.js'
import { writtenButNot } from '../invalidation/invalidate-after.js'
import { checkKey } from '../keys/key.js'
import { checkOptions } from '../options/options.js'
import { checkTagOption, tagsOf } from '../tags/tag-options.js'
import type { TagOption } from '../tags/tag-plan.js'
import { checkValue } from '../values/schema-check.js'
import { KeyHold, type TaggedValue } from './key-hold.js'

/**
 * Writes to the database and to the cache in one go, so that readers find the new value at once.
 *
 * A marker takes the key's place first, and the local tiers of all processes drop it: during the write nobody is served
 * the old value, and nobody stores one. Afterwards the value takes the marker's place, if that still stands and was not
 * put over another write's; otherwise, and whenever the write rejects, the key is deleted. So of two writers who overlap
 * neither leaves the loser's value, and one that crashes leaves a marker, which expires with its claim; that of a write
 * which takes longer than the cache's `hardTimeout` expires too. Only one that crashes while it overlaps with another
 * may leave an old value, for its ttl at most. A store that does not answer keeps nobody from writing:
 * then it is a write and a delete, which is sent again until it lands.
 *
 * `value` may be a function of the write's result, for what only the database knows. Resolves to that result, and rejects
 * with what the write rejects with. Readers who meet the marker wait or load, as their guard has it. Values of a `raw`
 * codec know no marker in a remote store: others may read the old one meanwhile.
 *
 * @throws CacheError `ERR_CACHE_SCHEMA`, before anything is written, for a value that does not match its schema;
 * `ERR_CACHE_INVALIDATION`, with the write's `result`, when the write succeeded and its value can't be told or is bad, and
 * with `onUndelivered: 'reject'` where the key could not be deleted; `ERR_CACHE_OPTION` for bad arguments.
 *
 * @example
 * await writeThrough(cache, `user:${user.id}`, user, () => db.saveUser(user), { ttl: '5m' })
 */
export async function writeThrough<V, I, R, T extends I = I>(
  cache: Cache<V, I>,
  key: string,
  value: T | ((result: R) => T),
  write: () => R | PromiseLike<R>,
  options?: UpdateOptions<V>,
): Promise<R> {
  const internals = internalsOf(cache, 'writeThrough')
  checkKey(key)
  checkOptions('writeThrough', options, SET_MANY_NAMES)
  if (typeof write !== 'function') {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `writeThrough takes the write to the database as a function; received ${quote(write)}`,
    )
  }
  const { tags, ...rest } = options ?? {}
  checkTagOption(tags, internals.settings.view.format)
  const settings = overrideSettings(internals.settings, rest)
  const check = async (given: unknown): Promise<TaggedValue> => {
    const checked = await checkValue(settings.view.schema, given, key)
    return { checked, names: tagsOf(tags, checked.value) }
  }
  const early = typeof value === 'function' ? undefined : await check(value)
  const { engine, space } = internals
  const address = engine.tier.address(space, key)
  const writing = run()
  // The cache does not close in the middle of it.
  engine.background.add(key, writing.then(settled, settled))
  return writing

  async function run(): Promise<R> {
    const hold = await KeyHold.take(internals, {
      address,
      settings,
      tags: early?.names ?? (tags as TagOption),
    })
    let result: R
    try {
      result = await write()
    } catch (error) {
      // It may have committed all the same. What it failed with matters more than what becomes of the delete.
      await hold.drop().catch(() => {})
      throw error
    }
    let tagged: TaggedValue
    try {
      tagged = early ?? (await check((value as (result: R) => T)(result)))
    } catch (cause) {
      await hold.drop().catch(() => {})
      throw writtenButNot('what it wrote is not in the cache', cause, result)
    }
    if (await hold.store(tagged)) return result
    try {
      await hold.drop()
    } catch (cause) {
      throw writtenButNot('what it makes obsolete was not invalidated', cause, result)
    }
    return result
  }
}

/** Its caller is told what has become of it. */
function settled(): void {}
