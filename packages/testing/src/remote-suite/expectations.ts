import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CacheErrorCode,
  isCacheError,
  type Milliseconds,
  quote,
  type RemoteStore,
  type Stored,
  type Version,
} from '@lookaside/core'

/** An operation that hasn't been answered after this long counts as hanging. */
const PATIENCE: Milliseconds = 2_000

/** Fails unless `key` holds exactly `bytes`; returns the version read. */
export async function expectHeld(store: RemoteStore, key: string, bytes: Uint8Array): Promise<Version> {
  const stored = await store.get(key)
  expectBytes(stored, bytes, `the value at ${key}`)
  return stored.version
}

/** Fails unless `stored` is a value with exactly these bytes. */
export function expectBytes(
  stored: Stored | Error | undefined,
  bytes: Uint8Array,
  what: string,
): asserts stored is Stored {
  assert.ok(stored !== undefined, `expected ${what} to be ${show(bytes)}; found nothing`)
  assert.ok(!(stored instanceof Error), `expected ${what} to be ${show(bytes)}; received ${stored}`)
  const same = stored.bytes instanceof Uint8Array && Buffer.compare(stored.bytes, bytes) === 0
  assert.ok(same, `expected ${what} to be ${show(bytes)}; found ${show(stored.bytes)}`)
}

/** Fails if `key` holds anything. */
export async function expectAbsent(store: RemoteStore, key: string): Promise<void> {
  const stored = await store.get(key)
  assert.ok(stored === undefined, `expected nothing at ${key}; found ${stored && show(stored.bytes)}`)
}

/** Fails unless a write that depends on a condition went through; returns its version. */
export function expectWon(version: Version | undefined, what: string): Version {
  assert.ok(
    typeof version === 'object' && version !== null,
    `expected ${what} to win; received ${quote(version)}`,
  )
  return version
}

/** Fails unless a write that depends on a condition was refused. */
export function expectLost(version: Version | undefined, what: string): void {
  assert.ok(version === undefined, `expected ${what} to lose; received ${quote(version)}`)
}

/** Fails unless `work` rejects with a `CacheError` of this code. */
export async function expectCode(
  work: () => Promise<unknown>,
  code: CacheErrorCode,
  what: string,
): Promise<void> {
  await expectRejection(work, what, error => {
    assert.ok(
      isCacheError(error, code),
      `expected ${what} to reject with ${code}; it rejected with ${quote(error)}`,
    )
  })
}

/** Fails unless `work` rejects, in good time, with something that passes `check`. */
export async function expectRejection(
  work: () => Promise<unknown>,
  what: string,
  check: (error: unknown) => void = () => {},
): Promise<void> {
  const { signal, abort } = abortable()
  // A synchronous throw is not a rejection: it leaves `work()` here and fails the rule.
  const outcome = work().then(
    value => ({ kind: 'resolved', value }) as const,
    error => ({ kind: 'rejected', error }) as const,
  )
  const late = sleep(PATIENCE, { kind: 'silent' } as const, { signal })
  const settled = await Promise.race([outcome, late]).finally(abort)
  assert.ok(settled.kind !== 'silent', `expected ${what} to reject; it did nothing for ${PATIENCE} ms`)
  assert.ok(settled.kind === 'rejected', `expected ${what} to reject; it resolved`)
  check(settled.error)
}

function abortable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

function show(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 24)).toString('hex')
  return `${bytes.length} bytes (${head}${bytes.length > 24 ? '…' : ''})`
}
