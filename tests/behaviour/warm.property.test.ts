import { isCacheError, type WarmProgress, warm } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { lru, memory } from '../backends.js'
import { inTime } from '../warm/in-time.js'
import { type WatchedSource, watchedSource } from '../warm/watched-source.js'
import { observedCache } from './observed-cache.js'

const RUNS = 300

/** What happens with an item. */
interface Item {
  readonly key: number
  /** How long its load takes, in ms; 0 for at once. */
  readonly takes: number
  readonly fails: boolean
  /** How long the source takes to bring it. */
  readonly pause: number
}

interface Script {
  readonly items: readonly Item[]
  readonly there: readonly number[]
  readonly remote: boolean
  readonly guarded: boolean
  readonly limited: boolean
  readonly concurrency: number
  readonly tolerant: boolean
  /** When it is aborted. */
  readonly abortAt: number | undefined
  /** The item instead of which the source throws. */
  readonly breaksAt: number | undefined
}

const item: fc.Arbitrary<Item> = fc.record({
  key: fc.nat(30),
  takes: fc.oneof(fc.constant(0), fc.nat(40)),
  fails: fc.integer({ min: 0, max: 9 }).map(one => one === 0),
  pause: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(30) }),
})

const maybe = (most: number) => fc.option(fc.nat(most), { nil: undefined, freq: 2 })

const script: fc.Arbitrary<Script> = fc.record({
  items: fc.array(item, { maxLength: 40 }),
  there: fc.array(fc.nat(30), { maxLength: 10 }),
  remote: fc.boolean(),
  guarded: fc.boolean(),
  limited: fc.boolean(),
  concurrency: fc.integer({ min: 1, max: 8 }),
  tolerant: fc.boolean(),
  abortAt: maybe(300),
  breaksAt: maybe(60),
})

const LIMIT = 2
const LOADER = new Error('the loader')
const SOURCE = new Error('the source')

it('Whatever happens, warm loads each item once at most, counts right, and closes its source', async () => {
  await fc.assert(
    fc.asyncProperty(script, async ({ items, there, remote, guarded, limited, ...rest }) => {
      const { concurrency, tolerant, abortAt, breaksAt } = rest
      const guard = stampedeGuard({ limitLoads: limited && { concurrency: LIMIT, queue: 1 } })
      const { cache, clock } = observedCache(remote ? memory : lru, guarded ? { guard } : {})
      for (const key of there) await cache.set(`${key}`, key)
      const source: WatchedSource = watchedSource(items.length, async index => {
        if (index === breaksAt) throw SOURCE
        await clock.sleep(items[index]?.pause ?? 0)
      })
      const abort = new AbortController()
      if (abortAt !== undefined) clock.timer(abortAt, () => abort.abort())

      const begun: number[] = []
      let running = 0
      let most = 0
      let ended = 0
      let told = 0
      let last: WarmProgress | undefined
      const warming = warm(cache, source, {
        key: index => `${items[index]?.key}`,
        async load(index) {
          begun.push(index)
          most = Math.max(most, ++running)
          const { takes = 0, fails = false } = items[index] ?? {}
          try {
            if (takes > 0) await clock.sleep(takes)
            if (fails) throw LOADER
            return index
          } finally {
            running--
            ended++
          }
        },
        concurrency,
        signal: abort.signal,
        clock,
        onProgress: progress => {
          last = progress
        },
        ...(tolerant && { onError: () => void told++ }),
      })
      const summary = await inTime(
        clock,
        warming.catch(error => error as Error),
        5,
      )

      expect(new Set(begun).size).toBe(begun.length)
      expect(ended).toBe(begun.length)
      expect(most).toBeLessThanOrEqual(guarded && limited ? Math.min(LIMIT, concurrency) : concurrency)
      expect(source.closed || source.pulled === 0).toBe(true)
      expect(await source[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined })
      const { done = -1, loaded = -1, skipped = -1, failed = -1 } = last ?? {}
      expect(done).toBe(loaded + skipped + failed)
      expect(done).toBeLessThanOrEqual(source.pulled)
      if (tolerant) expect(told).toBe(failed)

      if (summary instanceof Error) {
        expect([LOADER, SOURCE]).toContain(summary)
        expect(isCacheError(summary)).toBe(false)
        return
      }
      expect(summary).toMatchObject({ done, loaded, skipped, failed })
      if (summary.stopped) expect(abort.signal.aborted).toBe(true)
      else {
        expect(done).toBe(items.length)
        // A guard spares a key for a while that has failed.
        const bad = new Set(items.filter(({ fails }) => fails).map(({ key }) => key))
        const good = items.filter(({ key }) => !bad.has(key)).map(({ key }) => `${key}`)
        expect(new Set((await cache.getMany(good)).keys())).toEqual(new Set(good))
      }
    }),
    { numRuns: RUNS },
  )
}, 120_000)
