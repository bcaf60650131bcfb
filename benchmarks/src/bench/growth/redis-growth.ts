import { AskedProcess } from '../asked-process.js'
import type { LineChart, SectionContext, Table } from '../section.js'
import { type Measured, measureAsked } from './asked-contestants.js'
import { growthLines, growthTable } from './growth-table.js'
import type { RedisQuestion, RedisReaderName } from './redis-process.js'

/** Hits a second. */
export type RedisGrowth = readonly Measured<RedisReaderName>[]

const PROGRAM = new URL('./redis-process.js', import.meta.url)

const TITLES: Readonly<Record<RedisReaderName, string>> = {
  lookaside: 'lookaside getOrSet',
  ioredis: 'ioredis get + JSON.parse',
}
const NAMES = Object.keys(TITLES) as RedisReaderName[]
const CALLERS = [1, 3, 10, 30, 100, 300, 1_000]
const KEYS = 10_000

const ROUNDS = { full: 12, quick: 4 }
const DURATION = { full: 150, quick: 60 }

/** Measures hits in Redis by the number of callers that read at once: each client in a process of its own. */
export async function measureRedisGrowth(context: SectionContext): Promise<RedisGrowth> {
  const { quick, progress } = context
  const scale = quick ? 'quick' : 'full'
  const redis = await context.redis()
  const readers = NAMES.map(name => ({ name, asked: new AskedProcess<RedisQuestion, number>(PROGRAM) }))
  try {
    await Promise.all(
      readers.map(({ name, asked }) => asked.ask({ type: 'fill', reader: name, redis, keys: KEYS })),
    )
    const measurables = CALLERS.flatMap(callers =>
      readers.map(({ name, asked }) => {
        const question = { type: 'round', callers, duration: DURATION[scale] } as const
        return { name, size: callers, asked, question }
      }),
    )
    return await measureAsked(measurables, ROUNDS[scale], progress, 'growth: Redis hits')
  } finally {
    for (const { asked } of readers) asked.dismiss()
  }
}

export function redisGrowthTable(figures: RedisGrowth): Table {
  return growthTable(figures, {
    caption: 'Redis hits a second by the number of callers',
    size: 'callers',
    names: TITLES,
    notes: ['A caller reads one key after the other, of 10,000 keys with values of 200 B.'],
  })
}

export function redisGrowthChart(figures: RedisGrowth): LineChart {
  return {
    kind: 'lines',
    file: 'growth-redis.svg',
    title: 'Redis hits a second by the number of callers',
    x: { title: 'callers at once', logarithmic: true },
    y: { title: 'hits a second', logarithmic: true },
    lines: growthLines(figures, TITLES),
  }
}
