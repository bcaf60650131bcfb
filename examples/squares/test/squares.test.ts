import { beforeAll, expect, test } from 'vitest'
import { type ExampleRun, runExample } from '../../../tests/servers/run-example.js'

let run: ExampleRun
beforeAll(async () => {
  run = await runExample('squares')
})

/** The cells of a row, without its time. */
function cells(name: string): string[][] {
  const rows = run.output.split('\n').filter(line => line.startsWith(`  ${name} `))
  return rows.map(row => {
    const [time = '', ...numbers] = row
      .slice(name.length + 2)
      .split(/ {2,}/)
      .filter(Boolean)
    expect(time.trim()).toMatch(/^\d+(\.\d\d)? ms$/)
    return numbers
  })
}

test('it ends well', () => {
  expect(run).toMatchObject({ code: 0, errors: '' })
})

test('all squares are counted when it is cold, none when it is warm, all again after clear()', () => {
  expect(cells('cold')[0]).toEqual(['0', '1,000', '1,000', '333,833,500'])
  expect(cells('warm')).toEqual([['1,000', '1,000', '1,000', '333,833,500']])
  expect(cells('after clear()')).toEqual([['0', '1,000', '1,000', '333,833,500']])
})

test('with room for one less they are all counted twice', () => {
  expect(cells('cold')[1]).toEqual(['0', '1,000', '999', '333,833,500'])
  expect(cells('no warmer')).toEqual([['0', '2,000', '999', '333,833,500']])
})
