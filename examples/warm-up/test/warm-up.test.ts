import { expect, onTestFinished, test, vi } from 'vitest'
import { startRedis } from '../../../tests/servers/index.js'
import { type ExampleRun, runExample } from '../../../tests/servers/run-example.js'

const TIMEOUT = 60_000
const BAR = /█*░* +\d+ % {2}[\d,]+ of 4,000 {2}[\d,]+\/s/
const RESULT = /^ {3}([\d,]+) loaded, ([\d,]+) were there$/gm

/** How many products each pass of a run has loaded, and how many it found. */
function passes({ output }: ExampleRun): { loaded: number; skipped: number }[] {
  const number = (text = '') => Number(text.replaceAll(',', ''))
  return [...output.matchAll(RESULT)].map(([, loaded, skipped]) => ({
    loaded: number(loaded),
    skipped: number(skipped),
  }))
}

test(
  'it warms half of the cache, resumes, and then all is there',
  async () => {
    const run = await runExample('warm-up', ['redis'])
    expect(run).toMatchObject({ code: 0, errors: '' })
    expect(run.output).toMatch(BAR)
    expect(run.output).not.toContain('\r')
    expect(run.output).toContain('2  Resume')
    expect(run.output).toContain('   0 queries for 100 of them')
    const [first, second] = passes(run)
    expect(first?.loaded).toBe(2_001)
    expect(first?.skipped).toBe(0)
    expect(second).toEqual({ loaded: 4_000 - (first?.loaded ?? 0), skipped: first?.loaded })
  },
  TIMEOUT,
)

test(
  'an interrupt ends it in order, and the next run resumes',
  async () => {
    const server = await startRedis()
    onTestFinished(() => server.stop())
    vi.stubEnv('REDIS_URL', `redis://${server.address}`)
    onTestFinished(() => void vi.unstubAllEnvs())

    let killed = false
    const interrupted = await runExample('warm-up', [], [], (output, kill) => {
      if (killed || !BAR.test(output)) return
      killed = true
      kill('SIGINT')
    })
    expect(interrupted).toMatchObject({ code: 0, errors: '' })
    expect(interrupted.output).toContain(
      'Interrupted; what had begun was finished. Run it again: it resumes.',
    )
    const [first, ...none] = passes(interrupted)
    expect(none).toEqual([])
    expect(first?.loaded).toBeGreaterThan(0)
    expect(first?.loaded).toBeLessThan(4_000)

    const next = await runExample('warm-up')
    expect(next).toMatchObject({ code: 0, errors: '' })
    const sum = passes(next).reduce((loaded, pass) => loaded + pass.loaded, 0)
    expect(sum).toBe(4_000 - (first?.loaded ?? 0))
    expect(passes(next).at(-1)).toMatchObject({ skipped: expect.any(Number) })
    expect(next.output).toContain('   0 queries for 100 of them')
  },
  TIMEOUT,
)

test('without a Redis it says so, and ends', async () => {
  vi.stubEnv('REDIS_URL', 'redis://127.0.0.1:1')
  onTestFinished(() => void vi.unstubAllEnvs())
  const run = await runExample('warm-up')
  expect(run.code).toBe(1)
  expect(run.errors).toMatch(/^Redis at 127\.0\.0\.1:1 did not answer/)
})
