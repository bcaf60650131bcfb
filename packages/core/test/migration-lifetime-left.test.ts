import { describe, expect, test } from 'vitest'
import { lifetimeLeft, tokenAt } from '../src/migration/lifetime-left.js'
import { drawToken, encodeStoredToken } from '../src/tags/remote-token.js'
import { asExpired, encodeFrame, encodeMarker } from '../src/values/frame.js'

const NOW = Date.UTC(2030, 0, 1)
const KEY = 'p::k'

function frame(deleteAt: number): Buffer {
  const meta = { createdAt: NOW, loadTime: 1, staleAt: NOW, deleteAt, schemaVersion: 0 }
  return encodeFrame(KEY, { meta, expired: false, codecId: 1, flags: 0, payload: Buffer.from('1') })
}

describe('How long bytes may still be kept', () => {
  test('a frame says, and is kept a little longer as the base of the load that replaces it', () => {
    expect(lifetimeLeft(KEY, frame(NOW + 1_000), NOW)).toBe(6_000)
    expect(lifetimeLeft(KEY, asExpired(frame(NOW + 1_000)), NOW)).toBe(6_000)
  })

  test('is over for a dead frame, and for the marker of a load elsewhere', () => {
    expect(lifetimeLeft(KEY, frame(NOW), NOW)).toBe('over')
    expect(lifetimeLeft(KEY, encodeMarker(KEY, '00112233aabbccdd', 'load'), NOW)).toBe('over')
  })

  test.each(['p:#tag:t', 'p:ns:#epoch:', 'p:#gen:', ':#tag:t', '#gen:~1'])('a token says, at %s', at => {
    expect(lifetimeLeft(at, encodeStoredToken(drawToken(NOW + 1_000)), NOW)).toBe(1_000)
    expect(lifetimeLeft(at, encodeStoredToken(drawToken(NOW - 1_000)), NOW)).toBe(1)
    expect(tokenAt(at, encodeStoredToken(drawToken(NOW)))).toBeDefined()
  })

  test('24 bytes do not say at the key of a value, nor do nonsensical ones at that of a token', () => {
    expect(lifetimeLeft(KEY, encodeStoredToken(drawToken(NOW + 1_000)), NOW)).toBeUndefined()
    expect(lifetimeLeft('p:#tag:t', Buffer.from('twenty-four bytes of AAA'), NOW)).toBe(1)
    expect(lifetimeLeft('p:#tag:t', Buffer.alloc(24, 0x7f), NOW)).toBeUndefined()
    expect(lifetimeLeft('p:#tag:t', Buffer.alloc(24, 0xff), NOW)).toBeUndefined()
  })

  test.each(['', '41', 'a text'])('nothing says for %o', text => {
    expect(lifetimeLeft(KEY, Buffer.from(text), NOW)).toBeUndefined()
  })

  test('nothing says for the frame of another key', () => {
    expect(lifetimeLeft('p::other', frame(NOW + 1_000), NOW)).toBeUndefined()
  })
})
