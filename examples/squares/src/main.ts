import { memoize } from '@lookaside/lru'
import { expensiveSquare } from './expensive-square.js'
import { count, duration, row } from './print.js'

const COUNT = 1_000

/** Squares all numbers from 1 up, and prints what that took and what `info()` says after it. */
function run(name: string, memoized: typeof square): void {
  const start = performance.now()
  let sum = 0
  for (let n = 1; n <= COUNT; n++) sum += memoized(n)
  const took = performance.now() - start
  const { hits, misses, size } = memoized.info()
  row(name, duration(took), count(hits), count(misses), count(size), count(sum))
}

console.log(`The squares of 1 to ${count(COUNT)}, each counted one by one\n`)
row('', 'time', 'hits', 'misses', 'size', 'sum')

const square = memoize(expensiveSquare, { maxEntries: COUNT })
run('cold', square)
run('warm', square)
square.clear()
run('after clear()', square)

console.log('\nTwice with room for one less: every call drops the result that is needed next\n')
const cramped = memoize(expensiveSquare, { maxEntries: COUNT - 1 })
run('cold', cramped)
run('no warmer', cramped)
