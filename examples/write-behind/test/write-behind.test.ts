import { expect, test, vi } from 'vitest'
import { runExample } from '../../../tests/servers/run-example.js'

const LEVELS = 5
const SCORES = 5_000

test('it serves every score at once and writes a few batches, one of them again', async () => {
  const { output, errors, code } = await runExample('write-behind', ['redis'])
  expect({ errors, code }).toEqual({ errors: '', code: 0 })
  expect(output).toMatch(/^5 players, 5000 scores, each served from Redis at once\n\n/)
  for (let level = 1; level <= LEVELS; level++) {
    expect(output).toMatch(new RegExp(`\\n  level ${level}: 1000 scores, writes so far: \\d+\\n`))
  }
  expect(output.match(/ {2}… the database fails: connection lost\n/g)).toHaveLength(1)
  expect(output).toMatch(/\nThe game is over; scores that have not been written: \d\n/)

  const [, updates, writes, each] = /\n(\d+) updates, (\d+) writes: one for (\d+)\n/.exec(output) ?? []
  expect(Number(updates)).toBe(SCORES)
  expect(Number(writes)).toBeGreaterThan(LEVELS)
  expect(Number(each)).toBe(Math.round(SCORES / Number(writes)))
  // Each round takes some calls of Redis; were every score written there would be as many writes.
  expect(Number(writes)).toBeLessThan(SCORES / 2)

  expect(output.split('\n\n').at(-1)).toBe(
    [
      '  ada   cache 4985  database 4985',
      '  bob   cache 5015  database 5015',
      '  cleo  cache 4990  database 4990',
      '  dan   cache 5020  database 5020',
      '  eve   cache 4995  database 4995\n',
    ].join('\n'),
  )
})

test('it says so when there is no server', async () => {
  vi.stubEnv('REDIS_URL', 'redis://127.0.0.1:1')
  const { output, errors, code } = await runExample('write-behind')
  expect({ output, code }).toEqual({ output: '', code: 1 })
  expect(errors).toContain('Redis at 127.0.0.1:1 did not answer')
})
