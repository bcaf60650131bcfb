// The guard that caches have here by default adds options of its own to calls and namespaces.
export type { StampedeGuardOptions } from '@lookaside/stampede-guard'
export { fromEnv } from './from-env.js'
export { fromUrl } from './from-url.js'
export type { UrlCacheOptions } from './open-cache.js'
