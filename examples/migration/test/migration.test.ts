import { expect, onTestFinished, test, vi } from 'vitest'
import { runExample } from '../../../tests/servers/run-example.js'

const LINE = /^ {2}(\S.*?) {2,}([\d,]+) +([\d,]+) +([\d,]+) +([\d,]+)$/gm

const STEPS = [
  'memcached and prepare',
  'prepare',
  'prepare and move',
  'move',
  'move and finish',
  'finish',
  'finish and Redis',
  'Redis',
]

test('a fleet moves from memcached to Redis without a cold start, and serves nothing stale', async () => {
  const run = await runExample('migration', ['redis', 'memcached'])
  expect(run).toMatchObject({ code: 0, errors: '' })
  const number = (text = '') => Number(text.replaceAll(',', ''))
  const lines = [...run.output.matchAll(LINE)].map(([, what, requests, changes, queries, stale]) => ({
    what,
    requests: number(requests),
    changes: number(changes),
    queries: number(queries),
    stale: number(stale),
  }))
  const [filled, ...rest] = lines
  const cold = rest.pop()
  expect(filled).toMatchObject({ what: 'memcached, empty at first', requests: 8_000, stale: 0 })
  expect(cold).toMatchObject({ what: 'Redis at once, without a move', requests: 8_000, stale: 0 })
  for (const one of [filled, cold]) expect(one?.queries).toBeGreaterThan(390)
  expect(rest.map(({ what }) => what)).toEqual(STEPS)
  for (const { requests, changes, queries, stale } of rest) {
    expect({ requests, changes, stale }).toEqual({ requests: 8_000, changes: 20, stale: 0 })
    // What was changed is asked for again, by both configurations where two are in use.
    expect(queries).toBeLessThan(100)
  }
}, 60_000)

test('without its servers it says so, and ends', async () => {
  vi.stubEnv('REDIS_URL', 'redis://127.0.0.1:1')
  vi.stubEnv('MEMCACHED_SERVERS', '127.0.0.1:1')
  onTestFinished(() => void vi.unstubAllEnvs())
  const run = await runExample('migration')
  expect(run.code).toBe(1)
  expect(run.errors).toMatch(/^no answer from memcached at 127\.0\.0\.1:1/)
})
