import { describe, expect, test } from 'vitest'
import { Failures } from '../src/loading/failures.js'

const shape = { schema: undefined, schemaVersion: 0 }
const failing = (error: unknown, times: number, at: number) => ({ error, times, at, view: shape })

describe('what is remembered of the keys that fail', () => {
  test('is the latest error, its time, and how many there were in a row', () => {
    const failures = new Failures()
    expect(failures.get('a', shape)).toBeUndefined()
    const errors = [new Error('first'), new Error('second')]
    failures.add('a', shape, errors[0], 10)
    expect(failures.get('a', shape)).toEqual(failing(errors[0], 1, 10))
    failures.add('a', shape, errors[1], 20)
    expect(failures.get('a', shape)).toEqual(failing(errors[1], 2, 20))
    expect(failures.get('a', shape)?.error).toBe(errors[1])
    expect(failures.get('b', shape)).toBeUndefined()
  })

  test('are errors of any kind, undefined too', () => {
    const failures = new Failures()
    failures.add('a', shape, undefined, 10)
    expect(failures.get('a', shape)).toEqual(failing(undefined, 1, 10))
  })

  test('is nothing to who looks for values of another shape', () => {
    const failures = new Failures()
    failures.add('a', shape, 'broken', 10)
    expect(failures.get('a', { ...shape, schemaVersion: 1 })).toBeUndefined()
    expect(failures.get('a', { ...shape })?.times).toBe(1)
  })

  test('is gone when one is forgotten, and the next failure is a first one', () => {
    const failures = new Failures()
    for (const at of ['a', 'a', 'b']) failures.add(at, shape, 'broken', 10)
    failures.forget('a')
    failures.forget('never failed')
    expect([failures.get('a', shape), failures.get('b', shape)?.times]).toEqual([undefined, 1])
    failures.add('a', shape, 'broken', 20)
    expect(failures.get('a', shape)?.times).toBe(1)
  })

  test('is gone for all that begin with a prefix, and for no others', () => {
    const failures = new Failures()
    const keys = ['app:users:1', 'app:users:2', 'app:users2:1', 'other:app:users:1']
    for (const at of keys) failures.add(at, shape, 'broken', 10)
    failures.forgetUnder('app:users:')
    expect(keys.filter(at => failures.get(at, shape) !== undefined)).toEqual([
      'app:users2:1',
      'other:app:users:1',
    ])
  })

  test('are 10,000 keys, of which the one that has not failed for longest gives way', () => {
    const failures = new Failures()
    const kept = () =>
      Array.from({ length: 10_002 }, (_, key) => `${key}`).filter(at => failures.get(at, shape))
    for (let key = 0; key < 10_000; key++) failures.add(`${key}`, shape, 'broken', key)
    expect(kept()).toHaveLength(10_000)
    failures.add('0', shape, 'broken again', 10_000)
    failures.add('10000', shape, 'broken', 10_001)
    expect(failures.get('0', shape)?.times).toBe(2)
    expect(failures.get('1', shape)).toBeUndefined()
    failures.add('10001', shape, 'broken', 10_002)
    expect(failures.get('2', shape)).toBeUndefined()
    expect(kept()).toHaveLength(10_000)
  })

  test('lasts an hour: a later failure is a first one again, and takes the old of others with it', () => {
    const failures = new Failures()
    for (const at of ['a', 'b', 'c']) failures.add(at, shape, 'broken', 0)
    failures.add('a', shape, 'broken', 3_600_000)
    expect([failures.get('a', shape)?.times, failures.get('b', shape)?.times]).toEqual([2, 1])
    failures.add('b', shape, 'broken', 3_600_001)
    expect([failures.get('b', shape)?.times, failures.get('c', shape)]).toEqual([1, undefined])
    expect(failures.get('a', shape)?.times).toBe(2)
  })
})
