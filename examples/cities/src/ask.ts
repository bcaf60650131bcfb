/** What `GET /stats` of a service counts. */
export interface Counts {
  /** Queries that it has sent to its database. */
  readonly queries: number
  /** Calls that its cache has answered from the memory of its process. */
  readonly localHits: number
  /** Calls of the cache's server that were answered, and those that were not. */
  readonly roundTrips: number
  readonly storeErrors: number
}

/** Longer nobody waits for an answer that is as it should be, in milliseconds. */
export const PATIENCE = 5_000

async function countsOf(service: string): Promise<Counts> {
  const { database, cache } = (await get(`${service}/stats`)) as {
    database: { queries: number }
    cache: { hits: { local: number }; remoteTime: { count: number }; storeErrors: number }
  }
  return {
    queries: database.queries,
    localHits: cache.hits.local,
    roundTrips: cache.remoteTime.count,
    storeErrors: cache.storeErrors,
  }
}

/** What was asked, and what that took. */
export interface Counted<T> {
  readonly result: T
  readonly took: Counts
}

/** Asks, and counts what that takes the service; nobody else must be asking. */
export async function counted<T>(service: string, ask: () => Promise<T>): Promise<Counted<T>> {
  const before = await countsOf(service)
  const result = await ask()
  const after = await countsOf(service)
  return {
    result,
    took: {
      queries: after.queries - before.queries,
      localHits: after.localHits - before.localHits,
      roundTrips: after.roundTrips - before.roundTrips,
      storeErrors: after.storeErrors - before.storeErrors,
    },
  }
}

/** Asks until the answer comes from the memory of the service's process. */
export async function untilHeld(service: string, path: string): Promise<boolean> {
  const deadline = performance.now() + PATIENCE
  while (performance.now() < deadline) {
    const { took } = await counted(service, () => get(service + path))
    if (took.localHits > 0) return true
  }
  return false
}

export async function get(url: string): Promise<unknown> {
  return json(await fetch(url))
}

/** An answer, and how many milliseconds of the wait for it were the service's own. */
export async function getTimed(url: string): Promise<{ readonly body: unknown; readonly own: number }> {
  const response = await fetch(url)
  const own = /dur=([\d.]+)/.exec(response.headers.get('server-timing') ?? '')?.[1] ?? 0
  return { body: await json(response), own: Number(own) }
}

export async function put(url: string, body: unknown): Promise<unknown> {
  return json(await fetch(url, { method: 'PUT', body: JSON.stringify(body) }))
}

async function json(response: Response): Promise<unknown> {
  const body: unknown = await response.json()
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${JSON.stringify(body)}`)
  return body
}
