import { spawnSync } from 'node:child_process'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { runExample } from '../../../tests/servers/run-example.js'

afterEach(() => {
  vi.unstubAllEnvs()
})

const SHARED = [
  '  it reads  user 1: Ada, speaks English and français',
  '  it reads  greeting: Grüß dich',
  '  it reads  visits: 1',
  '  it writes user 1, counts 2 visits, deletes the greeting and the report',
  '  we read   user 1: Grace, speaks COBOL and français',
  '  we read   visits: 3',
  '  we load   greeting: Guten Tag',
  '  we load   report: made anew',
]

/** What it prints, but for the first line, which names the language. */
const EXPECTED = ['', 'On Redis', ...SHARED, '', 'On memcached', ...SHARED, '']

async function run(language: string) {
  vi.stubEnv('POLYGLOT_LANGUAGE', language)
  const { output, errors, code } = await runExample('polyglot', ['redis', 'memcached'])
  const [first = '', ...rest] = output.split('\n')
  return { first, rest, errors, code }
}

function has(command: string): boolean {
  return spawnSync(command, ['--version']).status === 0
}

const named: Readonly<Record<string, RegExp>> = {
  ...(has('python3') && { python: /^Our neighbour speaks Python 3[\d.]+\.$/ }),
  ...(has('php') && { php: /^Our neighbour speaks PHP [\d.]+\.$/ }),
  bare: /^Our neighbour speaks the bare protocol\.$/,
}

describe('A neighbour', () => {
  test.each(Object.entries(named))('in %s shares values, in both directions', async (language, speaks) => {
    const { first, rest, errors, code } = await run(language)
    expect(errors).toBe('')
    expect(first).toMatch(speaks)
    expect(rest).toEqual(EXPECTED)
    expect(code).toBe(0)
  })

  test('is found on whatever machine this is', async () => {
    const { first, rest, code } = await run('')
    const [speaks] = Object.values(named)
    expect(first).toMatch(speaks as RegExp)
    expect(rest).toEqual(EXPECTED)
    expect(code).toBe(0)
  })

  test('that this machine does not have is asked for in vain', async () => {
    const { errors, code } = await run('cobol')
    expect(errors).toContain('no cobol; set POLYGLOT_LANGUAGE to one of python, php, bare')
    expect(code).toBe(1)
  })
})
