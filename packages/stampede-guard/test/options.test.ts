import { isCacheError } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import {
  composeGuards,
  earlyRefresh,
  singleFlight,
  staleWhileRevalidate,
  stampedeGuard,
} from '../src/index.js'

/** What TypeScript would not let through: programs in JavaScript, and values from outside. */
const wrong = (value: unknown) => value as never

/** How each call refuses what it is given: the code and the message. */
function refusals(calls: Record<string, () => unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, refusal(call)]))
}

function refusal(call: () => unknown): string {
  try {
    call()
    return 'takes it'
  } catch (error) {
    return isCacheError(error) ? `${error.code}: ${error.message}` : String(error)
  }
}

describe('Bad options of a part', () => {
  it('are refused by earlyRefresh', () => {
    const beta = (value: unknown) => () => earlyRefresh({ beta: wrong(value) })
    expect(
      refusals({
        'an unknown name': () => earlyRefresh(wrong({ betta: 1 })),
        'no object': () => earlyRefresh(wrong(1)),
        null: () => earlyRefresh(wrong(null)),
        'an array': () => earlyRefresh(wrong([1])),
        'beta below 0': beta(-0.1),
        'beta of NaN': beta(Number.NaN),
        'beta without end': beta(Number.POSITIVE_INFINITY),
        'beta as text': beta('1'),
        'beta of null': beta(null),
      }),
    ).toMatchInlineSnapshot(`
      {
        "an array": "ERR_CACHE_OPTION: earlyRefresh takes its options as an object; received [ 1 ]",
        "an unknown name": "ERR_CACHE_OPTION: unknown option 'betta' of earlyRefresh; did you mean 'beta'? Known: beta",
        "beta as text": "ERR_CACHE_OPTION: beta must be a number from 0, 1 being the published optimum; received '1'",
        "beta below 0": "ERR_CACHE_OPTION: beta must be a number from 0, 1 being the published optimum; received -0.1",
        "beta of NaN": "ERR_CACHE_OPTION: beta must be a number from 0, 1 being the published optimum; received NaN",
        "beta of null": "ERR_CACHE_OPTION: beta must be a number from 0, 1 being the published optimum; received null",
        "beta without end": "ERR_CACHE_OPTION: beta must be a number from 0, 1 being the published optimum; received Infinity",
        "no object": "ERR_CACHE_OPTION: earlyRefresh takes its options as an object; received 1",
        "null": "ERR_CACHE_OPTION: earlyRefresh takes its options as an object; received null",
      }
    `)
  })

  it('are refused by staleWhileRevalidate', () => {
    const softTimeout = (value: unknown) => () => staleWhileRevalidate({ softTimeout: wrong(value) })
    expect(
      refusals({
        'an unknown name': () => staleWhileRevalidate(wrong({ softTimout: 1 })),
        'no object': () => staleWhileRevalidate(wrong('100ms')),
        null: () => staleWhileRevalidate(wrong(null)),
        'a negative softTimeout': softTimeout(-1),
        'a softTimeout of NaN': softTimeout(Number.NaN),
        'a softTimeout without end': softTimeout(Number.POSITIVE_INFINITY),
        'a malformed softTimeout': softTimeout('100 ms'),
        'a softTimeout of null': softTimeout(null),
        'a softTimeout of another type': softTimeout({ ms: 100 }),
      }),
    ).toMatchInlineSnapshot(`
      {
        "a malformed softTimeout": "ERR_CACHE_DURATION: softTimeout must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received '100 ms'",
        "a negative softTimeout": "ERR_CACHE_DURATION: softTimeout must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received -1",
        "a softTimeout of NaN": "ERR_CACHE_DURATION: softTimeout must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received NaN",
        "a softTimeout of another type": "ERR_CACHE_DURATION: softTimeout must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received { ms: 100 }",
        "a softTimeout of null": "ERR_CACHE_DURATION: softTimeout must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received null",
        "a softTimeout without end": "ERR_CACHE_DURATION: softTimeout must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received Infinity",
        "an unknown name": "ERR_CACHE_OPTION: unknown option 'softTimout' of staleWhileRevalidate; did you mean 'softTimeout'? Known: softTimeout",
        "no object": "ERR_CACHE_OPTION: staleWhileRevalidate takes its options as an object; received '100ms'",
        "null": "ERR_CACHE_OPTION: staleWhileRevalidate takes its options as an object; received null",
      }
    `)
  })

  it('are refused by stampedeGuard, whichever part they belong to', () => {
    expect(
      refusals({
        'an unknown name': () => stampedeGuard(wrong({ claims: {} })),
        'a part that can not be left out': () => stampedeGuard(wrong({ singleFlight: false })),
        'no object': () => stampedeGuard(wrong('default')),
        null: () => stampedeGuard(wrong(null)),
        'earlyRefresh: true': () => stampedeGuard({ earlyRefresh: wrong(true) }),
        'an unknown name of earlyRefresh': () => stampedeGuard({ earlyRefresh: wrong({ bet: 1 }) }),
        'a bad beta': () => stampedeGuard({ earlyRefresh: { beta: -1 } }),
        'staleWhileRevalidate: true': () => stampedeGuard({ staleWhileRevalidate: wrong(true) }),
        'a bad softTimeout': () => stampedeGuard({ staleWhileRevalidate: { softTimeout: wrong('soon') } }),
        'backOff as a duration': () => stampedeGuard({ backOff: wrong('1s') }),
        'claimed: true': () => stampedeGuard({ claimed: wrong(true) }),
        'limitLoads without a limit': () => stampedeGuard({ limitLoads: wrong({}) }),
        'limitLoads as a number': () => stampedeGuard({ limitLoads: wrong(5) }),
      }),
    ).toMatchInlineSnapshot(`
      {
        "a bad beta": "ERR_CACHE_OPTION: beta must be a number from 0, 1 being the published optimum; received -1",
        "a bad softTimeout": "ERR_CACHE_DURATION: softTimeout must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received 'soon'",
        "a part that can not be left out": "ERR_CACHE_OPTION: unknown option 'singleFlight' of stampedeGuard. Known: backOff, earlyRefresh, staleWhileRevalidate, limitLoads, claimed",
        "an unknown name": "ERR_CACHE_OPTION: unknown option 'claims' of stampedeGuard; did you mean 'claimed'? Known: backOff, earlyRefresh, staleWhileRevalidate, limitLoads, claimed",
        "an unknown name of earlyRefresh": "ERR_CACHE_OPTION: unknown option 'bet' of earlyRefresh; did you mean 'beta'? Known: beta",
        "backOff as a duration": "ERR_CACHE_OPTION: backOff takes its options as an object; received '1s'",
        "claimed: true": "ERR_CACHE_OPTION: claimed takes its options as an object; received true",
        "earlyRefresh: true": "ERR_CACHE_OPTION: earlyRefresh takes its options as an object; received true",
        "limitLoads as a number": "ERR_CACHE_OPTION: limitLoads takes its options as an object; received 5",
        "limitLoads without a limit": "ERR_CACHE_OPTION: concurrency of limitLoads must be an integer from 1; received undefined",
        "no object": "ERR_CACHE_OPTION: stampedeGuard takes its options as an object; received 'default'",
        "null": "ERR_CACHE_OPTION: stampedeGuard takes its options as an object; received null",
        "staleWhileRevalidate: true": "ERR_CACHE_OPTION: staleWhileRevalidate takes its options as an object; received true",
      }
    `)
  })

  it('are refused by composeGuards: it takes guards, one by one', () => {
    expect(
      refusals({
        'a guard that was not made': () => composeGuards(wrong(singleFlight)),
        'a list': () => composeGuards(wrong([singleFlight()])),
        'nothing, between guards': () => composeGuards(singleFlight(), wrong(undefined)),
        null: () => composeGuards(wrong(null)),
        'false for a part that is left out': () => composeGuards(wrong(false), singleFlight()),
        options: () => composeGuards(wrong({ beta: 1 })),
      }),
    ).toMatchInlineSnapshot(`
      {
        "a guard that was not made": "ERR_CACHE_OPTION: composeGuards takes guards, such as singleFlight(); received [Function: singleFlight]",
        "a list": "ERR_CACHE_OPTION: composeGuards takes guards, such as singleFlight(); received [ { name: 'single-flight', joins: true, run: [Function: run] } ]",
        "false for a part that is left out": "ERR_CACHE_OPTION: composeGuards takes guards, such as singleFlight(); received false",
        "nothing, between guards": "ERR_CACHE_OPTION: composeGuards takes guards, such as singleFlight(); received undefined",
        "null": "ERR_CACHE_OPTION: composeGuards takes guards, such as singleFlight(); received null",
        "options": "ERR_CACHE_OPTION: composeGuards takes guards, such as singleFlight(); received { beta: 1 }",
      }
    `)
  })
})

describe('Good options of a part', () => {
  it('go up to their bounds, and may be left out, undefined or empty', () => {
    const durations = ['0ms', 0, 1, '30s', undefined]
    expect(
      refusals({
        'beta 0': () => earlyRefresh({ beta: 0 }),
        'a large beta': () => earlyRefresh({ beta: Number.MAX_VALUE }),
        'no beta': () => earlyRefresh({ beta: undefined }),
        'no options': () => [earlyRefresh(), staleWhileRevalidate(), stampedeGuard(), composeGuards()],
        'empty ones': () => [earlyRefresh({}), staleWhileRevalidate({}), stampedeGuard({})],
        softTimeouts: () =>
          durations.map(softTimeout => staleWhileRevalidate({ softTimeout: wrong(softTimeout) })),
        'parts left out': () =>
          stampedeGuard({
            backOff: false,
            earlyRefresh: false,
            staleWhileRevalidate: false,
            limitLoads: false,
            claimed: false,
          }),
        'parts undefined': () =>
          stampedeGuard({
            backOff: undefined,
            earlyRefresh: undefined,
            staleWhileRevalidate: undefined,
            limitLoads: undefined,
            claimed: undefined,
          }),
      }),
    ).toEqual({
      'beta 0': 'takes it',
      'a large beta': 'takes it',
      'no beta': 'takes it',
      'no options': 'takes it',
      'empty ones': 'takes it',
      softTimeouts: 'takes it',
      'parts left out': 'takes it',
      'parts undefined': 'takes it',
    })
  })
})
