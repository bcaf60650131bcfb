// A process that has one cache in its memory, and tells what a hit costs there.
import { createCache } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { LRUCache } from 'lru-cache'
import { monotonic } from '../../monotonic.js'
import { keyOf, uniformIds } from '../../workload/keys.js'
import { checkValue, valueFor } from '../../workload/values.js'
import { answerQuestions } from '../answer-questions.js'

/** What holds the entries. */
export type LocalCacheName = 'lookaside' | 'lru-cache'

/** What it is asked: to be filled first, then for rounds of hits, whose answers are nanoseconds a hit. */
export type LocalQuestion =
  | { readonly type: 'fill'; readonly cache: LocalCacheName; readonly entries: number }
  | { readonly type: 'round'; readonly hits: number }

/** What stands under the keys, in turn: the cost of a hit is that of finding the value, not of its own memory. */
const VALUES = Array.from({ length: 1_000 }, (_, id) => valueFor(keyOf(id), '200 B'))

/** The ids of the hits; read on where the round before has ended. */
const IDS = 2 ** 20

/** Does hits on ids, from one place on. */
type Hits = (ids: Int32Array, from: number, count: number) => Promise<void>

async function openLookaside(entries: number): Promise<Hits> {
  const store = lruStore({ maxEntries: entries })
  const cache = createCache({ store, guard: stampedeGuard(), ttl: '1h', grace: '1m' })
  for (let id = 0; id < entries; id++) await cache.set(keyOf(id), VALUES[id % VALUES.length])
  const load = async () => {
    throw new Error('a hit was to be measured')
  }
  checkValue('lookaside', keyOf(0), '200 B', await cache.getOrSet(keyOf(0), load))
  return async (ids, from, count) => {
    for (let at = from; at < from + count; at++) await cache.getOrSet(keyOf(ids[at % IDS] as number), load)
  }
}

async function openLru(entries: number): Promise<Hits> {
  const cache = new LRUCache<string, object>({ max: entries })
  for (let id = 0; id < entries; id++) cache.set(keyOf(id), VALUES[id % VALUES.length] as object)
  checkValue('lru-cache', keyOf(0), '200 B', cache.get(keyOf(0)))
  return async (ids, from, count) => {
    for (let at = from; at < from + count; at++) {
      if (cache.get(keyOf(ids[at % IDS] as number)) === undefined) throw new Error('a hit was to be measured')
    }
  }
}

let hits: Hits | undefined
let ids: Int32Array = new Int32Array()
let at = 0

answerQuestions(async (question: LocalQuestion): Promise<number> => {
  if (question.type === 'fill') {
    const { cache, entries } = question
    hits = await (cache === 'lookaside' ? openLookaside(entries) : openLru(entries))
    ids = uniformIds(IDS, entries)
    return entries
  }
  const start = monotonic()
  await hits?.(ids, at, question.hits)
  const took = monotonic() - start
  at = (at + question.hits) % IDS
  return (took / question.hits) * 1e6
})
