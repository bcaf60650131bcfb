// A process with one client of Redis, and tells how many hits a second it has for some callers.
import { createCache } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { Redis } from 'ioredis'
import { monotonic } from '../../monotonic.js'
import { patientRedisStore, STORE_TIMEOUT } from '../../subjects/lookaside-store.js'
import { keyOf, uniformIds } from '../../workload/keys.js'
import { checkValue, valueFor } from '../../workload/values.js'
import { answerQuestions } from '../answer-questions.js'

/** What reads from Redis. */
export type RedisReaderName = 'lookaside' | 'ioredis'

/** What it is asked: to be filled first, then for rounds of hits, whose answers are hits a second. */
export type RedisQuestion =
  | { readonly type: 'fill'; readonly reader: RedisReaderName; readonly redis: string; readonly keys: number }
  | { readonly type: 'round'; readonly callers: number; readonly duration: number }

const IDS = 2 ** 18

type Read = (key: string) => Promise<unknown>

async function openLookaside(redis: string, keys: readonly string[]): Promise<Read> {
  const store = patientRedisStore(redis)
  const settings = { guard: stampedeGuard(), ttl: '1h', grace: '1m', prefix: 'growth' } as const
  // A thousand callers on a busy machine may have to wait for longer than the default.
  const cache = createCache({ ...settings, store, storeTimeout: STORE_TIMEOUT })
  await cache.ready({ timeout: STORE_TIMEOUT })
  await cache.setMany(keys.map(key => [key, valueFor(key, '200 B')]))
  const load = async () => {
    throw new Error('a hit was to be measured')
  }
  return key => cache.getOrSet(key, load)
}

async function openIoredis(redis: string, keys: readonly string[]): Promise<Read> {
  const client = new Redis(redis)
  await client.mset(keys.flatMap(key => [key, JSON.stringify(valueFor(key, '200 B'))]))
  return async key => JSON.parse((await client.get(key)) as string)
}

let read: Read | undefined
let ids: Int32Array = new Int32Array()
let at = 0

/** Reads one key after the other until the round is over; returns how many. */
async function call(reading: Read, round: { readonly over: boolean }): Promise<number> {
  let calls = 0
  for (; !round.over; calls++) {
    await reading(keyOf(ids[at] as number))
    at = (at + 1) % IDS
  }
  return calls
}

answerQuestions(async (question: RedisQuestion): Promise<number> => {
  if (question.type === 'fill') {
    const { reader, redis, keys: count } = question
    const keys = Array.from({ length: count }, (_, id) => keyOf(id))
    read = await (reader === 'lookaside' ? openLookaside(redis, keys) : openIoredis(redis, keys))
    checkValue(reader, keyOf(0), '200 B', await read(keyOf(0)))
    ids = uniformIds(IDS, count)
    return count
  }
  const reading = read
  if (reading === undefined) throw new Error('it has not been filled')
  const round = { over: false }
  setTimeout(() => {
    round.over = true
  }, question.duration)
  const start = monotonic()
  const callers = Array.from({ length: question.callers }, () => call(reading, round))
  const calls = (await Promise.all(callers)).reduce((sum, some) => sum + some, 0)
  return calls / ((monotonic() - start) / 1_000)
})
