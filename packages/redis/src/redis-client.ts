import { discreetClient } from './discreet-client.js'
import { explain, noTlsHandshake, type RedisTarget } from './redis-failure.js'
import { addressOptions } from './redis-line-client.js'
import type { RedisSettings } from './redis-options.js'
import { TimedRedis } from './timed-redis.js'
import { withoutCredentials } from './without-credentials.js'

/** The options of an ioredis client that tell which server it talks to. */
export interface TargetOptions {
  readonly host?: string | null | undefined
  readonly port?: number | null | undefined
  readonly path?: string | null | undefined
  readonly db?: number | null | undefined
  readonly sentinels?: readonly object[] | null | undefined
  readonly name?: string | null | undefined
  readonly tls?: object | null | undefined
}

/**
 * The part of an ioredis client that the store uses: a `Redis` (also through Sentinel) or a `Cluster`, of any
 * version whose commands fit.
 */
export interface RedisClient {
  readonly status: string
  /** What the client was made with: for names and messages, for `clear`, and to refuse one that reads replicas. */
  readonly options: TargetOptions & {
    readonly keyPrefix?: string | undefined
    readonly role?: string | undefined
    readonly scaleReads?: unknown
  }
  getBuffer(key: string): Promise<Buffer | null>
  mgetBuffer(keys: string[]): Promise<(Buffer | null)[]>
  set(key: string, value: Buffer, px: 'PX', milliseconds: number): Promise<unknown>
  set(key: string, value: Buffer, px: 'PX', milliseconds: number, nx: 'NX'): Promise<unknown>
  unlink(keys: (string | Buffer)[]): Promise<number>
  evalsha(
    sha1: string,
    numberOfKeys: number,
    ...keysAndArguments: (string | Buffer | number)[]
  ): Promise<unknown>
  eval(
    script: string,
    numberOfKeys: number,
    ...keysAndArguments: (string | Buffer | number)[]
  ): Promise<unknown>
  scanBuffer(
    cursor: string,
    match: 'MATCH',
    pattern: string,
    count: 'COUNT',
    atOnce: number,
  ): Promise<[cursor: Buffer, keys: Buffer[]]>
  ping(): Promise<unknown>
  on(event: 'ready', listener: () => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  off(event: 'ready', listener: () => void): unknown
  off(event: 'error', listener: (error: unknown) => void): unknown
  /** Only a Cluster has this. */
  nodes?(role: 'master'): RedisClient[]
}

/** A client with what is known about its connection. */
export interface Connection extends RedisTarget {
  readonly client: RedisClient
  /** Until the first attempt to connect has ended: resolves when the server is ready, else rejects. */
  readonly opening: Promise<void> | undefined
  /** Why no command can be sent now; `undefined` where one can, or ioredis decides. */
  readonly down: Error | undefined
  /** Why there is no connection, if that is known. */
  readonly lastError: unknown
  close(): void
}

/**
 * Opens a connection whose commands fail fast while there is none, and which comes back by itself.
 *
 * Nothing is queued offline or sent twice: a command whose answer was lost may have been carried out.
 */
export function openConnection(settings: RedisSettings): Connection {
  const client = new TimedRedis(
    {
      ...addressOptions(settings),
      disconnectTimeout: settings.socketTimeout,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      retryStrategy: attempt => Math.min(50 * 2 ** attempt, 1_000),
      // A primary that a failover has demoted keeps its connections but refuses writes.
      reconnectOnError: error => error.message.includes('READONLY'),
    },
    {
      connect: settings.connectTimeout,
      silence: settings.socketTimeout,
      command: settings.commandTimeout,
    },
  )
  const target = targetOfClient(client)
  let lastError: unknown
  // The first error of an attempt is its reason, those after it are consequences.
  let untold = true

  function lost(): Error {
    const cause = lastError ?? new Error('the connection was closed')
    return new Error(explain(target, cause).message, { cause })
  }

  client.on('connecting', () => {
    untold = true
  })
  client.on('connect', () => {
    const { stream } = client
    // ioredis would only say that it made no second attempt.
    stream.prependListener('close', () => {
      if (client.stream !== stream) return
      for (const { command } of client.commandQueue.toArray()) command.reject(lost())
    })
  })
  client.on('error', (error: Error & { command?: { name: string } }) => {
    if (untold) lastError = withoutCredentials(error)
    untold = false
    // ioredis would go on in database 0, among keys of somebody else.
    if (error.command?.name === 'select') client.disconnect(true)
  })
  client.on('ready', () => {
    lastError = undefined
    untold = true
  })

  let opening: Promise<void> | undefined = new Promise<void>((resolve, reject) => {
    function settle(ready: boolean) {
      for (const [event, listener] of listeners) client.off(event, listener)
      opening = undefined
      if (ready) resolve()
      else reject(lost())
    }
    const listeners = [
      ['ready', () => settle(true)],
      ['close', () => settle(false)],
      ['end', () => settle(false)],
    ] as const
    for (const [event, listener] of listeners) client.on(event, listener)
  })
  // Those who wait for it see the rejection; nobody may.
  opening.catch(() => {})

  return {
    client,
    ...target,
    get opening() {
      return opening
    },
    get down() {
      return client.status === 'ready' && client.stream.writable ? undefined : lost()
    },
    get lastError() {
      return lastError ?? (client.shakingHands ? noTlsHandshake() : undefined)
    },
    close: () => client.disconnect(),
  }
}

/** Uses a connection that the application opened, and will close. */
export function injectedConnection(client: RedisClient): Connection {
  const target = targetOfClient(client)
  return {
    client: discreetClient(client),
    ...target,
    opening: undefined,
    down: undefined,
    lastError: undefined,
    close() {},
  }
}

function targetOfClient({ options, nodes }: RedisClient): RedisTarget {
  const target = targetOf(options)
  return typeof nodes === 'function'
    ? { ...target, server: 'the Redis Cluster', name: 'redis(cluster)' }
    : target
}

/** What is known of a server from the options of the client that talks to it. */
export function targetOf({ host, port, path, db, sentinels, name, tls }: TargetOptions): RedisTarget {
  const rest = { db: db ?? 0, tls: Boolean(tls) }
  const address = sentinels ? `sentinel ${name}` : (path ?? hostAndPort(host ?? 'localhost', port ?? 6379))
  return { ...rest, server: `Redis at ${address}`, name: `redis(${address}/${rest.db})` }
}

function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
