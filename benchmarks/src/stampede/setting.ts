import type { Milliseconds } from '@lookaside/core'

/** How the hot key is read, loaded and kept. */
export interface Setting {
  /** Each has a cache, a connection and flights of its own. */
  readonly workers: number
  /** Of each worker, at random times. */
  readonly readsPerSecond: number
  readonly ttl: Milliseconds
  readonly loadTime: Milliseconds
  /** How eager early refresh is. */
  readonly beta: number
}

/**
 * The setting in which XFetch with a lock was first published to work on Redis, by the Internet Archive.
 *
 * @see https://github.com/internetarchive/xfetch (RedisConf 2017)
 */
export const PUBLISHED: Setting = { workers: 50, readsPerSecond: 2, ttl: 20_000, loadTime: 500, beta: 1 }

/** The same in a time that runs `scale` times as fast. */
export function scaled({ readsPerSecond, ttl, loadTime, ...rest }: Setting, scale: number): Setting {
  return {
    ...rest,
    readsPerSecond: readsPerSecond * scale,
    ttl: Math.round(ttl / scale),
    loadTime: Math.round(loadTime / scale),
  }
}
