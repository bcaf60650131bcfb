import { describe, expect, it } from 'vitest'
import { reaches } from '../../scripts/require-node.mjs'
import { tally } from '../../scripts/tally.mjs'

function file(status: string, ...tests: string[]) {
  const assertionResults = tests.map((test, index) => ({ status: test, fullName: `test ${index}` }))
  return { name: 'a.test.ts', status, assertionResults }
}

describe('the tally of a test run', () => {
  it('counts what passed and what failed', () => {
    const report = { testResults: [file('passed', 'passed', 'passed'), file('failed', 'passed', 'failed')] }
    expect(tally(report, { ok: false })).toEqual({ passed: 3, failed: 1, complaints: [] })
  })

  it.each(['skipped', 'pending', 'todo', 'disabled'])('counts a %s test as failed', status => {
    const report = { testResults: [file('passed', 'passed', status)] }
    expect(tally(report, { ok: true })).toEqual({
      passed: 1,
      failed: 1,
      complaints: [`${status}, and nothing may be: test 1`],
    })
  })

  it('leaves out the tests that a name pattern left out', () => {
    const report = { testResults: [file('passed', 'passed', 'skipped')] }
    expect(tally(report, { ok: true, filtered: true })).toEqual({ passed: 1, failed: 0, complaints: [] })
  })

  it('counts a file that could not be loaded', () => {
    expect(tally({ testResults: [file('failed')] }, { ok: false })).toEqual({
      passed: 0,
      failed: 1,
      complaints: ['a.test.ts failed outside of its tests'],
    })
  })

  it('counts an error outside of any test', () => {
    expect(tally({ testResults: [file('passed', 'passed')] }, { ok: false })).toEqual({
      passed: 1,
      failed: 1,
      complaints: ['the test run failed outside of any test'],
    })
  })

  it('counts a run without a report', () => {
    expect(tally(undefined, { ok: false })).toMatchObject({ passed: 0, failed: 1 })
  })
})

describe('the check of the Node version', () => {
  it.each([
    ['v20.19.0', true],
    ['v20.20.1', true],
    ['v22.0.0', true],
    ['v20.18.3', false],
    ['v18.99.0', false],
    ['v21.1.0', true],
  ])('answers %s with %s', (version, expected) => {
    expect(reaches(version, '>=20.19')).toBe(expected)
  })
})
