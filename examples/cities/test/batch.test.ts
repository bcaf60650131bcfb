import { expect, test } from 'vitest'
import { batched } from '../src/batch.js'

function recorded() {
  const calls: number[][] = []
  const squares = batched(async (keys: number[]) => {
    calls.push(keys)
    return new Map(keys.filter(key => key > 0).map(key => [key, key * key]))
  })
  return { calls, squares }
}

test('keys of one turn are loaded by one call, each of them once', async () => {
  const { calls, squares } = recorded()
  expect(await Promise.all([squares(2), squares(3), squares(2)])).toEqual([4, 9, 4])
  expect(calls).toEqual([[2, 3]])
})

test('a key without a value is undefined', async () => {
  const { squares } = recorded()
  expect(await squares(-1)).toBeUndefined()
})

test('nothing is remembered', async () => {
  const { calls, squares } = recorded()
  await squares(2)
  await squares(2)
  expect(calls).toEqual([[2], [2]])
})

test('a failed call fails everyone who waits for it, and nobody after it', async () => {
  let failing = true
  const load = batched(async (keys: string[]) => {
    if (failing) throw new Error('database down')
    return new Map(keys.map(key => [key, key]))
  })
  const outcomes = await Promise.allSettled([load('a'), load('b')])
  expect(outcomes.map(outcome => outcome.status)).toEqual(['rejected', 'rejected'])
  failing = false
  expect(await load('a')).toBe('a')
})
