import { describe, expect, test } from 'vitest'
import { Failures } from '../src/failures.js'

const failing = (error: unknown, times: number, at: number) => ({ error, times, at })

describe('what is remembered of the keys that fail', () => {
  test('is the latest error, its time, and how many there were in a row', () => {
    const failures = new Failures()
    expect(failures.get('a')).toBeUndefined()
    const errors = [new Error('first'), new Error('second')]
    failures.add('a', errors[0], 10)
    expect(failures.get('a')).toEqual(failing(errors[0], 1, 10))
    failures.add('a', errors[1], 20)
    expect(failures.get('a')).toEqual(failing(errors[1], 2, 20))
    expect(failures.get('a')?.error).toBe(errors[1])
    expect(failures.get('b')).toBeUndefined()
  })

  test('are errors of any kind, undefined too', () => {
    const failures = new Failures()
    failures.add('a', undefined, 10)
    expect(failures.get('a')).toEqual(failing(undefined, 1, 10))
  })

  test('is gone when one is forgotten, and the next failure is a first one', () => {
    const failures = new Failures()
    for (const at of ['a', 'a', 'b']) failures.add(at, 'broken', 10)
    failures.forget('a')
    failures.forget('never failed')
    expect([failures.get('a'), failures.get('b')?.times]).toEqual([undefined, 1])
    failures.add('a', 'broken', 20)
    expect(failures.get('a')?.times).toBe(1)
  })

  test('is gone for all that begin with a prefix, and for no others', () => {
    const failures = new Failures()
    const keys = ['app:users:1', 'app:users:2', 'app:users2:1', 'other:app:users:1']
    for (const at of keys) failures.add(at, 'broken', 10)
    failures.forgetUnder('app:users:')
    expect(keys.filter(at => failures.get(at) !== undefined)).toEqual(['app:users2:1', 'other:app:users:1'])
  })

  test('are 10,000 keys, of which the one that has not failed for longest gives way', () => {
    const failures = new Failures()
    const kept = () => Array.from({ length: 10_002 }, (_, key) => `${key}`).filter(at => failures.get(at))
    for (let key = 0; key < 10_000; key++) failures.add(`${key}`, 'broken', key)
    expect(kept()).toHaveLength(10_000)
    failures.add('0', 'broken again', 10_000)
    failures.add('10000', 'broken', 10_001)
    expect(failures.get('0')?.times).toBe(2)
    expect(failures.get('1')).toBeUndefined()
    failures.add('10001', 'broken', 10_002)
    expect(failures.get('2')).toBeUndefined()
    expect(kept()).toHaveLength(10_000)
  })

  test('lasts an hour: a later failure is a first one again, and takes the old of others with it', () => {
    const failures = new Failures()
    for (const at of ['a', 'b', 'c']) failures.add(at, 'broken', 0)
    failures.add('a', 'broken', 3_600_000)
    expect([failures.get('a')?.times, failures.get('b')?.times]).toEqual([2, 1])
    failures.add('b', 'broken', 3_600_001)
    expect([failures.get('b')?.times, failures.get('c')]).toEqual([1, undefined])
    expect(failures.get('a')?.times).toBe(2)
  })
})
