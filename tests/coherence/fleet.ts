import { randomUUID } from 'node:crypto'
import type { RedisBusMode } from '@lookaside/redis'
import { Redis } from 'ioredis'
import { inject } from 'vitest'
import { newPrefix } from '../backends.js'
import { type Member, type MemberOptions, type Place, startMember } from './member.js'

/** Processes with a local tier each, on one Redis, before one database. */
export interface Fleet {
  readonly prefix: string
  /** Starts one more process; `bus` is where it looks for the bus. */
  start(options?: Partial<MemberOptions>): Promise<Member>
  /** A place that nobody has used before, whose row has version 1. */
  place(tags?: Place['tags']): Promise<Place>
  /** Writes a version into the database. */
  write(place: Place, version: number): Promise<void>
  /** The versions in the database, of keys in one namespace. */
  versions(namespace: string, keys: readonly string[]): Promise<readonly number[]>
  /** Resolves once all of these have heard what any of them has said before. */
  settle(members: readonly Member[]): Promise<void>
  /** Has all of these hold a copy of version 1, which nothing that was said before can take from them any more. */
  holdAll(members: readonly Member[], place: Place): Promise<void>
  /** Kills the processes. */
  stop(): Promise<void>
}

/** Where a fleet has its values and its bus: URLs. */
export interface FleetOptions {
  readonly mode: RedisBusMode
  readonly store: string
  readonly bus: string
}

/** As a bus has it by default, but for a machine that is slow. */
const TIMING = { heartbeat: 250, socketTimeout: 2_000, connectTimeout: 2_000 }
/** What was said while a bus was down is said again. */
const PATIENCE = 500

export function openFleet({ mode, store, bus }: FleetOptions): Fleet {
  const prefix = newPrefix()
  const database = inject('redisUrl')
  const rows = new Redis(database)
  const members: Member[] = []
  let places = 0

  async function settle(hearers: readonly Member[]): Promise<void> {
    const [speaker] = hearers
    if (speaker === undefined) return
    while (true) {
      const key = `heard-by-all-${randomUUID()}`
      const heard = Promise.all(hearers.map(member => member.sees(`heard ${prefix}::${key}`)))
      await speaker.tell(key)
      const late = new Promise<'late'>(resolve => setTimeout(resolve, PATIENCE, 'late'))
      if ((await Promise.race([heard, late])) !== 'late') return
    }
  }

  return {
    prefix,
    async start(options = {}) {
      const member = await startMember({
        ...{ prefix, mode, store, bus, database, timing: TIMING },
        ...{ ttl: '1h', grace: '1h', storeTimeout: '5s' },
        ...options,
      })
      members.push(member)
      return member
    },
    async place(tags) {
      const place = { namespace: `n${places++}`, key: 'k', ...(tags !== undefined && { tags }) }
      await rows.set(`${prefix}:${place.namespace}:k`, 1)
      return place
    },
    async write({ namespace, key }, version) {
      await rows.set(`${prefix}:${namespace}:${key}`, version)
    },
    async versions(namespace, keys) {
      const found = await rows.mget(keys.map(key => `${prefix}:${namespace}:${key}`))
      return found.map(Number)
    },
    settle,
    async holdAll(holders, place) {
      while (true) {
        for (const member of holders) await member.hold(place)
        await settle(holders)
        const held = await Promise.all(holders.map(member => member.peek(place)))
        if (held.every(version => version === 1)) return
      }
    },
    async stop() {
      await Promise.all(members.map(member => member.kill()))
      rows.disconnect()
    },
  }
}
