export { fromEnv } from './from-env.js'
export { fromUrl, type UrlCacheOptions } from './from-url.js'
