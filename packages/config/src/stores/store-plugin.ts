import type { CacheStore, StandardSchema } from '@lookaside/core'

/**
 * A type of store that a package adds; the package exports it as `storePlugin`, and `type` names the package.
 *
 * @example
 * import { definePlugin } from '@lookaside/config'
 * import { z } from 'zod'
 * import { dynamoStore } from './dynamo-store.js'
 *
 * export const storePlugin = definePlugin({
 *   schema: z.strictObject({ table: z.string() }),
 *   open: ({ table }) => dynamoStore({ table }),
 * })
 */
export interface StorePlugin<Options = unknown> {
  /** Checks what stands beside `type` and the settings of the cache; any Standard Schema. It should refuse unknown names. */
  readonly schema: StandardSchema<unknown, Options>
  /** Makes the store; the cache closes it. */
  open(options: Options): CacheStore | Promise<CacheStore>
}

/** Gives a plugin its types: `open` takes what `schema` returns. */
export function definePlugin<Options>(plugin: StorePlugin<Options>): StorePlugin<Options> {
  return plugin
}
