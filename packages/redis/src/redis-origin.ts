import type { Milliseconds } from '@lookaside/core'
import { Redis } from 'ioredis'
import { deadline } from './after-reading.js'
import type { AddressSettings } from './redis-address-options.js'
import { type TargetOptions, targetOf } from './redis-client.js'
import type { RedisTarget } from './redis-failure.js'
import type { Place } from './redis-line.js'
import { addressOptions, type LineClient, lineClientOptions } from './redis-line-client.js'

/** A `Redis` of ioredis that connections of one purpose are made from; itself it is sent nothing. */
export interface RedisNode {
  readonly options: TargetOptions & {
    readonly keyPrefix?: string | undefined
    readonly role?: string | undefined
  }
  duplicate(options: ReturnType<typeof lineClientOptions>): LineClient
}

/** A `Cluster` of ioredis: its nodes are what connections are made from. */
export interface RedisNodes {
  readonly options: {
    readonly keyPrefix?: string | undefined
    /** What the addresses that the nodes tell of are from here. */
    readonly natMap?:
      | { readonly [address: string]: { readonly host: string; readonly port: number } }
      | ((address: string) => { readonly host: string; readonly port: number } | null | undefined)
      | undefined
  }
  readonly status: string
  connect(): Promise<unknown>
  nodes(role: 'all'): readonly RedisNode[]
  on(event: '+node', listener: () => void): unknown
  off(event: '+node', listener: () => void): unknown
}

/** Where the connections of a bus are made to. */
export type Origin = ServerOrigin | ClusterOrigin

interface AnyOrigin {
  readonly target: RedisTarget
  /** What the application's client puts before its keys. */
  readonly keyPrefix: string
}

/** One server, or the primary that Sentinel tells of. */
interface ServerOrigin extends AnyOrigin {
  readonly kind: 'server'
  readonly place: Place
}

/** The masters of a Cluster, which its nodes tell of. */
export interface ClusterOrigin extends AnyOrigin {
  readonly kind: 'cluster'
  /** Nodes that may know the masters. */
  known(): readonly Place[]
  /** Calls `done` once nodes are known, or after `limit`, but never at once. Returns what gives up waiting. */
  whenKnown(limit: Milliseconds, done: () => void): () => void
  /** The node at an address that a node has told of. */
  at(host: string, port: number): Place
}

export function originOf(client: RedisNode | RedisNodes | AddressSettings): Origin {
  if ('nodes' in client && typeof client.nodes === 'function') return clusterOrigin(client)
  if ('duplicate' in client) {
    const place = placeOf(client, {})
    const { keyPrefix } = client.options
    return { kind: 'server', place, target: place.target, keyPrefix: keyPrefix ?? '' }
  }
  const settings = client as AddressSettings
  const target = targetOf(settings)
  return {
    kind: 'server',
    target,
    keyPrefix: '',
    place: {
      key: target.name,
      target,
      open: connectTimeout =>
        new Redis({ ...addressOptions(settings), ...lineClientOptions({ connectTimeout }) }),
    },
  }
}

function clusterOrigin(cluster: RedisNodes): ClusterOrigin {
  const { natMap, keyPrefix } = cluster.options
  // The pool may be empty later on, while the cluster client makes new connections.
  let nodes: readonly RedisNode[] = []
  function known(): readonly RedisNode[] {
    const now = cluster.nodes('all')
    if (now.length > 0) nodes = now
    return nodes
  }
  return {
    kind: 'cluster',
    target: { server: 'the Redis Cluster', name: 'redis(cluster)', db: 0, tls: false },
    keyPrefix: keyPrefix ?? known()[0]?.options.keyPrefix ?? '',
    known: () => known().map(node => placeOf(node, {})),
    whenKnown(limit, done) {
      // What becomes of the attempt is the business of the cluster client, which makes others.
      if (cluster.status === 'wait') cluster.connect().catch(() => {})
      const stopDeadline = deadline(known().length > 0 ? 0 : limit, finish)
      function stop() {
        stopDeadline()
        cluster.off('+node', finish)
      }
      function finish() {
        stop()
        done()
      }
      cluster.on('+node', finish)
      return stop
    },
    at(host, port) {
      const address = `${host}:${port}`
      const mapped = typeof natMap === 'function' ? natMap(address) : natMap?.[address]
      const { host: toHost, port: toPort } = mapped ?? { host, port }
      const own = known().find(({ options }) => options.host === toHost && options.port === toPort)
      const template = own ?? known()[0]
      if (template === undefined) throw new Error('the Redis Cluster knows of no node')
      return placeOf(template, { host: toHost, port: toPort })
    },
  }
}

function placeOf(node: RedisNode, address: { readonly host?: string; readonly port?: number }): Place {
  const target = targetOf({ ...node.options, ...address })
  return {
    key: target.name,
    target,
    open: (connectTimeout: Milliseconds) => node.duplicate(lineClientOptions({ ...address, connectTimeout })),
  }
}
