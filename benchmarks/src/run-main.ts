/** Runs a benchmark's `main`: what it throws is told, and however it ends its servers and processes end with it. */
export function runMain(main: () => Promise<void>): void {
  // Ending by `exit` lets them be stopped.
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => process.exit(code))
  }
  main().catch(error => {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  })
}
