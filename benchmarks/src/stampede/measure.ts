import { setTimeout as sleep } from 'node:timers/promises'
import type { Crew } from './crew.js'
import { type Measured, measured } from './measured.js'
import type { Setting } from './setting.js'
import type { Strategy } from './strategies.js'

/** How a strategy is to be measured. */
export interface Measurement {
  readonly url: string
  readonly strategy: Strategy
  readonly setting: Setting
  readonly expiries: number
  /** Told of each value that is stored; the first is the warm-up. */
  onStored(count: number): void
}

/** Runs one strategy until the first value and `expiries` more have been stored, and half a ttl longer. */
export async function measure(
  crew: Crew,
  { url, strategy, setting, expiries, onStored }: Measurement,
): Promise<Measured> {
  const { ttl, loadTime, workers } = setting
  const limit = (expiries + 2) * (ttl + 2 * loadTime) + 10_000
  const given = new AbortController()
  let stored = 0
  const done = new Promise<void>(resolve => {
    given.signal.addEventListener('abort', () => resolve())
  })
  const order = { url, prefix: `bench-${strategy.name}`, strategy: strategy.name, setting, workers, seed: 1 }
  const recording = await crew.run(
    order,
    () => {
      stored++
      onStored(stored)
      if (stored > expiries) given.abort()
    },
    async () => {
      await Promise.race([done, sleep(limit, undefined, { signal: given.signal }).catch(() => {})])
      // The last value has to be measured to the middle of its life.
      await sleep(ttl / 2)
    },
  )
  return measured(recording, setting, expiries)
}
