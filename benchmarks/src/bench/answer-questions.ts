/** Makes this process one that answers what it is asked, until its parent ends; an answer that fails ends it. */
export function answerQuestions<Question, Answer>(answer: (question: Question) => Promise<Answer>): void {
  process.on('message', question => {
    answer(question as Question).then(
      answered => process.send?.(answered),
      error => {
        process.stderr.write(`\n${error instanceof Error ? error.stack : error}\n`)
        process.exit(1)
      },
    )
  })
  process.on('disconnect', () => process.exit())
  // The terminal sends an interrupt to all; the parent ends this one.
  process.on('SIGINT', () => {})
}
