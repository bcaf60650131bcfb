/** No store: caching is off, and every call loads. */
export type NoneConfig = Readonly<Record<never, never>>

export const NONE_SHAPE = {}
