import { type Duration, parseDuration } from '../duration.js'
import type { LoadPlan } from '../loading/load.js'
import type { BatchMember } from '../loading/load-batch.js'
import type { Loader } from '../loading/loader.js'
import { checkOptions } from '../options/options.js'
import { checkTagOption, tagsOf } from '../tags/tag-options.js'
import type { Share } from '../values/sharing.js'
import { checkWaitUntil, GET_OR_SET_NAMES } from './call-checks.js'
import type { GetOrSetOptions } from './call-options.js'
import { overrideSettings, type Settings } from './settings.js'

/** What one call of `getOrSet` asks for, over the settings of its view. @throws CacheError */
export function planLoad(
  inherited: Settings,
  share: Share | undefined,
  loader: Loader<unknown>,
  options: GetOrSetOptions<never> | undefined,
  member?: BatchMember,
): LoadPlan {
  if (options === undefined) {
    return {
      loader,
      settings: inherited,
      ttlOf: undefined,
      tagsOf: undefined,
      share,
      impatient: false,
      member,
      waitUntil: undefined,
    }
  }
  checkOptions('getOrSet', options, [...GET_OR_SET_NAMES, ...inherited.guard.names])
  const { ttl, waitUntil, tags, ...rest } = options
  checkWaitUntil(waitUntil)
  checkTagOption(tags, inherited.view.format)
  const named = typeof tags === 'function' ? rest : { tags, ...rest }
  const fixed = typeof ttl === 'function' ? named : { ttl, ...named }
  const settings = overrideSettings(inherited, fixed)
  const impatient = settings.hardTimeout < inherited.hardTimeout
  const ttlOf =
    typeof ttl === 'function'
      ? (value: unknown) => parseDuration((ttl as (value: unknown) => Duration)(value), 'ttl')
      : undefined
  const computed = typeof tags === 'function' ? (value: unknown) => tagsOf(tags, value) : undefined
  return { loader, settings, ttlOf, tagsOf: computed, share, impatient, member, waitUntil }
}
