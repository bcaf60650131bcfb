import { type Clock, type Milliseconds, type RemoteStore, systemClock } from '@lookaside/core'

/** The operations of a remote store. */
export type StoreOperation = {
  [Name in keyof Required<RemoteStore>]: RemoteStore[Name] extends ((...args: never[]) => unknown) | undefined
    ? Name
    : never
}[keyof RemoteStore]

/** Which calls a fault strikes: one operation, or some of them, for a number of calls. */
export type FaultScope =
  | StoreOperation
  | {
      /**
       * The operations it strikes.
       * @default all but `close`
       */
      readonly ops?: readonly StoreOperation[]
      /**
       * How many calls it strikes before it is over.
       * @default Infinity
       */
      readonly times?: number
    }

/** One call that a faulty store received. */
export interface StoreCall {
  readonly op: StoreOperation
  /** The keys as given; the prefix of `clear`; empty for `ping` and `close`. */
  readonly keys: readonly string[]
}

/** A store with faults to switch on and off, and a log of its calls. */
export interface FaultyStore extends RemoteStore {
  /** Every call so far, also those that a fault struck; yours to empty. */
  readonly calls: StoreCall[]
  /** Performs calls `ms` after they were made: a slow network, or a write that lands late. */
  delay(ms: Milliseconds, scope?: FaultScope): void
  /** Rejects calls without performing them; with an error as of a lost connection, unless one is given. */
  fail(error?: unknown, scope?: FaultScope): void
  /** Neither performs nor answers calls: the request was lost, or the server is frozen. */
  hang(scope?: FaultScope): void
  /** Performs calls but never answers them: the answer was lost. */
  drop(scope?: FaultScope): void
  /** Switches all faults off; calls that hang stay so, and delayed ones are still performed. */
  heal(): void
}

/** How a faulty store tells time. */
export interface FaultyStoreOptions {
  /**
   * What `delay` waits on.
   * @default systemClock
   */
  readonly clock?: Pick<Clock, 'sleep'>
}

type Perform<T> = () => Promise<T>

interface Fault {
  readonly ops: readonly StoreOperation[] | undefined
  left: number
  strike<T>(perform: Perform<T>): Promise<T>
}

/**
 * Wraps a store so that tests can make it slow, failing, frozen or forgetful.
 *
 * Several faults strike a call in the order in which they were switched on: after `delay(50)` and `fail()`
 * it fails 50 ms late. A call is struck by what is on when it is made. `close` is spared unless named.
 * Without a fault it behaves as the store it wraps.
 *
 * @example
 * const store = faultyStore(memoryRemoteStore())
 * store.fail(new Error('connection reset'), { ops: ['get'], times: 1 })
 * await store.get('a') // rejects
 * await store.get('a') // undefined
 * store.calls.length   // 2
 */
export function faultyStore(store: RemoteStore, options: FaultyStoreOptions = {}): FaultyStore {
  const clock = options.clock ?? systemClock
  const calls: StoreCall[] = []
  let faults: Fault[] = []

  function start(scope: FaultScope | undefined, strike: Fault['strike']): void {
    const { ops, times = Number.POSITIVE_INFINITY } =
      typeof scope === 'string' ? { ops: [scope] } : (scope ?? {})
    faults.push({ ops, left: times, strike })
  }

  function call<T>(op: StoreOperation, keys: readonly string[], perform: Perform<T>): Promise<T> {
    calls.push({ op, keys: [...keys] })
    return strike(
      faults.filter(({ ops }) => ops?.includes(op) ?? op !== 'close'),
      perform,
    )
  }

  return {
    kind: 'remote',
    name: store.name,
    limits: store.limits,
    ...(store.shards && { shards: store.shards }),
    calls,
    delay: (ms, scope) =>
      start(scope, async perform => {
        await clock.sleep(ms)
        return perform()
      }),
    fail: (error, scope) => start(scope, () => Promise.reject(error ?? unavailable(store.name))),
    hang: scope => start(scope, never),
    drop: scope => start(scope, <T>(perform: Perform<T>) => perform().then<T, T>(never, never)),
    heal: () => {
      faults = []
    },
    get: key => call('get', [key], () => store.get(key)),
    getMany: keys => call('getMany', keys, () => store.getMany(keys)),
    set: (key, bytes, ttl) => call('set', [key], () => store.set(key, bytes, ttl)),
    add: (key, bytes, ttl) => call('add', [key], () => store.add(key, bytes, ttl)),
    replace: (key, bytes, ttl, version) =>
      call('replace', [key], () => store.replace(key, bytes, ttl, version)),
    delete: (key, version) => call('delete', [key], () => store.delete(key, version)),
    deleteMany: keys => call('deleteMany', keys, () => store.deleteMany(keys)),
    increment: (key, by, how) => call('increment', [key], () => store.increment(key, by, how)),
    ...(store.expire && {
      expire: (key: string, randomBits: Uint8Array) =>
        call('expire', [key], async () => store.expire?.(key, randomBits)),
    }),
    ...(store.clear && {
      clear: (prefix: string) => call('clear', [prefix], async () => store.clear?.(prefix)),
    }),
    ...(store.clearsInPart && { clearsInPart: store.clearsInPart }),
    ping: scope => call('ping', [], () => store.ping(scope)),
    close: () => call('close', [], () => store.close()),
    ...(store.answered && { answered: (error: unknown) => store.answered?.(error) === true }),
  }
}

function strike<T>([fault, ...rest]: readonly Fault[], perform: Perform<T>): Promise<T> {
  if (fault === undefined) return perform()
  if (fault.left < 1) return strike(rest, perform)
  fault.left--
  return fault.strike(() => strike(rest, perform))
}

function never<T>(): Promise<T> {
  return new Promise(() => {})
}

/** As a client would throw it: the core makes a `CacheError` of it. */
function unavailable(name: string): Error {
  return new Error(`the connection of '${name}' was lost, by a fault that was switched on; heal() it`)
}
