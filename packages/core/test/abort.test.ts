import { describe, expect, test } from 'vitest'
import { Abort } from '../src/abort.js'
import { abortable } from '../src/abortable.js'

const reason = new Error('enough')

describe('what calls something off', () => {
  test('has a signal for those who ask, before and after', () => {
    const abort = new Abort()
    const early = abort.signal
    expect(early.aborted).toBe(false)
    expect(abort.signal).toBe(early)
    abort.abort(reason)
    expect(early.reason).toBe(reason)
    const late = new Abort()
    late.abort(reason)
    expect(late.signal.aborted).toBe(true)
    expect(late.signal.reason).toBe(reason)
  })

  test('is called off once, for the first reason', () => {
    const abort = new Abort()
    const heard: unknown[] = []
    abort.onAbort(() => heard.push(abort.reason))
    abort.onAbort(() => heard.push('never'))()
    abort.signal.addEventListener('abort', () => heard.push('signal'))
    abort.throwIfAborted()
    abort.abort(reason)
    abort.abort(new Error('another'))
    expect(heard.toSorted()).toEqual([reason, 'signal'].toSorted())
    expect(() => abort.throwIfAborted()).toThrow(reason)
  })

  test('rejects what is waited for, whatever becomes of that', async () => {
    const abort = new Abort()
    const waiting = abortable(new Promise(() => {}), abort)
    abort.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(abortable(Promise.resolve(1), abort)).rejects.toBe(reason)
    expect(await abortable(Promise.resolve(1), new Abort())).toBe(1)
  })
})
