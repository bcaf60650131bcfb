import type { RedisBusMode } from '@lookaside/redis'
import { Redis } from 'ioredis'
import { type Server, startRedis } from '../servers/index.js'
import { type BusProxy, startBusProxy } from './bus-proxy.js'
import { type Fleet, openFleet } from './fleet.js'
import type { Member, MemberOptions, Place } from './member.js'

/**
 * Processes of which some can be cut off from their bus, and still reach the values.
 *
 * With `'pubsub'` the bus is a Redis of its own; with `'tracking'` it is the one that holds the values, and only the
 * connections of the bus lead through the proxy.
 */
export interface CutWorld {
  readonly fleet: Fleet
  /** The server of the bus. */
  readonly server: Server
  /** A plain client of the server that holds the values. */
  readonly values: Redis
  readonly proxy: BusProxy
  /** It invalidates, and reaches the bus directly. */
  readonly writer: Member
  /** Starts a process that reaches the bus through the proxy. */
  startBehind(options?: Partial<MemberOptions>): Promise<Member>
  /** Kills the connections that lead through the proxy, as an operator would (CLIENT KILL). */
  killConnections(): Promise<void>
  /** Has all of these hold a copy of version 1, which `others` hold too, and watches them. */
  watched(members: readonly Member[], others?: readonly Member[]): Promise<Place>
  stop(): Promise<void>
}

/** Bounds for how long a server may be silent, in ms: who takes a slow one for a dead one only connects once more. */
const TIMING = { heartbeat: 250, socketTimeout: 1_000, connectTimeout: 1_000 }

export async function openCutWorld(mode: RedisBusMode): Promise<CutWorld> {
  const holder = await startRedis()
  const server = mode === 'pubsub' ? await startRedis() : holder
  const clients = [holder, server].map(({ port }) => {
    const client = new Redis(port, { retryStrategy: () => 20, maxRetriesPerRequest: null })
    return client.on('error', () => {})
  }) as [Redis, Redis]
  const [values, admin] = clients
  const proxy = await startBusProxy(server.port)
  const fleet = openFleet({
    mode,
    store: `redis://${holder.address}`,
    bus: `redis://${server.address}`,
  })
  // A store that hangs is not waited for long.
  const own = { timing: TIMING, storeTimeout: '1s' } as const
  const writer = await fleet.start(own)
  return {
    fleet,
    server,
    values,
    proxy,
    writer,
    startBehind: options => fleet.start({ ...own, bus: proxy.url, ...options }),
    async killConnections() {
      for (const address of proxy.addresses()) await admin.call('CLIENT', 'KILL', 'ADDR', address)
    },
    async watched(members, others = [writer]) {
      const place = await fleet.place()
      await fleet.holdAll([...others, ...members], place)
      for (const member of members) await member.watch(place, { fresh: 2, sign: '' })
      return place
    },
    async stop() {
      await fleet.stop()
      await proxy.close()
      for (const client of clients) client.disconnect()
      await Promise.all([holder, ...(server === holder ? [] : [server])].map(one => one.stop()))
    },
  }
}

/** Puts a mark into what happens in each of them; resolves to its numbers. */
export function markAll(members: readonly Member[], name: string): Promise<number[]> {
  return Promise.all(members.map(member => member.mark(name)))
}
