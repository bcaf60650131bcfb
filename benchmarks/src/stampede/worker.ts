import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, type Milliseconds } from '@lookaside/core'
import { redisStore } from '@lookaside/redis'
import { monotonic } from '../monotonic.js'
import type { Recording } from './recording.js'
import type { Setting } from './setting.js'
import type { Strategy } from './strategies.js'

/** A reader of the hot key, with a cache and a connection of its own. */
export interface Worker {
  /** Reads as if it had begun at `intendedAt`; resolves when it has been recorded. */
  read(intendedAt: Milliseconds): Promise<void>
  close(): Promise<void>
}

const HOT_KEY = 'front-page'

/** Opens a worker; what it does is added to `recording`, and `onCommit` is called when it has stored a value. */
export async function openWorker(
  url: string,
  prefix: string,
  strategy: Strategy,
  { ttl, loadTime, beta }: Setting,
  recording: Recording,
  onCommit: () => void,
): Promise<Worker> {
  const cache = createCache({
    // Fifty connections at once may take their time.
    store: redisStore({ url, connectTimeout: '10s' }),
    prefix,
    ttl,
    guard: strategy.guard(beta),
    grace: strategy.grace ? ttl : 0,
  })
  let loadedAt = 0
  cache.on(({ type }) => {
    if (type === 'miss') recording.misses.push(monotonic())
    else if (type === 'store-error') recording.storeErrors.push(monotonic())
    else if (type === 'commit') {
      recording.commits.push(loadedAt)
      onCommit()
    }
  })
  await cache.ready({ timeout: '10s' })

  async function load(): Promise<{ readonly title: string; readonly loadedAt: number }> {
    const begin = monotonic()
    await sleep(loadTime)
    recording.loads.begin.push(begin)
    loadedAt = monotonic()
    recording.loads.end.push(loadedAt)
    return { title: 'Front page', loadedAt: Date.now() }
  }

  return {
    async read(intendedAt) {
      const late = monotonic() - intendedAt
      try {
        await cache.getOrSet(HOT_KEY, load)
        recording.reads.at.push(intendedAt)
        recording.reads.late.push(late)
        recording.reads.latency.push(monotonic() - intendedAt)
      } catch (error) {
        recording.failures.push(String(error))
      }
    },
    close: () => cache.close(),
  }
}
