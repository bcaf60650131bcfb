/**
 * vitest's JSON report, as far as it is counted.
 *
 * @typedef {{ status: string, fullName?: string }} TestResult
 * @typedef {{ name: string, status: string, assertionResults: readonly TestResult[] }} FileResult
 * @typedef {{ testResults: readonly FileResult[] }} TestReport
 */

/**
 * Counts a test run. What did not pass has failed: a skipped test, a file that could not be loaded, an error
 * outside of any test, a run that left no report.
 *
 * @param {TestReport | undefined} report
 * @param {{ ok: boolean, filtered?: boolean }} run whether vitest was content; `filtered` runs leave out tests
 *   by name, and those are not counted
 * @returns {{ passed: number, failed: number, complaints: string[] }}
 */
export function tally(report, { ok, filtered = false }) {
  if (report === undefined) return { passed: 0, failed: 1, complaints: ['the test run left no report'] }
  const tests = report.testResults.flatMap(file => file.assertionResults)
  const complaints = report.testResults
    .filter(
      file => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
    )
    .map(file => `${file.name} failed outside of its tests`)
  if (!filtered) {
    complaints.push(
      ...tests
        .filter(({ status }) => status !== 'passed' && status !== 'failed')
        .map(({ status, fullName }) => `${status}, and nothing may be: ${fullName}`),
    )
  }
  const passed = tests.filter(({ status }) => status === 'passed').length
  const failed = tests.filter(({ status }) => status === 'failed').length
  if (!ok && failed === 0 && complaints.length === 0)
    complaints.push('the test run failed outside of any test')
  return { passed, failed: failed + complaints.length, complaints }
}
