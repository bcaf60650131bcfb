import { get, getTimed, PATIENCE, untilHeld } from './ask.js'
import { populationIn } from './write-and-read.js'

/** How a service comes to show what was written elsewhere. */
export interface Agreement {
  /** Whether it had the old answer in its memory before the write. */
  readonly held: boolean
  /** Whether it came to show what was written. */
  readonly agrees: boolean
  /** Old answers that it gave after the write was done. */
  readonly oldAnswers: number
  /** From the end of the write to when it took up the first question that it answered anew, in milliseconds. */
  readonly ms: number
}

/** Writes, and asks `service` until it shows the population that `write` returns. */
export async function agreement(
  service: string,
  path: string,
  write: (shown: number) => Promise<number>,
): Promise<Agreement> {
  const held = await untilHeld(service, path)
  const expected = await write(populationIn(await get(service + path)))
  const written = performance.now()
  for (let oldAnswers = 0; ; oldAnswers++) {
    const { body, own } = await getTimed(service + path)
    // It had to look elsewhere from the start, however long that took.
    const ms = performance.now() - written - own
    const agrees = populationIn(body) === expected
    if (agrees || ms > PATIENCE) return { held, agrees, oldAnswers, ms }
  }
}
