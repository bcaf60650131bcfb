import type { Progress } from '../../progress.js'
import type { AskedProcess } from '../asked-process.js'
import { type Contestant, interleaved, type Spread } from '../interleaved.js'

/** Someone who is measured at some size: with so many entries, by so many callers. */
export interface Measured<Name extends string> {
  readonly name: Name
  readonly size: number
  readonly figure: Spread
}

/** Someone to be measured at a size, by asking a process. */
export interface Measurable<Name extends string, Question> {
  readonly name: Name
  readonly size: number
  readonly asked: AskedProcess<Question, number>
  /** Its answer is a round's figure. */
  readonly question: Question
}

/** Measures all in interleaved rounds. */
export async function measureAsked<Name extends string, Question>(
  measurables: readonly Measurable<Name, Question>[],
  rounds: number,
  progress: Progress,
  what: string,
): Promise<Measured<Name>[]> {
  const contestants = measurables.map(
    ({ name, size, asked, question }): Contestant => ({
      name: `${name} ${size}`,
      round: () => asked.ask(question),
    }),
  )
  const spreads = await interleaved(contestants, rounds, (round, of) =>
    progress.now(`${what}: round ${round} of ${of}`),
  )
  progress.done(what)
  return measurables.map(({ name, size }) => ({
    name,
    size,
    figure: spreads.get(`${name} ${size}`) as Spread,
  }))
}
