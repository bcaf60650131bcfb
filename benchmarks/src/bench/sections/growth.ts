import { localGrowthChart, localGrowthTable, measureLocalGrowth } from '../growth/local-growth.js'
import { measureRedisGrowth, redisGrowthChart, redisGrowthTable } from '../growth/redis-growth.js'
import { measureTagGrowth, tagGrowthChart, tagGrowthGoal, tagGrowthTable } from '../growth/tag-growth.js'
import type { Section, SectionContext, SectionResult } from '../section.js'

/** What becomes dearer with more entries, more callers, more tagged entries. */
export const growth: Section = {
  name: 'growth',
  title: 'Cost of growth',
  async run(context) {
    return context.checking ? checked(context) : whole(context)
  },
}

const ABOUT_TAGS =
  'Tags: entries in Redis that all have 40 tags, each of which is invalidated once, from one process.'

const ABOUT = [
  'Local hits and Redis hits are measured in interleaved rounds; each cache is in a process of its own, and keys are built for each call from random ids.',
  'lookaside has a stampedeGuard, a ttl and a grace; over Redis a storeTimeout of 10 s.',
]

async function checked(context: SectionContext): Promise<SectionResult> {
  const tags = await measureTagGrowth(context)
  return {
    about: [ABOUT_TAGS],
    tables: [tagGrowthTable(tags)],
    goals: [tagGrowthGoal(tags)],
    data: { tags },
  }
}

async function whole(context: SectionContext): Promise<SectionResult> {
  const local = await measureLocalGrowth(context)
  const redis = await measureRedisGrowth(context)
  const tags = await measureTagGrowth(context)
  return {
    about: [...ABOUT, ABOUT_TAGS],
    tables: [localGrowthTable(local), redisGrowthTable(redis), tagGrowthTable(tags)],
    goals: [tagGrowthGoal(tags)],
    charts: [localGrowthChart(local), redisGrowthChart(redis), tagGrowthChart(tags)],
    data: { local, redis, tags },
  }
}
