import { type Replayed, replay } from '../hit-rates/replayed.js'
import { sourcesFor } from '../hit-rates/sources.js'
import type { ChartData, Goal, Section, Table } from '../section.js'

/** How often the local tier has what is asked for, beside a plain lru-cache and what no cache could better. */
export const hitRates: Section = {
  name: 'hit-rates',
  title: 'Hit rate of the local tier',
  async run(context) {
    const results: Replayed[] = []
    for (const source of sourcesFor(context)) results.push(await replay(source, context.progress))
    return {
      about: about(results),
      tables: [tableOf(results), tableAtOnce(results)].filter(({ rows }) => rows.length > 0),
      goals: goalsOf(results),
      charts: results.map(chartOf),
      data: results,
    }
  },
}

function about(results: readonly Replayed[]): readonly string[] {
  const sources = results.some(({ name }) => name === 'zipf')
    ? `The public traces are not there, so the requests are made up: ${results.map(({ what }) => what).join('; ')}.`
    : `Public traces: ${results.map(({ name, what }) => `${name}, ${what}`).join('; ')}.`
  return [
    sources,
    'Each request is a `getOrSet` of a key that nothing else is done with, one after the other, over `lruStore({ maxEntries })`; hits are those that `cache.stats()` counts. Beside it a plain lru-cache of as many entries, and the optimum (Bélády), which knows all requests to come. Nothing expires.',
    'Where ours has no figure, it was not replayed: its misses do more than those of the other two, which are simulations. Where there are several callers at once, each takes the next request of the trace when its last one has been answered, and a load takes a turn of the event loop; ours with `stampedeGuard()`.',
  ]
}

function tableOf(results: readonly Replayed[]): Table {
  return {
    caption: 'Share of requests answered from the cache, %',
    head: ['requests', 'entries', 'lookaside', 'lru-cache', 'optimum'],
    rows: results.flatMap(({ name, rates }) =>
      rates.map(({ maxEntries, own, lru, optimum }) => [
        name,
        maxEntries.toLocaleString('en'),
        own === undefined ? '–' : own.toFixed(2),
        lru.toFixed(2),
        optimum.toFixed(2),
      ]),
    ),
    notes: results.map(
      ({ name, requests, distinct }) =>
        `${name}: ${requests.toLocaleString('en')} requests for ${distinct.toLocaleString('en')} keys`,
    ),
  }
}

function tableAtOnce(results: readonly Replayed[]): Table {
  return {
    caption: 'The same with several callers at once, %',
    head: ['requests', 'entries', 'callers', 'lookaside', 'lru-cache'],
    rows: results.flatMap(({ name, atOnce }) =>
      atOnce.map(({ maxEntries, callers, own, lru }) => [
        name,
        maxEntries.toLocaleString('en'),
        callers.toString(),
        own.toFixed(2),
        lru.toFixed(2),
      ]),
    ),
    notes: ['Who waits for the load of another caller has had a miss.'],
  }
}

/** In points; what two caches of the same order may differ by, since callers come in another order, is within these. */
const SAME = -0.1
const ALMOST_SAME = -0.5

function goalsOf(results: readonly Replayed[]): readonly Goal[] {
  const alone = results.flatMap(({ rates }) =>
    rates.flatMap(({ own, lru }) => (own === undefined ? [] : [own - lru])),
  )
  const atOnce = results.flatMap(one => one.atOnce.map(({ own, lru }) => own - lru))
  const goals = [
    { name: 'hit rate over that of a plain lru-cache', differences: alone, goal: SAME, checked: true },
    { name: 'the same, several callers at once', differences: atOnce, goal: ALMOST_SAME, checked: false },
  ]
  return goals
    .filter(({ differences }) => differences.length > 0)
    .map(({ name, differences, goal, checked }) => ({
      name: `${name}, at worst`,
      value: Math.min(...differences),
      goal,
      unit: 'points',
      checked,
    }))
}

function chartOf({ name, what, rates }: Replayed): ChartData {
  const points = (rate: (rates: Replayed['rates'][number]) => number | undefined) =>
    rates.flatMap(one => {
      const value = rate(one)
      return value === undefined ? [] : [[one.maxEntries, value] as const]
    })
  return {
    kind: 'lines',
    file: `hit-rate-${name}.svg`,
    title: `Hit rate: ${what}`,
    x: { title: 'entries', logarithmic: true },
    y: { title: 'hits, %', logarithmic: false },
    lines: [
      { label: 'optimum', ours: false, points: points(({ optimum }) => optimum) },
      { label: 'lru-cache', ours: false, points: points(({ lru }) => lru) },
      { label: 'lookaside', ours: true, points: points(({ own }) => own) },
    ],
  }
}
