import { type Cache, createCache, type EntryMeta, type Guard, type GuardSettings } from '@lookaside/core'
import { ManualClock, memoryRemoteServer } from '@lookaside/testing'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { claimed, composeGuards, earlyRefresh } from '../src/index.js'

// The theory: reads arrive as a Poisson process of rate n, and each refreshes with probability e^(-x/δβ) at a gap x
// before expiry. So the refreshes wanted at gaps above x are Poisson too, with mean Λ(x) = nδβ·e^(-x/δβ): none comes
// before the gap x with probability e^(-Λ(x)), and none at all with e^(-nδβ). At the first one Λ is exponential with
// mean 1, and a load later it has grown by the factor e^(1/β): how many want to meanwhile is geometric.

/** How a key is read, and how many milliseconds it takes to load. */
interface Setting {
  readonly beta: number
  readonly loadTime: number
  readonly readsPerSecond: number
}

const reachOf = ({ beta, loadTime }: Setting) => beta * loadTime
/** nδβ: how many reads there are in one reach. */
const busynessOf = (setting: Setting) => (setting.readsPerSecond / 1_000) * reachOf(setting)
const herdOf = ({ beta }: Setting) => Math.exp(1 / beta)
/** The gap above which there is one first refresh in e^`rarity`. */
const farGap = (setting: Setting, rarity: number) =>
  reachOf(setting) * (Math.log(busynessOf(setting)) + rarity)

// So busy that at most one first refresh in 100,000 ends after expiry.
const BUSY: readonly Setting[] = [
  { beta: 0.5, loadTime: 500, readsPerSecond: 400 },
  { beta: 0.5, loadTime: 40, readsPerSecond: 7_000 },
  { beta: 1, loadTime: 500, readsPerSecond: 100 },
  { beta: 1, loadTime: 20, readsPerSecond: 2_000 },
  { beta: 2, loadTime: 500, readsPerSecond: 20 },
  { beta: 2, loadTime: 100, readsPerSecond: 300 },
]
const FLEET: Setting = { beta: 1, loadTime: 500, readsPerSecond: 75 }

describe.each(BUSY)('early refresh with β $beta, loads of $loadTime ms, $readsPerSecond reads/s', setting => {
  let gaps: readonly number[] = []
  let herds: readonly number[] = []
  beforeAll(() => {
    ;({ gaps, herds } = askTheGuard(setting, 10_000))
  })

  it('comes first at a mean gap of δβ(ln(nδβ) + 0.577) before expiry', () => expectMeanGap(gaps, setting))

  it('has its first gap below each quantile as often as the theory says', () => {
    for (const p of [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]) {
      // From P(no refresh before gap x) = exp(-nδβ·e^(-x/δβ)) = p.
      const quantile = reachOf(setting) * (Math.log(busynessOf(setting)) - Math.log(-Math.log(p)))
      expectShare(gaps, gap => gap < quantile, p)
    }
  })

  it('is wanted by e^(1/β) reads on average before the first has loaded', () =>
    expectMeanHerd(herds, setting))

  it('is wanted by so many at once as a geometric distribution says', () => {
    for (const k of [1, 2, 4, 8]) expectShare(herds, herd => herd > k, (1 - 1 / herdOf(setting)) ** k)
  })
})

it.each([0.25, 0.5, 1, 2, 4])('no early refresh comes with probability e^-nδβ, nδβ = %d', busyness => {
  const { herds } = askTheGuard({ beta: 1, loadTime: 500, readsPerSecond: busyness * 2 }, 20_000)
  expectShare(herds, herd => herd === 0, Math.exp(-busyness))
})

describe('a fleet of eight caches on one server', () => {
  it('loads e^(1/β) times per refresh without claims, after the gap of the theory', async () => {
    const { shouldRefresh } = earlyRefresh() as Required<Guard>
    // `next` claims, but loads without a claim too.
    const unclaimed: Guard = {
      name: 'unclaimed',
      shouldRefresh,
      async run(flight, next) {
        const { reason, present } = flight
        if (reason !== 'early' || present === undefined) return next(flight)
        flight.background(next(flight))
        return present
      },
    }
    const { gaps, herds } = await readThroughFleet(unclaimed)
    expectMeanHerd(herds, FLEET)
    expectMeanGap(gaps, FLEET)
  })

  it('loads exactly once per refresh with claims, misses nothing, and keeps the gap', async () => {
    const { gaps, herds, misses, wanted } = await readThroughFleet(composeGuards(earlyRefresh(), claimed()))
    expect(herds).toEqual(herds.map(() => 1))
    expect(misses).toBe(0)
    // Other caches wanted to refresh as well: it took the claim to make it one.
    expect(wanted).toBeGreaterThan(1.5 * herds.length)
    expectMeanGap(gaps, FLEET)
  })
})

/** Asks the guard at each read of `count` lifetimes, until who came first has loaded: its gap, and how many wanted to. */
function askTheGuard(setting: Setting, count: number) {
  const { beta, loadTime, readsPerSecond } = setting
  const random = seededRandom(1)
  const { shouldRefresh } = earlyRefresh({ beta }) as Required<Guard>
  const settings: GuardSettings = { get: () => undefined }
  const staleAt = Date.UTC(2030, 0, 1)
  const entry: EntryMeta = { createdAt: 0, loadTime, staleAt, deleteAt: staleAt, schemaVersion: 0 }
  const gaps: number[] = []
  const herds: number[] = []
  for (let lifetime = 0; lifetime < count; lifetime++) {
    let [first, herd, end] = [0, 0, 0]
    let gap = farGap(setting, 10) - pause(random, readsPerSecond)
    for (; gap > end; gap -= pause(random, readsPerSecond)) {
      if (!shouldRefresh(entry, staleAt - gap, random, settings)) continue
      if (herd === 0) [first, end] = [gap, Math.max(0, gap - loadTime)]
      herd++
    }
    gaps.push(first)
    herds.push(herd)
  }
  return { gaps, herds }
}

/** Reads one key through eight caches until it has been refreshed 150 times; jumps to where that gets likely. */
async function readThroughFleet(guard: Guard) {
  const random = seededRandom(2)
  const clock = new ManualClock({ random })
  const server = memoryRemoteServer({ clock })
  const ttl = 20_000
  const caches: Cache[] = Array.from({ length: 8 }, () =>
    createCache({ guard, store: server.store(), clock, ttl }),
  )
  onTestFinished(async () => void (await Promise.all(caches.map(cache => cache.close()))))

  let [running, begun, firstAt, loadedAt, misses, wanted] = [0, 0, 0, 0, 0, 0]
  const load = async () => {
    if (begun++ === 0) firstAt = clock.now()
    running++
    await clock.sleep(FLEET.loadTime)
    if (running-- === begun) loadedAt = clock.now()
  }
  await Promise.all([caches[0]?.getOrSet('hot', load), clock.advance(FLEET.loadTime)])
  for (const cache of caches) {
    cache.on(({ type }) => {
      if (type === 'miss') misses++
      if (type === 'early-refresh') wanted++
    })
  }
  const gaps: number[] = []
  const herds: number[] = []
  while (herds.length < 150) {
    const staleAt = loadedAt + ttl
    begun = 0
    await clock.advance(staleAt - farGap(FLEET, 6) - clock.now())
    while (begun === 0 || running > 0) {
      await clock.advance(pause(random, FLEET.readsPerSecond))
      void caches[Math.floor(random() * caches.length)]?.getOrSet('hot', load)
    }
    gaps.push(staleAt - firstAt)
    herds.push(begun)
  }
  return { gaps, herds, misses, wanted }
}

function expectMeanGap(gaps: readonly number[], setting: Setting): void {
  const reach = reachOf(setting)
  const expected = reach * (Math.log(busynessOf(setting)) + 0.577_215_664_9)
  expectNear(mean(gaps), expected, (reach * Math.PI) / Math.sqrt(6), gaps.length)
}

function expectMeanHerd(herds: readonly number[], setting: Setting): void {
  const m = herdOf(setting)
  expectNear(mean(herds), m, Math.sqrt(m * (m - 1)), herds.length)
}

function expectShare(sample: readonly number[], has: (one: number) => boolean, p: number): void {
  expectNear(sample.filter(has).length / sample.length, p, Math.sqrt(p * (1 - p)), sample.length)
}

/** Within four standard errors of a sample of that size, which one sample in 16,000 exceeds; the samples are seeded. */
function expectNear(measured: number, expected: number, deviation: number, size: number): void {
  expect(Math.abs(measured - expected)).toBeLessThan((4 * deviation) / Math.sqrt(size))
}

function mean(sample: readonly number[]): number {
  return sample.reduce((sum, one) => sum + one, 0) / sample.length
}

/** The time between two arrivals of a Poisson process, in milliseconds. */
function pause(random: () => number, perSecond: number): number {
  return (-Math.log(1 - random()) / perSecond) * 1_000
}

/** Mulberry32: numbers from 0 (inclusive) to 1 (exclusive), the same ones for the same seed. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
