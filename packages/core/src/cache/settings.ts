import { type Duration, type Milliseconds, parseDuration } from '../duration.js'
import { CacheError, quote } from '../errors.js'
import { GuardValues, type LoadOptions } from '../loading/guard-options.js'
import { checkOptions } from '../options/options.js'
import { checkTags, NO_TAGS } from '../tags/tag-names.js'
import { checkTagOption } from '../tags/tag-options.js'
import type { View } from '../tiers/tier.js'
import { type Codec, type CodecName, codecNamed } from '../values/codec.js'
import { type CompressionOptions, parseCompression } from '../values/compression.js'
import type { StandardSchema } from '../values/standard-schema.js'

/** How values are kept: on a cache for all its values, on a namespace for those under it. */
export interface ValueOptions extends LoadOptions {
  /** How long a value is fresh; 0 stores nothing. @default '5m' */
  readonly ttl?: Duration | undefined
  /** The extra span after `ttl` in which a stale value may still be served, when a load fails. @default 0 */
  readonly grace?: Duration | undefined
  /** The `ttl` of `null` and `undefined`; 0 stores none of them. @default the ttl of any other value */
  readonly negativeTtl?: Duration | undefined
  /** Shortens each ttl by a random share of up to this much, 0 to 1, so that what was stored together does not expire together. @default 0 */
  readonly jitter?: number | undefined
  /** The version of the values' shape, an integer from 0 to 2^32 - 1: older values are misses, newer ones are left alone. @default 0 */
  readonly version?: number | undefined
  /** Any Standard Schema: checks, and may transform, what is loaded; checks again what a remote store returns. */
  readonly schema?: StandardSchema | undefined
}

/** What a namespace can set: how its values are kept and written. */
export interface NamespaceOptions extends ValueOptions {
  /** How values become bytes. @default 'auto' */
  readonly codec?: CodecName | Codec | undefined
  /** Compresses payloads above a threshold, where that makes them smaller. @default off */
  readonly compression?: boolean | CompressionOptions | undefined
}

/** Value options, checked and in milliseconds. */
export interface Settings {
  readonly ttl: Milliseconds
  readonly grace: Milliseconds
  readonly negativeTtl: Milliseconds | undefined
  readonly jitter: number
  readonly hardTimeout: Milliseconds
  /** What the options of the cache's guard are. */
  readonly guard: GuardValues
  readonly view: View
}

export const VALUE_OPTION_NAMES = [
  'ttl',
  'grace',
  'negativeTtl',
  'jitter',
  'version',
  'schema',
  'hardTimeout',
] as const
export const NAMESPACE_OPTION_NAMES = [...VALUE_OPTION_NAMES, 'codec', 'compression'] as const

/** The one place that states the defaults. */
export const DEFAULT_SETTINGS: Settings = {
  ttl: 5 * 60_000,
  grace: 0,
  negativeTtl: undefined,
  jitter: 0,
  hardTimeout: 60_000,
  guard: new GuardValues(),
  view: {
    schema: undefined,
    schemaVersion: 0,
    format: { codec: codecNamed('auto'), compression: undefined },
    tags: NO_TAGS,
  },
}

/** Lays a namespace's options over what it inherits. @throws CacheError */
export function extendSettings(
  what: string,
  inherited: Settings,
  options: NamespaceOptions | undefined,
): Settings {
  checkOptions(what, options, [...NAMESPACE_OPTION_NAMES, ...inherited.guard.names])
  if (options === undefined) return inherited
  const { codec, compression } = options
  const settings = overrideSettings(inherited, options)
  if (codec === undefined && compression === undefined) return settings
  const { format } = inherited.view
  const view: View = {
    ...settings.view,
    format: {
      codec: codec === undefined ? format.codec : codecNamed(codec),
      compression: compression === undefined ? format.compression : parseCompression(compression),
    },
  }
  return { ...settings, view }
}

/** Lays one call's options over the settings of its view; the names are checked by the caller. @throws CacheError */
export function overrideSettings(
  inherited: Settings,
  options: ValueOptions & { readonly tags?: unknown },
): Settings {
  const { ttl, grace, negativeTtl, jitter, hardTimeout } = options
  return {
    ttl: ttl === undefined ? inherited.ttl : parseDuration(ttl, 'ttl'),
    grace: grace === undefined ? inherited.grace : parseDuration(grace, 'grace'),
    negativeTtl:
      negativeTtl === undefined ? inherited.negativeTtl : parseDuration(negativeTtl, 'negativeTtl'),
    jitter: jitter === undefined ? inherited.jitter : checkJitter(jitter),
    hardTimeout: hardTimeout === undefined ? inherited.hardTimeout : parseHardTimeout(hardTimeout),
    guard: inherited.guard.overlaid(options),
    view: overrideView(inherited.view, options),
  }
}

/** What of a call's options decides how a stored value is read. */
export function overrideView(
  view: View,
  options: (Pick<ValueOptions, 'schema' | 'version'> & { readonly tags?: unknown }) | undefined,
): View {
  const schema = options?.schema
  const version = options?.version
  // A function computes tags of a value; whoever reads can't name those.
  const tags = typeof options?.tags === 'function' ? undefined : options?.tags
  if (schema === undefined && version === undefined && tags === undefined) return view
  checkTagOption(tags, view.format)
  return {
    schema: schema === undefined ? view.schema : checkSchema(schema),
    schemaVersion: version === undefined ? view.schemaVersion : checkVersion(version),
    format: view.format,
    tags: tags === undefined ? view.tags : checkTags(tags),
  }
}

function checkJitter(jitter: number): number {
  if (typeof jitter === 'number' && jitter >= 0 && jitter <= 1) return jitter
  throw new CacheError('ERR_CACHE_OPTION', `jitter must be a share from 0 to 1; received ${quote(jitter)}`)
}

function checkVersion(version: number): number {
  if (Number.isInteger(version) && version >= 0 && version <= 0xffffffff) return version
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `version must be an integer from 0 to 2^32 - 1; received ${quote(version)}`,
  )
}

function checkSchema(schema: StandardSchema): StandardSchema {
  // Standard Schemas may be functions as well as objects.
  if (typeof (schema as Partial<StandardSchema> | null)?.['~standard']?.validate === 'function') return schema
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `schema must be a Standard Schema, such as one of zod, valibot or arktype; received ${quote(schema)}`,
  )
}

function parseHardTimeout(hardTimeout: Duration): Milliseconds {
  const ms = parseDuration(hardTimeout, 'hardTimeout')
  if (ms > 0) return ms
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `hardTimeout must be at least 1 ms; received ${quote(hardTimeout)}`,
  )
}
