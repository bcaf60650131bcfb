import { describe, expect, it } from 'vitest'
import { secretsIn } from './secrets-reach.js'

const SECRET = 'p@ss/w0rd'

class Holder {
  readonly #hidden: unknown
  constructor(hidden: unknown) {
    this.#hidden = hidden
  }
  get login() {
    return this.#hidden
  }
}

function failed(message: string, more: object = {}): Error {
  return Object.assign(new Error(message), more)
}

describe('The search for secrets', () => {
  it.each<[string, unknown]>([
    ['a message', failed(`login as ${SECRET}`)],
    ['a stack', failed('refused', { stack: `Error: ${SECRET}\n    at login` })],
    ['percent-encoded', failed(`redis://:${encodeURIComponent(SECRET)}@host`)],
    ['a property of an error', failed('refused', { command: { name: 'auth', args: ['ada', SECRET] } })],
    ['a hidden property', Object.defineProperty(new Error('refused'), 'input', { value: SECRET })],
    ['a property named by a symbol', { [Symbol('login')]: { password: SECRET } }],
    ['the name of a property', { [SECRET]: 1 }],
    ['the name of a symbol', { what: Symbol(SECRET) }],
    ['a cause of a cause', new Error('refused', { cause: new Error('refused', { cause: failed(SECRET) }) })],
    ['an error of many', new AggregateError([failed('refused'), failed(SECRET)], 'all refused')],
    ['a key of a Map', new Map([[SECRET, 1]])],
    ['a value of a Map', new Map([[1, { deep: [SECRET] }]])],
    ['a member of a Set', new Set([[SECRET]])],
    [
      'a getter',
      {
        get login() {
          return SECRET
        },
      },
    ],
    ['a getter of a class', new Holder({ password: SECRET })],
    ['a property of a function', Object.assign(() => {}, { login: SECRET })],
    ['bytes', { written: Buffer.from(`AUTH ${SECRET}`) }],
    ['what JSON makes of it', { toJSON: () => SECRET }],
  ])('finds one in %s', (_, value) => {
    expect(secretsIn({ value }, SECRET)).not.toEqual([])
  })

  it('finds none where there is none', () => {
    const closure = () => SECRET
    const error = failed('no login', { command: { name: 'auth' }, closure })
    expect(secretsIn([error, new Map([[1, new Set([error])]]), new WeakMap(), null], SECRET)).toEqual([])
  })
})
