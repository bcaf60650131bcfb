import { quantile, sort } from '../quantile.js'

/** What takes part in a comparison. */
export interface Contestant {
  readonly name: string
  /** Does one round's work and returns what it measured. */
  round(): Promise<number>
}

/** The figures of several rounds. */
export interface Spread {
  readonly median: number
  /** The first and the third quartile. */
  readonly low: number
  readonly high: number
}

/** The first rounds of each are for the compiler. */
const WARM_UP = 3

/**
 * Runs all contestants round by round, each time beginning with the next one: what disturbs the machine for a while
 * disturbs all of them, and nobody always comes after the same other.
 */
export async function interleaved(
  contestants: readonly Contestant[],
  rounds: number,
  told: (round: number, of: number) => void = () => {},
): Promise<Map<string, Spread>> {
  const figures = new Map<string, number[]>(contestants.map(({ name }) => [name, []]))
  for (let round = 0; round < WARM_UP + rounds; round++) {
    told(round + 1, WARM_UP + rounds)
    for (let turn = 0; turn < contestants.length; turn++) {
      const { name, round: work } = contestants[(round + turn) % contestants.length] as Contestant
      const figure = await work()
      if (round >= WARM_UP) figures.get(name)?.push(figure)
    }
  }
  return new Map([...figures].map(([name, some]) => [name, spreadOf(some)]))
}

function spreadOf(figures: readonly number[]): Spread {
  const sorted = sort(figures)
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
  }
}
