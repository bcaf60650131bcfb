import type { Agreement } from './agreement.js'
import type { Coherence, InMode } from './coherence.js'
import { bold, count, dim, duration, green, heading, print, red, table } from './screen.js'
import { CITY, median } from './tour.js'
import { TAG } from './write-and-read.js'

const TITLE = '5  Two processes, one Redis'

/** Two processes of the service, in each mode of the bus; says so where there is no Redis that they could share. */
export function showCoherence(seen: Coherence | undefined): void {
  if (seen === undefined) {
    heading(TITLE)
    print(dim('   Left out: it takes a Redis, which is not here.'))
    return
  }
  const { modes, pids } = seen
  heading(
    TITLE,
    `Processes ${pids.join(' and ')}, A and B, are this service with cache.config.tiered.mjs, once with`,
    `${modes.map(({ mode }) => `BUS_MODE=${mode}`).join(' and once with ')}. B answers from its memory without I/O, until the`,
    'bus tells it of a write by A. Times are medians, from the end of a write to when B, asked over',
    'HTTP, knows better.',
  )
  const row = (what: string, cells: (seen: InMode) => readonly [string, string]) => [
    what,
    ...modes.flatMap(cells),
  ]
  table(`l${'rl'.repeat(modes.length)}`, [
    row('', ({ mode }) => ['', bold(mode)]),
    row('B asked again, answers from memory', ({ asked, took: { localHits } }) => [
      mark(localHits === asked, count(localHits)),
      `of ${count(asked)}`,
    ]),
    row('  round trips to Redis for that', ({ took: { roundTrips } }) => [
      mark(roundTrips === 0, count(roundTrips)),
      '',
    ]),
    row(`A writes: B shows /cities/${CITY.id}`, ({ byKey }) => timesOf(byKey)),
    row(`  and /countries/${CITY.country}, by tag ${TAG}`, ({ byTag }) => timesOf(byTag)),
    row('  old answers after the write', ({ byKey, byTag }) => oldAnswers([...byKey, ...byTag])),
    row('a plain client: UPDATE, then DEL', ({ plainDelete }) =>
      plainDelete === undefined ? ['–', ''] : timesOf([plainDelete]),
    ),
  ])
}

function timesOf(all: readonly Agreement[]): readonly [string, string] {
  if (!all.every(({ agrees }) => agrees)) return [red('never'), '']
  const times = all.map(({ ms }) => ms)
  const longest = all.length === 1 ? '' : `at most ${duration(Math.max(...times))}`
  return [green(duration(median(times))), longest]
}

function oldAnswers(all: readonly Agreement[]): readonly [string, string] {
  return [count(all.reduce((sum, each) => sum + each.oldAnswers, 0)), `in ${all.length} writes`]
}

function mark(holds: boolean, text: string): string {
  return holds ? green(text) : red(text)
}
