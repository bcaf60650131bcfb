import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** A process of its own, which answers one question after the other; what disturbs one's heap does not another's. */
export class AskedProcess<Question, Answer> {
  readonly #child: ChildProcess
  readonly #ended: Promise<never>

  /** @param program what `answerQuestions` is called in */
  constructor(program: URL, execArgv: readonly string[] = []) {
    this.#child = fork(program, { execArgv: [...execArgv] })
    this.#ended = once(this.#child, 'exit').then(([code, signal]) => {
      throw new Error(`${program.pathname} ended too early, by ${code ?? signal}`)
    })
    this.#ended.catch(() => {})
  }

  /** Asks; the next question has to wait for the answer. @throws Error when the process ends before */
  async ask(question: Question): Promise<Answer> {
    const answered = once(this.#child, 'message')
    answered.catch(() => {})
    this.#child.send(question as object)
    const [answer] = await Promise.race([answered, this.#ended])
    return answer as Answer
  }

  /** Ends the process. */
  dismiss(): void {
    this.#child.kill()
  }
}

/** Asks a process one thing, and ends it. */
export async function askOnce<Question, Answer>(
  program: URL,
  question: Question,
  execArgv: readonly string[] = [],
): Promise<Answer> {
  const asked = new AskedProcess<Question, Answer>(program, execArgv)
  try {
    return await asked.ask(question)
  } finally {
    asked.dismiss()
  }
}
