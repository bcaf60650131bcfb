import type { GuardSettings } from '../loading/guard-options.js'
import type { LoadPlan } from '../loading/load.js'
import type { BatchMember } from '../loading/load-batch.js'
import type { Loader } from '../loading/loader.js'
import type { ReadThrough } from '../loading/read-through.js'
import type { Address, View } from '../tiers/tier.js'
import type { EntryMeta } from '../values/entry.js'
import type { Share } from '../values/sharing.js'
import { checkLoader, checkRefresh, checkSignal } from './call-checks.js'
import type { GetOrSetOptions } from './call-options.js'
import { planLoad } from './plan-load.js'
import { overrideView, type Settings } from './settings.js'

type Options = GetOrSetOptions<never> | undefined

/** One call of `getOrSet` that asks the tier; one object, as every remote hit makes it. */
export class GetOrSetCall implements ReadThrough {
  readonly address: Address
  readonly view: View
  readonly refresh: boolean
  readonly early: EntryMeta | undefined
  readonly signal: AbortSignal | undefined
  readonly share: Share | undefined
  readonly #settings: Settings
  readonly #load: Loader<unknown>
  readonly #options: Options
  readonly #member: BatchMember | undefined

  /** @throws CacheError `ERR_CACHE_OPTION` for what even a hit needs. */
  constructor(
    address: Address,
    settings: Settings,
    share: Share | undefined,
    load: Loader<unknown>,
    options: Options,
    early: EntryMeta | undefined,
    member: BatchMember | undefined,
  ) {
    checkLoader(load)
    checkSignal(options?.signal)
    checkRefresh(options?.refresh)
    this.address = address
    this.view = overrideView(settings.view, options)
    this.refresh = options?.refresh === true
    this.early = early
    this.signal = options?.signal
    this.share = share
    this.#settings = settings
    this.#load = load
    this.#options = options
    this.#member = member
  }

  get guardSettings(): GuardSettings {
    return this.#settings.guard.seenBy(this.#options)
  }

  plan(): LoadPlan {
    return planLoad(this.#settings, this.share, this.#load, this.#options, this.#member)
  }
}
