import { expect, test } from 'vitest'
import { runExample } from '../../../tests/servers/run-example.js'

const OUTPUT = `Without a cache
  page 1 to 24: 24 products, 24 queries
    SELECT * FROM products WHERE id = 1
    SELECT * FROM products WHERE id = 2
    SELECT * FROM products WHERE id = 3
    and 21 more

With getOrSetMany
  page 1 to 24: 24 products, 1 query
    SELECT * FROM products WHERE id IN (1, 2, 3, … 24)
  page 7 to 30: 24 products, 1 query
    SELECT * FROM products WHERE id IN (25, 26, 27, 28, 29, 30)
  page 4 to 27: 24 products, 0 queries
  page 84 to 107: 17 products, 1 query
    SELECT * FROM products WHERE id IN (84, 85, 86, … 107)
  page 84 to 107: 17 products, 0 queries

After products 9 and 12 have changed
  page 1 to 24: 24 products, 1 query
    SELECT * FROM products WHERE id IN (9, 12)
`

test('it asks the database once for all products of a page that are not cached', async () => {
  const { output, errors, code } = await runExample('batch', ['redis'])
  expect({ errors, code }).toEqual({ errors: '', code: 0 })
  expect(output).toBe(OUTPUT)
})
