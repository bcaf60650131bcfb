import { deliverClear, deliverKeys, deliverTags, type InvalidationKind } from './deliver.js'
import type { Milliseconds } from './duration.js'
import type { Engine } from './engine.js'
import { isCacheError } from './errors.js'
import type { InvalidationTarget } from './events.js'
import type { KeySpace } from './key.js'
import type { Address } from './tier.js'
import type { Token } from './token.js'
import { tokenKey } from './token-key.js'

/** Most invalidations in line; beyond that they become one `clear` of the whole cache. */
const LIMIT = 10_000

/** No wire key begins with it. */
const PREFIX_MARK = '\0'

const FIRST_RETRY: Milliseconds = 100
const LAST_RETRY: Milliseconds = 1_000

/** An invalidation that the store has not taken. */
interface Queued {
  readonly engine: Engine
  readonly kind: InvalidationKind | 'clear'
  readonly target: InvalidationTarget
  /** What it names, as the application called it. */
  readonly name: string
  readonly space: KeySpace
  /** The address of a key. */
  readonly address: Address | undefined
  /** When what it is to invalidate has expired anyway, by `Clock.monotonic()`. */
  readonly until: Milliseconds
}

/**
 * The invalidations that a store has not taken yet.
 *
 * What they name is blocked in this process: it is read as if the store did not answer. They are sent again until
 * the store takes them, or until the longest lifetime of an entry that this process knows of has passed.
 */
export class Undelivered {
  /** By the wire key of a value or token, or the prefix of a space. */
  readonly #queue = new Map<string, Queued>()
  #prefixes: readonly string[] = []
  #longest: Milliseconds = 0
  #retryIn: Milliseconds = FIRST_RETRY
  #cancelRetry: (() => void) | undefined
  #retrying: Promise<void> | undefined
  /** Caches that send nothing more. */
  readonly #closed = new WeakSet<Engine>()

  get size(): number {
    return this.#queue.size
  }

  /** An entry that is kept this long may be out there: what invalidates it has to be kept as long. */
  outlive(lifetime: Milliseconds): void {
    if (lifetime > this.#longest && lifetime < Number.POSITIVE_INFINITY) this.#longest = lifetime
  }

  /** Whether what the store holds at this wire key is not to be believed. */
  blocks(at: string): boolean {
    if (this.#queue.size === 0) return false
    return this.#queue.has(at) || this.#prefixes.some(prefix => at.startsWith(prefix))
  }

  /** The token of a tag as this process has to see it, given what the store says. */
  tokenSeen(at: string, token: Token | undefined): Token | undefined {
    const queued = this.#queue.size === 0 ? undefined : this.#queue.get(at)
    if (queued === undefined || token === undefined) return token
    // Equal to no token there is.
    return queued.kind === 'expire' ? { hard: token.hard, soft: queued } : undefined
  }

  addKeys(engine: Engine, kind: InvalidationKind, addresses: readonly Address[]): void {
    for (const address of addresses) {
      const { at, key: name, space } = address
      this.#add(engine, at, { kind, target: 'key', name, space, address })
    }
  }

  addTags(engine: Engine, kind: InvalidationKind, space: KeySpace, names: readonly string[]): void {
    for (const name of names) {
      this.#add(engine, tokenKey(space, name), { kind, target: 'tag', name, space, address: undefined })
    }
  }

  addClear(engine: Engine, space: KeySpace): void {
    const prefix = prefixOf(space)
    for (const [at, { engine: other }] of this.#queue) {
      if (other === engine && at.startsWith(prefix)) this.#remove(at)
    }
    const { path: name } = space
    this.#add(engine, `${PREFIX_MARK}${prefix}`, {
      kind: 'clear',
      target: 'prefix',
      name,
      space,
      address: undefined,
    })
  }

  /** The store has taken an invalidation of this wire key, or a new value for it; an expiry leaves a delete in line. */
  landed(at: string, kind: InvalidationKind = 'delete'): void {
    const queued = this.#queue.size === 0 ? undefined : this.#queue.get(at)
    if (queued === undefined || (kind === 'expire' && queued.kind === 'delete')) return
    this.#remove(at)
    tell(queued, 'delivered')
  }

  tagsLanded(kind: InvalidationKind, space: KeySpace, names: readonly string[]): void {
    if (this.#queue.size === 0) return
    for (const name of names) this.landed(tokenKey(space, name), kind)
  }

  /** Sends everything of one cache once more, and forgets what the store still does not take. */
  async close(engine: Engine): Promise<void> {
    if (this.#queue.size > 0) await this.#retry()
    this.#closed.add(engine)
    for (const [at, queued] of this.#queue) {
      if (queued.engine !== engine) continue
      this.#remove(at)
      tell(queued, 'dropped')
    }
  }

  #add(engine: Engine, at: string, what: Omit<Queued, 'engine' | 'until'>): void {
    const known = this.#queue.get(at)
    const kind = known?.kind === 'delete' ? 'delete' : what.kind
    const until = engine.clock.monotonic() + this.#longest + engine.claimTtl
    const queued: Queued = { ...what, kind, engine, until }
    if (this.#closed.has(engine)) {
      tell(queued, 'dropped')
      return
    }
    this.#queue.set(at, queued)
    if (what.target === 'prefix') this.#listPrefixes()
    if (known === undefined) tell(queued, 'queued')
    if (this.#queue.size > LIMIT) this.addClear(engine, engine.root)
    this.#schedule(engine)
  }

  #remove(at: string): void {
    const queued = this.#queue.get(at)
    if (queued === undefined) return
    this.#queue.delete(at)
    if (queued.target === 'prefix') this.#listPrefixes()
  }

  #listPrefixes(): void {
    this.#prefixes = [...this.#queue.values()]
      .filter(({ target }) => target === 'prefix')
      .map(({ space }) => prefixOf(space))
  }

  #schedule({ clock }: Engine): void {
    if (this.#cancelRetry !== undefined || this.#retrying !== undefined) return
    this.#cancelRetry = clock.timer(this.#retryIn, () => {
      this.#cancelRetry = undefined
      void this.#retry()
    })
  }

  async #retry(): Promise<void> {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    this.#retrying ??= this.#sendAll().finally(() => {
      this.#retrying = undefined
      for (const { engine } of this.#queue.values()) {
        this.#schedule(engine)
        return
      }
    })
    await this.#retrying
  }

  async #sendAll(): Promise<void> {
    const byEngine = new Map<Engine, Map<string, [string, Queued][]>>()
    for (const [at, queued] of this.#queue) {
      if (queued.engine.clock.monotonic() >= queued.until) {
        this.#remove(at)
        tell(queued, 'expired')
        continue
      }
      const { target, kind, space, engine } = queued
      // Keys of all namespaces travel together, tags by namespace.
      const name = target === 'key' ? kind : `${target} ${kind} ${space.path}`
      const groups = byEngine.get(engine) ?? new Map<string, [string, Queued][]>()
      byEngine.set(engine, groups)
      const group = groups.get(name) ?? []
      groups.set(name, group)
      group.push([at, queued])
    }
    let took = 0
    for (const groups of byEngine.values()) {
      for (const group of groups.values()) if (await this.#send(group)) took++
    }
    this.#retryIn = took > 0 ? FIRST_RETRY : Math.min(2 * this.#retryIn, LAST_RETRY)
  }

  async #send(group: readonly [string, Queued][]): Promise<boolean> {
    const [, first] = group[0] as [string, Queued]
    const { engine, kind, space, target } = first
    const names = group.map(([, { name }]) => name)
    try {
      if (kind === 'clear') await deliverClear(engine, space)
      else if (target === 'tag') await deliverTags(engine, kind, { space, names, lifetime: this.#longest })
      else
        await deliverKeys(
          engine,
          kind,
          group.flatMap(([, { address }]) => address ?? []),
        )
    } catch (error) {
      if (isCacheError(error)) return false
      throw error
    }
    for (const [at, queued] of group) {
      // A stronger one may have come while this one was under way.
      if (this.#queue.get(at) !== queued) continue
      this.#remove(at)
      tell(queued, 'delivered')
    }
    return true
  }
}

/** What the wire keys of a space begin with, its tokens too; everything does for a root without a prefix. */
function prefixOf({ path }: KeySpace): string {
  return path === '' ? '' : `${path}:`
}

function tell(
  { engine, kind, target, name, space }: Queued,
  outcome: 'queued' | 'delivered' | 'expired' | 'dropped',
): void {
  const { events } = engine
  if (events.active) {
    events.emit({ type: `invalidation-${outcome}`, kind, target, name, path: space.path })
  }
}
