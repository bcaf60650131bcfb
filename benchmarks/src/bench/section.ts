import type { Progress } from '../progress.js'

/** One question that the benchmark answers. */
export interface Section {
  /** What `--only` calls it. */
  readonly name: string
  readonly title: string
  run(context: SectionContext): Promise<SectionResult>
}

/** What a section is given. */
export interface SectionContext {
  /** A smaller run, of under two minutes over all sections. */
  readonly quick: boolean
  /** Only ourselves, the raw clients and plain lru-cache, and only what has a goal. */
  readonly checking: boolean
  readonly progress: Progress
  /** The URL of a Redis, a memcached of our own; started when first asked for, and stopped by whoever runs the sections. */
  redis(): Promise<string>
  memcached(): Promise<string>
}

/** What a section has found. */
export interface SectionResult {
  /** How it was measured: what a reader has to know to trust the figures. */
  readonly about: readonly string[]
  readonly tables: readonly Table[]
  readonly goals: readonly Goal[]
  readonly charts?: readonly ChartData[]
  /** All figures, for `--json`. */
  readonly data: unknown
}

export interface Table {
  readonly caption: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** What a row needs to be read fairly. */
  readonly notes?: readonly string[]
}

/** A figure that was to be reached. */
export interface Goal {
  readonly name: string
  readonly value: number
  readonly goal: number
  /** Which side of the goal is good. @default 'at least' */
  readonly bound?: 'at least' | 'at most'
  /** Its measure, such as `×` or `bytes`. */
  readonly unit: string
  /** What `--check` holds it to. @default half of the goal; of one that is a limit, twice */
  readonly floor?: number
  /** Whether `--check` holds it: ratios to raw clients and to plain lru-cache, and what has no peer. */
  readonly checked: boolean
}

/** A picture: bars of one quantity, or lines of several over one axis. */
export type ChartData = BarChart | LineChart

export interface BarChart {
  readonly kind: 'bars'
  readonly file: string
  readonly title: string
  readonly unit: string
  readonly bars: readonly {
    readonly label: string
    readonly value: number
    readonly low?: number
    readonly high?: number
    readonly ours: boolean
  }[]
}

export interface LineChart {
  readonly kind: 'lines'
  readonly file: string
  readonly title: string
  readonly x: { readonly title: string; readonly logarithmic: boolean }
  readonly y: { readonly title: string; readonly logarithmic: boolean }
  readonly lines: readonly {
    readonly label: string
    readonly ours: boolean
    readonly points: readonly (readonly [x: number, y: number])[]
  }[]
}
