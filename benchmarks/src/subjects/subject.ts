import type { Milliseconds } from '@lookaside/core'

/** Where a subject keeps its values. */
export type Place =
  | { readonly kind: 'local'; readonly maxEntries: number }
  | { readonly kind: 'redis' | 'memcached'; readonly url: string }

/** Brings the value of a key from the origin. */
type Load = (key: string) => Promise<unknown>

/** A cache library, or a raw client, as the benchmarks see it: used the way its own documentation shows. */
export interface Subject {
  /** What its rows are called. */
  readonly name: string
  /** The packages whose versions are printed with the figures. */
  readonly packages: readonly string[]
  /** What it leaves out that the others do, told beside its figures. */
  readonly less?: Partial<Readonly<Record<Place['kind'], string>>>
  /** A cache that has nothing yet; `undefined` where it has no such backend. */
  open(place: Place, load: Load, ttl: Milliseconds): Promise<OpenCache | undefined>
}

/** A subject in use. */
export interface OpenCache {
  /** What is cached under a key; loaded and stored where it is not. */
  get(key: string): Promise<unknown>
  /** The same without waiting, where it has that: `undefined` for what is not cached. */
  peek?(key: string): unknown
  close(): Promise<void>
}
