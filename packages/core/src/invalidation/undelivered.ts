import { atMost } from '../at-most.js'
import type { Milliseconds } from '../duration.js'
import type { Engine } from '../engine.js'
import type { KeySpace } from '../keys/key.js'
import { tokenKey } from '../keys/token-key.js'
import type { Token } from '../tags/token.js'
import type { Address } from '../tiers/tier.js'
import type { InvalidationKind } from './deliver.js'
import { groupsOf, type Queued, resend, tellOthers, tellQueued } from './queued.js'

/** Most invalidations in line; beyond that they become one `clear`. */
const LIMIT = 10_000

/** No wire key begins with it. */
const PREFIX_MARK = '\0'

const FIRST_PAUSE: Milliseconds = 100
const LAST_PAUSE: Milliseconds = 1_000

/** More would have the last ones wait in line for longer than their deadlines. */
const GROUPS_AT_ONCE = 128

/** How long a cache that is being closed waits for a store that does not answer. */
const CLOSE_LIMIT: Milliseconds = 5_000

/** Others may keep entries longer than this process does, as while a shorter ttl is rolled out. */
const LEAST_KEPT: Milliseconds = 3_600_000

/**
 * The invalidations that a store has not taken yet.
 *
 * What they name is blocked in this process: it is read as if the store did not answer. They are sent again until
 * the store takes them, or until the longest lifetime of an entry that this process knows of has passed, an hour at least.
 */
export class Undelivered {
  readonly #queue = new Map<string, Queued>()
  /** Those that are being sent, until the answers are there. */
  readonly #underWay = new Map<Queued, Promise<unknown>>()
  #now = 0
  #longest: Milliseconds = 0
  #pause: Milliseconds = FIRST_PAUSE
  #cancelTimer: (() => void) | undefined
  /** Caches that send nothing more. */
  readonly #closed = new WeakSet<Engine>()

  get size(): number {
    return this.#queue.size
  }

  /** The number of the latest one; whoever sends something to the store remembers it, for `landed`. */
  get now(): number {
    return this.#now
  }

  /** An entry that is kept this long may be out there: what invalidates it has to be kept as long. */
  outlive(lifetime: Milliseconds): void {
    if (lifetime > this.#longest && lifetime < Number.POSITIVE_INFINITY) this.#longest = lifetime
  }

  /** Whether what the store holds at this wire key is not to be believed. */
  blocks(at: string): boolean {
    if (this.#queue.size === 0) return false
    if (this.#queue.has(at) || this.#queue.has(PREFIX_MARK)) return true
    for (let end = at.indexOf(':'); end >= 0; end = at.indexOf(':', end + 1)) {
      if (this.#queue.has(PREFIX_MARK + at.slice(0, end + 1))) return true
    }
    return false
  }

  /** What waits in line for this wire key. */
  queued(at: string): Queued | undefined {
    return this.#queue.size === 0 ? undefined : this.#queue.get(at)
  }

  /**
   * The token of a tag as this process has to see it, given what the store says, and what waited in line when it was
   * asked: that may have been delivered since, and after the store has answered.
   */
  tokenSeen(at: string, token: Token | undefined, before?: Queued | undefined): Token | undefined {
    const now = this.queued(at)
    const queued = now?.kind === 'delete' ? now : (before ?? now)
    if (queued === undefined || token === undefined) return token
    // Equal to no token there is.
    return queued.kind === 'expire' ? { hard: token.hard, soft: queued } : undefined
  }

  addKeys(engine: Engine, kind: InvalidationKind, addresses: readonly Address[]): void {
    for (const address of addresses) {
      const { at, key: name, space } = address
      this.#add({ at, engine, kind, target: 'key', name, space, address })
    }
  }

  addTags(engine: Engine, kind: InvalidationKind, space: KeySpace, names: readonly string[]): void {
    for (const name of names) {
      this.#add({
        at: tokenKey(space, name),
        engine,
        kind,
        target: 'tag',
        name,
        space,
        address: undefined,
      })
    }
  }

  addClear(engine: Engine, space: KeySpace): void {
    this.#makeRoom(this.#putClear(engine, space))
  }

  /**
   * The store has taken an invalidation of this wire key, or a new value for it, that was sent when the latest number
   * was `sentAt`; an expiry leaves a delete in line.
   */
  landed(at: string, kind: Queued['kind'], sentAt: number): void {
    const queued = this.#queue.size === 0 ? undefined : this.#queue.get(at)
    if (queued === undefined || queued.number > sentAt) return
    if (kind === 'expire' && queued.kind === 'delete') return
    this.#remove(at)
    tellQueued(queued, 'delivered')
    // Another cache over this store may have delivered it, with another bus or none.
    void tellOthers(queued)
  }

  tagsLanded(kind: InvalidationKind, space: KeySpace, names: readonly string[], sentAt: number): void {
    if (this.#queue.size === 0) return
    for (const name of names) this.landed(tokenKey(space, name), kind, sentAt)
  }

  clearLanded(space: KeySpace, sentAt: number): void {
    this.landed(PREFIX_MARK + prefixOf(space), 'clear', sentAt)
  }

  /**
   * Sends everything of one cache once more. The `last` of a store's caches forgets what that still does not take;
   * for others it stays blocked, and in line.
   */
  async close(engine: Engine, last: boolean): Promise<void> {
    if (this.#queue.size > 0) await this.#sendLast(engine)
    if (!last) return
    this.#closed.add(engine)
    for (const queued of this.#queue.values()) {
      this.#closed.add(queued.engine)
      this.#remove(queued.at)
      tellQueued(queued, 'dropped')
    }
  }

  #add(what: Omit<Queued, 'number' | 'since'>): void {
    this.#makeRoom(this.#put(what))
  }

  /** Of two for one key the stronger counts, from now on. */
  #put(what: Omit<Queued, 'number' | 'since'>): Queued {
    const { at, engine } = what
    const known = this.#queue.get(at)
    const kind = known?.kind === 'delete' ? 'delete' : what.kind
    const queued = { ...what, kind, number: ++this.#now, since: engine.clock.monotonic() }
    if (this.#closed.has(engine)) {
      tellQueued(queued, 'dropped')
      return queued
    }
    this.#queue.set(at, queued)
    if (known === undefined) tellQueued(queued, 'queued')
    this.#schedule()
    return queued
  }

  /** A clear, in the place of all that it covers. */
  #putClear(engine: Engine, space: KeySpace): Queued {
    const prefix = prefixOf(space)
    for (const { at, engine: other } of this.#queue.values()) {
      const name = at.startsWith(PREFIX_MARK) ? at.slice(PREFIX_MARK.length) : at
      if (other === engine && name !== prefix && name.startsWith(prefix)) this.#remove(at)
    }
    const { path: name } = space
    const at = PREFIX_MARK + prefix
    return this.#put({ at, engine, kind: 'clear', target: 'prefix', name, space, address: undefined })
  }

  /** Keeps the queue bounded: what the largest cache has in line becomes one clear of it. */
  #makeRoom(added: Queued): void {
    if (this.#queue.size <= LIMIT) return
    const counts = new Map<Engine, number>()
    for (const { engine } of this.#queue.values()) {
      if (engine.root.path !== '') counts.set(engine, (counts.get(engine) ?? 0) + 1)
    }
    const [largest] = [...counts].sort(([, a], [, b]) => b - a)
    if (largest !== undefined && largest[1] > 1) this.#putClear(largest[0], largest[0].root)
    if (this.#queue.size <= LIMIT || !this.#queue.has(added.at)) return
    // Without a prefix nothing can be cleared: those in line are still sent, but nothing is believed any more.
    const { engine } = added
    this.#remove(added.at)
    tellQueued(added, 'dropped')
    const { root: space } = engine
    const what = { kind: 'clear', target: 'prefix', name: '', space, address: undefined } as const
    this.#put({ ...what, at: PREFIX_MARK, engine })
  }

  #remove(at: string): void {
    this.#queue.delete(at)
    if (this.#queue.size > 0) return
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#pause = FIRST_PAUSE
  }

  #schedule(): void {
    if (this.#cancelTimer !== undefined) return
    for (const { engine } of this.#queue.values()) {
      this.#cancelTimer = engine.clock.timer(this.#pause, () => {
        this.#cancelTimer = undefined
        this.#pause = Math.min(2 * this.#pause, LAST_PAUSE)
        void this.#sendAll()
      })
      return
    }
  }

  /** Sends what is not under way already: of one cache, or of all. */
  async #sendAll(of?: Engine): Promise<void> {
    const due: Queued[] = []
    for (const queued of this.#queue.values()) {
      const { at, engine, since } = queued
      if (this.#underWay.has(queued) || (of !== undefined && engine !== of)) continue
      // One that can't be sent keeps everything from being believed, and no longer than need be.
      const least = at === PREFIX_MARK ? 0 : LEAST_KEPT
      if (engine.clock.monotonic() >= since + Math.max(this.#longest, least) + engine.claimTtl) {
        this.#remove(at)
        tellQueued(queued, 'expired')
      } else if (at !== PREFIX_MARK) due.push(queued)
    }
    const sending = atMost(GROUPS_AT_ONCE, groupsOf(due), group => this.#send(group))
    for (const queued of due) this.#underWay.set(queued, sending)
    if (due.length === 0) this.#schedule()
    await sending
  }

  async #send(group: readonly Queued[]): Promise<void> {
    const taken = await resend(group, this.#longest)
    for (const queued of group) {
      this.#underWay.delete(queued)
      // A stronger one may have come while this one was under way.
      if (!taken || this.#queue.get(queued.at) !== queued) continue
      this.#remove(queued.at)
      tellQueued(queued, 'delivered')
    }
    this.#schedule()
  }

  async #sendLast(engine: Engine): Promise<void> {
    const done = new AbortController()
    const late = engine.clock.sleep(CLOSE_LIMIT, done.signal).catch(() => {})
    const own = [...this.#underWay].filter(([queued]) => queued.engine === engine)
    const answers = Promise.all(own.map(([, sending]) => sending)).then(() => this.#sendAll(engine))
    await Promise.race([answers, late])
    done.abort()
  }
}

/** What the wire keys of a space begin with, its tokens too; everything does for a root without a prefix. */
function prefixOf({ path }: KeySpace): string {
  return path === '' ? '' : `${path}:`
}
