import { chartsOf } from '../open-loop/charts.js'
import { contestantsOf } from '../open-loop/contestants.js'
import { type Measured, measure } from '../open-loop/measure.js'
import { goalsOf, type Result, tableOf } from '../open-loop/report.js'
import { LOAD_TIME, requestsOf, scenariosFor } from '../open-loop/scenarios.js'
import type { Section } from '../section.js'

/** What callers wait, and what the origin has to do, when requests come whether or not the ones before are answered. */
export const openLoop: Section = {
  name: 'open-loop',
  title: 'Open-loop load',
  async run(context) {
    const { progress } = context
    const redisUrl = await context.redis()
    const results: Result[] = []
    for (const scenario of scenariosFor(context)) {
      const requests = requestsOf(scenario)
      const rows: Measured[] = []
      for (const contestant of contestantsOf(scenario, context)) {
        progress.now(`${scenario.name}: ${contestant.name}`)
        const measured = await measure(contestant, scenario, requests, redisUrl)
        if (measured !== undefined) rows.push(measured)
      }
      progress.done(`${scenario.name}: ${requests.instants.length.toLocaleString('en')} requests`)
      results.push({ scenario, rows })
    }
    return {
      about: ABOUT,
      tables: results.map(tableOf),
      goals: goalsOf(results),
      charts: chartsOf(results),
      data: results.map(({ scenario: { name, what, population, ttl, countedFrom, rate }, rows }) => ({
        name,
        what,
        population,
        ttl,
        countedFrom,
        duration: rate.duration,
        rows,
      })),
    }
  },
}

const ABOUT = [
  `Requests begin at instants that are drawn beforehand (a Poisson process, seeded) for keys by Zipf's law (exponent 0.99), the same ones for everybody, one subject after the other. Latency counts from that instant, so that a subject which holds the event loop up pays for all who should have begun meanwhile. The origin takes ${LOAD_TIME} ms. Requests before the cache has filled are sent, but not counted. A request has waited for a load if its value is younger than itself: that tells a busy machine from a slow cache.`,
  'Subjects are in memory but where it says Redis, in one process with the load generator, which never sleeps. All peers let concurrent misses of a key share a load; those that can refresh a fixed time ahead of expiry are in the expiring hot set a second time, with it. Ourselves: `stampedeGuard()` as it comes, without grace, so that nobody gets a value older than its TTL. async-cache-dedupe reads its clock once a second.',
]
