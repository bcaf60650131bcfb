import { CacheError } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { backOff, claimed, limitLoads } from '../src/index.js'

/** What TypeScript would not let through. */
const wrong = (value: unknown) => value as never

/** The code and the message with which each call is refused. */
function refusals(part: (options: never) => unknown, given: readonly unknown[]): string[] {
  return given.map(options => {
    try {
      part(wrong(options))
      return 'takes it'
    } catch (error) {
      return error instanceof CacheError ? `${error.code}: ${error.message}` : `threw ${error}`
    }
  })
}

describe('Bad options are refused, with what is expected and what was received, by', () => {
  it('claimed', () => {
    expect(
      refusals(claimed, [
        '5s',
        { time: 1 },
        { ttl: 0 },
        { ttl: 'soon' },
        { ttl: -1 },
        { wait: 0 },
        { wait: Number.POSITIVE_INFINITY },
        { poll: 5 },
        { poll: { every: 5 } },
        { poll: { min: 0 } },
        { poll: { max: 0 } },
        { poll: { max: 1 } },
        { poll: { min: '1s', max: '100ms' } },
      ]),
    ).toMatchInlineSnapshot(`
      [
        "ERR_CACHE_OPTION: claimed takes its options as an object; received '5s'",
        "ERR_CACHE_OPTION: unknown option 'time' of claimed. Known: ttl, wait, poll",
        "ERR_CACHE_OPTION: ttl of claimed must be at least 1 ms; received 0",
        "ERR_CACHE_DURATION: ttl of claimed must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received 'soon'",
        "ERR_CACHE_DURATION: ttl of claimed must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received -1",
        "ERR_CACHE_OPTION: wait of claimed must be at least 1 ms; received 0",
        "ERR_CACHE_DURATION: wait of claimed must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received Infinity",
        "ERR_CACHE_OPTION: poll of claimed takes its options as an object; received 5",
        "ERR_CACHE_OPTION: unknown option 'every' of poll of claimed. Known: min, max",
        "ERR_CACHE_OPTION: min of poll must be at least 1 ms; received 0",
        "ERR_CACHE_OPTION: max of poll must be at least 1 ms; received 0",
        "ERR_CACHE_OPTION: max of poll must be at least its min of 2 ms; received 1 ms",
        "ERR_CACHE_OPTION: max of poll must be at least its min of 1000 ms; received 100 ms",
      ]
    `)
  })

  it('limitLoads', () => {
    expect(
      refusals(limitLoads, [
        undefined,
        null,
        20,
        {},
        { concurency: 20 },
        { concurrency: 0 },
        { concurrency: 1.5 },
        { concurrency: '20' },
        { concurrency: Number.NaN },
        { concurrency: Number.POSITIVE_INFINITY },
        { concurrency: 1, queue: -1 },
        { concurrency: 1, queue: 0.5 },
        { concurrency: 1, queue: null },
        { concurrency: 1, per: 'key' },
      ]),
    ).toMatchInlineSnapshot(`
      [
        "ERR_CACHE_OPTION: concurrency of limitLoads must be an integer from 1; received undefined",
        "ERR_CACHE_OPTION: concurrency of limitLoads must be an integer from 1; received undefined",
        "ERR_CACHE_OPTION: limitLoads takes its options as an object; received 20",
        "ERR_CACHE_OPTION: concurrency of limitLoads must be an integer from 1; received undefined",
        "ERR_CACHE_OPTION: unknown option 'concurency' of limitLoads; did you mean 'concurrency'? Known: concurrency, queue, per",
        "ERR_CACHE_OPTION: concurrency of limitLoads must be an integer from 1; received 0",
        "ERR_CACHE_OPTION: concurrency of limitLoads must be an integer from 1; received 1.5",
        "ERR_CACHE_OPTION: concurrency of limitLoads must be an integer from 1; received '20'",
        "ERR_CACHE_OPTION: concurrency of limitLoads must be an integer from 1; received NaN",
        "ERR_CACHE_OPTION: concurrency of limitLoads must be an integer from 1; received Infinity",
        "ERR_CACHE_OPTION: queue of limitLoads must be an integer from 0, or Infinity; received -1",
        "ERR_CACHE_OPTION: queue of limitLoads must be an integer from 0, or Infinity; received 0.5",
        "ERR_CACHE_OPTION: queue of limitLoads must be an integer from 0, or Infinity; received null",
        "ERR_CACHE_OPTION: per of limitLoads must be 'cache' or 'namespace'; received 'key'",
      ]
    `)
  })

  it('backOff', () => {
    expect(
      refusals(backOff, [
        true,
        { minimum: 1 },
        { initial: 0 },
        { initial: '0s' },
        { initial: 'short' },
        { max: 0 },
        { max: Number.NaN },
        { max: '1h' },
        { initial: '2s', max: '1s' },
      ]),
    ).toMatchInlineSnapshot(`
      [
        "ERR_CACHE_OPTION: backOff takes its options as an object; received true",
        "ERR_CACHE_OPTION: unknown option 'minimum' of backOff. Known: initial, max",
        "ERR_CACHE_OPTION: initial of backOff must be at least 1 ms; received 0",
        "ERR_CACHE_OPTION: initial of backOff must be at least 1 ms; received '0s'",
        "ERR_CACHE_DURATION: initial of backOff must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received 'short'",
        "ERR_CACHE_OPTION: max of backOff must be at least 1 ms; received 0",
        "ERR_CACHE_DURATION: max of backOff must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received NaN",
        "ERR_CACHE_OPTION: max of backOff must be from its initial 50 ms to 30 minutes; received 3600000 ms",
        "ERR_CACHE_OPTION: max of backOff must be from its initial 2000 ms to 30 minutes; received 1000 ms",
      ]
    `)
  })
})

describe('Options at their limits are taken by', () => {
  it.each([
    [
      'claimed',
      claimed,
      [undefined, {}, { ttl: 1, wait: 1, poll: { min: 1, max: 1 } }, { poll: {} }, { poll: { min: 60 } }],
    ],
    [
      'limitLoads',
      limitLoads,
      [
        { concurrency: 1, queue: 0 },
        { concurrency: 1, queue: Number.POSITIVE_INFINITY, per: 'namespace' },
      ],
    ],
    ['backOff', backOff, [undefined, {}, { initial: 1, max: 1 }, { initial: '1m' }]],
  ] as const)('%s', (_, part, given) => {
    expect(refusals(part, given)).toEqual(given.map(() => 'takes it'))
  })
})
