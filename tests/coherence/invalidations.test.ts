import type { RedisBusMode } from '@lookaside/redis'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startRedis } from '../servers/index.js'
import { type Fleet, openFleet } from './fleet.js'
import { type Latency, latenciesIn, spreadOf } from './latency.js'
import type { How, Member, Place } from './member.js'
import { from, served } from './phases.js'
import type { Phase } from './workers/watch.mjs'

const MODES: readonly RedisBusMode[] = ['pubsub', 'tracking']
const TIMEOUT = 60_000

/** What is told of an invalidation: the wire key of the value, that of the tag's token, the path that was cleared. */
type Told = 'key' | 'token' | 'path'

interface Way {
  readonly what: string
  readonly how: How
  readonly tags?: Place['tags']
  /** The tag that is invalidated. */
  readonly tag?: string
  readonly told: Told
}

const WAYS: readonly Way[] = [
  { what: 'delete of the key', how: 'delete', told: 'key' },
  { what: 'delete of a tagged key', how: 'delete', tags: ['t'], told: 'key' },
  { what: 'deleteMany', how: 'deleteMany', told: 'key' },
  { what: 'expire of the key', how: 'expire', told: 'key' },
  {
    what: 'deleteTags of a tag that the call names',
    how: 'deleteTags',
    tags: ['s', 't'],
    tag: 't',
    told: 'token',
  },
  {
    what: 'deleteTags of a tag made from the value',
    how: 'deleteTags',
    tags: 'computed',
    tag: 'group-of-k',
    told: 'token',
  },
  {
    what: 'expireTags of a tag that the call names',
    how: 'expireTags',
    tags: ['t'],
    tag: 't',
    told: 'token',
  },
  {
    what: 'expireTags of a tag made from the value',
    how: 'expireTags',
    tags: 'computed',
    tag: 'group-of-k',
    told: 'token',
  },
  { what: 'clear of the namespace', how: 'clear', told: 'path' },
  { what: 'set of the key', how: 'set', told: 'key' },
]

describe.each(MODES)('three processes with local tiers on one Redis, mode %s', mode => {
  let server: Server
  let plain: Redis
  let fleet: Fleet
  let members: Member[]
  beforeAll(async () => {
    server = await startRedis()
    plain = new Redis(server.port)
    const url = `redis://${server.address}`
    fleet = openFleet({ mode, store: url, bus: url })
    members = await Promise.all([fleet.start(), fleet.start(), fleet.start()])
  }, TIMEOUT)
  afterAll(async () => {
    await fleet?.stop()
    plain?.disconnect()
    await server?.stop()
  })

  const keyOf = ({ namespace, key }: Place) => `${fleet.prefix}:${namespace}::${key}`
  const tokenOf = ({ namespace }: Place, tag: string) => `${fleet.prefix}:${namespace}:#tag:${tag}`

  /** What the bus will name; the server tells of keys only. */
  function signOf(place: Place, { told, tag = '' }: Pick<Way, 'told' | 'tag'>): string {
    if (told === 'token') return tokenOf(place, tag)
    return told === 'path' && mode === 'pubsub' ? `${fleet.prefix}:${place.namespace}` : keyOf(place)
  }

  /** Has all hold version 1, changes it, and watches them until each has served version 2. */
  async function watched(
    place: Place,
    sign: string,
    invalidate: () => Promise<unknown>,
  ): Promise<readonly Phase[][]> {
    await fleet.holdAll(members, place)
    const since = await Promise.all(members.map(member => member.mark('holds')))
    for (const member of members) await member.watch(place, { fresh: 2, sign })
    await fleet.write(place, 2)
    await invalidate()
    await Promise.all(
      members.map(async (member, index) => {
        await member.sees(`heard ${sign}`, since[index])
        await member.sees('new', since[index])
      }),
    )
    return Promise.all(members.map(async member => [...(await member.stop())]))
  }

  /** What must hold in every process. */
  function expectCoherent(all: readonly Phase[][], sign: string): void {
    for (const phases of all) {
      expect(served(from(phases, 'start')).local, 'hits of the copy').toBeGreaterThan(0)
      expect(served(from(phases, `heard ${sign}`)).old, 'old after the message').toBe(0)
      expect(served(from(phases, 'new')).old, 'old after the new one').toBe(0)
      expect(served(from(phases, 'new')).fresh).toBeGreaterThan(0)
    }
  }

  test.each(WAYS.map(way => [way.what, way] as const))(
    'agree after %s, whoever made it',
    async (what, way) => {
      const latencies: Latency[] = []
      for (const [turn, writer] of members.entries()) {
        const place = await fleet.place(way.tags)
        const sign = signOf(place, way)
        const all = await watched(place, sign, async () => {
          const names = way.tag === undefined ? [] : [way.tag]
          expect(await writer.invalidate(place, way.how, names, 2)).toBe(true)
        })
        expectCoherent(all, sign)
        expect(served(from(all[turn] ?? [], 'returned')).old, 'old in the writer once it has returned').toBe(
          0,
        )
        latencies.push(...latenciesIn(all, turn, sign))
      }
      console.info(`${mode}, ${what}: ${spreadOf(latencies)}`)
    },
    TIMEOUT,
  )

  const plainWays = [
    ['the key', keyOf, undefined],
    ['the token of a tag that the call names', (place: Place) => tokenOf(place, 't'), ['t']],
    ['the token of a tag made from the value', (place: Place) => tokenOf(place, 'group-of-k'), 'computed'],
  ] as const

  if (mode === 'tracking') {
    test.each(plainWays)(
      'agree after another program has deleted %s',
      async (_, nameOf, tags) => {
        const place = await fleet.place(tags)
        const all = await watched(place, nameOf(place), async () => {
          expect(await plain.del(nameOf(place))).toBe(1)
        })
        expectCoherent(all, nameOf(place))
      },
      TIMEOUT,
    )
  } else {
    test.each(plainWays)(
      'do not learn that another program has deleted %s',
      async (_, nameOf, tags) => {
        const place = await fleet.place(tags)
        await fleet.holdAll(members, place)
        await fleet.write(place, 2)
        expect(await plain.del(nameOf(place))).toBe(1)
        await fleet.settle(members)
        expect(await Promise.all(members.map(member => member.read(place)))).toEqual([1, 1, 1])
      },
      TIMEOUT,
    )
  }
})
