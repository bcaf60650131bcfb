import { setTimeout as sleep } from 'node:timers/promises'
import type { Milliseconds } from '@lookaside/core'
import { monotonic } from '../../monotonic.js'
import { quantile, sort } from '../../quantile.js'
import { TTL } from '../../subjects/filled.js'
import { lookaside } from '../../subjects/lookaside.js'
import { lookasideUnguarded } from '../../subjects/lookaside-unguarded.js'
import { rawIoredis } from '../../subjects/raw-ioredis.js'
import { rawMemjs } from '../../subjects/raw-memjs.js'
import type { OpenCache, Place, Subject } from '../../subjects/subject.js'
import { valueFor } from '../../workload/values.js'
import { count } from '../format.js'
import { countRoundTrips } from '../round-trips.js'
import type { Section, SectionContext, Table } from '../section.js'

const LOAD_TIME: Milliseconds = 1

/** The first misses are for the compiler. */
const WARM_UP = 100

/** Few are enough where each counts the same. */
const COUNTED = 10

interface Figures {
  readonly name: string
  /** Of one miss, until everything about it is over. */
  readonly roundTrips: number
  /** Of a miss, in milliseconds. */
  readonly p50: Milliseconds
  readonly p99: Milliseconds
}

/** Misses: what the claims cost, which no other library makes. */
export const misses: Section = {
  name: 'misses',
  title: 'Misses: what the claims cost',
  async run(context) {
    if (context.checking) return { about: [], tables: [], goals: [], data: {} }
    const redis = await measure(context, { kind: 'redis', url: await context.redis() }, rawIoredis)
    const memcached = await measure(context, { kind: 'memcached', url: await context.memcached() }, rawMemjs)
    return {
      about: [
        `One caller, a new key for each call, values of 200 B, a loader that waits ${LOAD_TIME} ms. ${count(samplesOf(context))} misses of each, by turns.`,
        'By hand a miss is a get, the load and a set. Ours claims the key before it loads and stores only if the claim still holds, so that a value loaded before an invalidation is never stored after it: one round trip more.',
        'Round trips were counted on a proxy that holds answers back until the client waits for them.',
      ],
      tables: [tableOf('Redis', redis, rawIoredis), tableOf('memcached', memcached, rawMemjs)],
      goals: [],
      data: { redis, memcached },
    }
  },
}

function samplesOf({ quick }: SectionContext): number {
  return quick ? 300 : 2_000
}

async function load(key: string): Promise<unknown> {
  await sleep(LOAD_TIME)
  return valueFor(key, '200 B')
}

async function measure(context: SectionContext, place: Place, byHand: Subject): Promise<Figures[]> {
  const subjects = [byHand, lookasideUnguarded, lookaside]
  const samples = new Map<string, number[]>(subjects.map(({ name }) => [name, []]))
  const caches: (readonly [string, OpenCache])[] = []
  try {
    for (const subject of subjects) caches.push([subject.name, await open(subject, place)])
    for (let sample = 0; sample < WARM_UP + samplesOf(context); sample++) {
      if (sample % 100 === 0) context.progress.now(`misses in ${place.kind}: ${sample}`)
      for (let turn = 0; turn < caches.length; turn++) {
        const index = (sample + turn) % caches.length
        const [name, cache] = caches[index] as (typeof caches)[number]
        const took = await timedMiss(cache, `miss:${index}:${sample}`)
        if (sample >= WARM_UP) samples.get(name)?.push(took)
      }
    }
  } finally {
    await Promise.all(caches.map(([, cache]) => cache.close()))
  }
  const figures: Figures[] = []
  for (const [index, subject] of subjects.entries()) {
    const sorted = sort(samples.get(subject.name) ?? [])
    const roundTrips = await roundTripsOf(subject, place, `counted:${index}`)
    figures.push({
      name: subject.name,
      roundTrips,
      p50: quantile(sorted, 0.5),
      p99: quantile(sorted, 0.99),
    })
  }
  return figures
}

async function timedMiss(cache: OpenCache, key: string): Promise<Milliseconds> {
  const start = monotonic()
  await cache.get(key)
  return monotonic() - start
}

async function roundTripsOf(subject: Subject, place: Place, key: string): Promise<number> {
  if (place.kind === 'local') return 0
  const counter = await countRoundTrips(place.url)
  const cache = await open(subject, { kind: place.kind, url: counter.url })
  try {
    // The first call may have to connect, and to learn what later ones know.
    await cache.get(`${key}:first`)
    await sleep(100)
    const before = counter.roundTrips
    for (let miss = 0; miss < COUNTED; miss++) {
      await cache.get(`${key}:${miss}`)
      // What goes on after the answer counts too.
      await sleep(50)
    }
    return (counter.roundTrips - before) / COUNTED
  } finally {
    await cache.close()
    await counter.close()
  }
}

async function open(subject: Subject, place: Place): Promise<OpenCache> {
  const cache = await subject.open(place, load, TTL)
  if (cache === undefined) throw new Error(`${subject.name} has no ${place.kind}`)
  return cache
}

function tableOf(caption: string, figures: readonly Figures[], byHand: Subject): Table {
  const reference = figures.find(({ name }) => name === byHand.name)?.p50 ?? Number.NaN
  const microseconds = (ms: Milliseconds) => count(ms * 1_000)
  return {
    caption,
    head: ['', 'round trips a miss', 'p50 µs', 'p99 µs', 'p50 more than by hand, µs'],
    rows: figures.map(({ name, roundTrips, p50, p99 }) => [
      name,
      `${Number(roundTrips.toFixed(1))}`,
      microseconds(p50),
      microseconds(p99),
      name === byHand.name ? '' : microseconds(p50 - reference),
    ]),
  }
}
