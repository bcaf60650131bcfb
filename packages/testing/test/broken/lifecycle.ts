import type { RemoteStore } from '@lookaside/core'
import { type BrokenStore, broken } from './broken-store.js'

const AFTER_CLOSE = 'rejects operations after close'
const OPERATIONS = [
  'get',
  'getMany',
  'set',
  'add',
  'replace',
  'delete',
  'deleteMany',
  'increment',
  'expire',
  'clear',
  'ping',
] as const

export const BROKEN_LIFECYCLE: readonly BrokenStore[] = [
  broken('answers a ping', 'it does not', () => ({ ping: () => Promise.reject(new Error('no answer')) })),
  broken('answers a ping', 'it passes the answer on', () => ({
    ping: async () => 'PONG' as unknown as undefined,
  })),
  broken('may be closed twice', 'the second close finds no connection', store => {
    let closed = false
    return {
      async close() {
        if (closed) throw new Error('Connection is closed.')
        closed = true
        return store.close()
      },
    }
  }),
  sharing('closes no connection but its own', 'there is only one'),
  ...OPERATIONS.map(operation =>
    broken(AFTER_CLOSE, `${operation} goes on`, (_, server) => ({ [operation]: server.store()[operation] })),
  ),
  broken(AFTER_CLOSE, 'it hangs', store => {
    let closed = false
    return {
      get: key => (closed ? new Promise(() => {}) : store.get(key)),
      close: async () => {
        closed = true
      },
    }
  }),
]

function sharing(rule: string, because: string): BrokenStore {
  let only: RemoteStore | undefined
  return {
    rule,
    because,
    open: server => {
      only ??= server.store()
      return only
    },
  }
}
