import type { AddressSettings } from './redis-address-options.js'

/** What is used of a connection that serves one purpose only: a `Redis` of ioredis, of this or another copy. */
export interface LineClient {
  readonly status: string
  readonly stream?: { readonly connecting: boolean; destroy(): unknown } | undefined
  connect(): Promise<unknown>
  disconnect(): void
  ping(): Promise<unknown>
  call(command: string, ...args: (string | number)[]): Promise<unknown>
  subscribe(...channels: string[]): Promise<unknown>
  unsubscribe(...channels: string[]): Promise<unknown>
  publish(channel: string, message: Buffer): Promise<unknown>
  set(key: string, value: string, px: 'PX', milliseconds: number): Promise<unknown>
  set(key: string, value: string, px: 'PX', milliseconds: number, nx: 'NX'): Promise<unknown>
  pexpire(key: string, milliseconds: number): Promise<unknown>
  del(key: string): Promise<unknown>
  on(event: 'end', listener: () => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  /** What a subscriber is sent; for invalidated keys the message is a list of them, or null for all. */
  on(event: 'messageBuffer', listener: (channel: Buffer, message: Buffer | Buffer[] | null) => void): unknown
}

/** How a connection of one purpose differs from one that serves everything. */
export interface LineClientOptions {
  readonly host?: string
  readonly port?: number
  readonly connectTimeout: number
}

/**
 * The options of ioredis for a client that connects once, when it is told to, and queues and repeats nothing.
 *
 * They also undo what the application's own client was made with.
 */
export function lineClientOptions({ connectTimeout, ...address }: LineClientOptions) {
  return {
    ...address,
    // Only over RESP2 ioredis passes on the keys that client tracking tells of.
    protocol: 2,
    replyMapping: 'legacy',
    lazyConnect: true,
    retryStrategy: null,
    reconnectOnError: null,
    connectTimeout,
    commandTimeout: undefined,
    socketTimeout: undefined,
    enableOfflineQueue: false,
    maxRetriesPerRequest: null,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: false,
    readOnly: false,
    monitor: false,
    keyPrefix: '',
    // A Sentinel that is asked for the address must not outlive the attempt.
    sentinelRetryStrategy: () => null,
    sentinelCommandTimeout: connectTimeout,
    failoverDetector: false,
  } as const
}

/** The options of ioredis that say where to connect to, and as whom. */
export function addressOptions({ host, port, db, username, password, tls }: AddressSettings) {
  return {
    host,
    port,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
  }
}
