export { fromEnv } from './from-env.js'
export { fromUrl } from './from-url.js'
export type { UrlCacheOptions } from './open-cache.js'
