import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { settled } from '../../../tests/behaviour/settled.js'
import { LoadSlot, LoadSlots } from '../src/load-slots.js'

const never = new AbortController().signal

/** Lets everything go on that waits for nothing but promises. */
const turn = () => new Promise<void>(resolve => setImmediate(resolve))

/** A promise that the test settles. */
function work<T>() {
  let end = (_value: T) => {}
  const promise = new Promise<T>(resolve => {
    end = resolve
  })
  return { promise, end: (value: T) => end(value) }
}

/** Whether a place is free, found out by taking and giving it back. */
function hasPlace(slots: LoadSlots): Promise<boolean> {
  const leaving = new AbortController()
  const taking = slots.take(leaving.signal).then(
    () => true,
    () => false,
  )
  leaving.abort()
  return taking.then(taken => {
    if (taken) slots.giveBack()
    return taken
  })
}

describe('Places for loads', () => {
  it('are given at once while there are any, and then in the order in which they were asked for', async () => {
    const slots = new LoadSlots(2, 10)
    const order: string[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e']) void slots.take(never).then(() => order.push(name))
    await turn()
    expect(order).toEqual(['a', 'b'])
    slots.giveBack()
    await turn()
    expect(order).toEqual(['a', 'b', 'c'])
    slots.giveBack()
    slots.giveBack()
    await turn()
    expect(order).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('are full when none is free and the line has its length', async () => {
    const slots = new LoadSlots(1, 2)
    const full = [slots.full]
    for (let taken = 0; taken < 3; taken++) {
      void slots.take(never)
      full.push(slots.full)
    }
    expect(full).toEqual([false, false, false, true])
    slots.giveBack()
    expect(slots.full).toBe(false)
  })

  it('are full without a line as soon as none is free', async () => {
    const slots = new LoadSlots(1, 0)
    expect(slots.full).toBe(false)
    await slots.take(never)
    expect(slots.full).toBe(true)
    slots.giveBack()
    expect(slots.full).toBe(false)
  })

  it('are not taken by who has left the line, whose room is free at once', async () => {
    const slots = new LoadSlots(1, 1)
    await slots.take(never)
    const leaving = new AbortController()
    const left = slots.take(leaving.signal).catch(String)
    expect(slots.full).toBe(true)
    leaving.abort('gone')
    expect(slots.full).toBe(false)
    expect(await left).toBe('gone')
    const next = settled(slots.take(never))
    slots.giveBack()
    await turn()
    expect(next()).toBe(true)
  })

  it('leave nothing behind on the signal of who was given one', async () => {
    const slots = new LoadSlots(1, 1)
    const { signal } = new AbortController()
    await slots.take(signal)
    const second = slots.take(signal)
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    slots.giveBack()
    await second
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('are not taken by who had left before', async () => {
    const slots = new LoadSlots(1, 1)
    expect(await slots.take(AbortSignal.abort('gone')).catch(String)).toBe('gone')
    expect(await hasPlace(slots)).toBe(true)
  })

  it('are not lost when who has just been given one leaves', async () => {
    const slots = new LoadSlots(1, 1)
    await slots.take(never)
    const leaving = new AbortController()
    const taking = slots.take(leaving.signal).then(() => 'taken')
    slots.giveBack()
    leaving.abort('gone')
    expect(await taking).toBe('taken')
    slots.giveBack()
    expect(await hasPlace(slots)).toBe(true)
  })
})

describe('The place of a load', () => {
  async function loading(slots: LoadSlots, signal = never): Promise<LoadSlot> {
    const slot = new LoadSlot(slots, signal)
    await slot.take()
    return slot
  }

  it('is one, however often it is taken and given back', async () => {
    const slots = new LoadSlots(2, 10)
    const slot = await loading(slots)
    await slot.take()
    const other = await loading(slots)
    expect([slot.held, other.held, slots.full]).toEqual([true, true, false])
    const waiting = settled(slots.take(never))
    slot.giveBack()
    slot.giveBack()
    await turn()
    expect(waiting()).toBe(true)
    expect(slot.held).toBe(false)
    const next = settled(slots.take(never))
    await turn()
    expect(next()).toBe(false)
  })

  it('is lent while the load waits, and taken back before anybody in line', async () => {
    const slots = new LoadSlots(1, 10)
    const slot = await loading(slots)
    const borrower = new LoadSlot(slots, never)
    const borrowed = settled(borrower.take())
    const waited = work<string>()
    const lent = slot.lendDuring(waited.promise, never)
    const inLine = settled(slots.take(never))
    await turn()
    expect([borrowed(), inLine(), slot.held]).toEqual([true, false, true])
    waited.end('answer')
    const back = settled(lent)
    await turn()
    expect(back()).toBe(false)
    borrower.giveBack()
    await turn()
    expect([back(), inLine()]).toEqual([true, false])
    expect(await lent).toBe('answer')
    slot.giveBack()
    await turn()
    expect(inLine()).toBe(true)
  })

  it('is lent until the last of several waits is over', async () => {
    const slots = new LoadSlots(1, 10)
    const slot = await loading(slots)
    const [one, two] = [work<string>(), work<string>()]
    const lent = [slot.lendDuring(one.promise, never), slot.lendDuring(two.promise, never)] as const
    one.end('one')
    expect(await lent[0]).toBe('one')
    expect(await hasPlace(slots)).toBe(true)
    two.end('two')
    expect(await lent[1]).toBe('two')
    expect(await hasPlace(slots)).toBe(false)
    slot.giveBack()
    expect(await hasPlace(slots)).toBe(true)
  })

  it('comes back once, whichever of several waits is over first', async () => {
    const slots = new LoadSlots(1, 10)
    const slot = await loading(slots)
    const borrower = new LoadSlot(slots, never)
    const borrowing = borrower.take()
    const first = settled(slot.lendDuring(Promise.resolve(), never))
    await borrowing
    await turn()
    const second = settled(slot.lendDuring(Promise.resolve(), never))
    await turn()
    expect([first(), second()]).toEqual([false, false])
    borrower.giveBack()
    await turn()
    expect([first(), second()]).toEqual([true, true])
  })

  it('comes back when the wait is given up', async () => {
    const slots = new LoadSlots(1, 10)
    const slot = await loading(slots)
    const waiting = new AbortController()
    const lent = slot.lendDuring(work().promise, waiting.signal).catch(String)
    expect(await hasPlace(slots)).toBe(true)
    waiting.abort('given up')
    expect(await lent).toBe('given up')
    expect(await hasPlace(slots)).toBe(false)
  })

  it('comes back when what the load waited for fails', async () => {
    const slots = new LoadSlots(1, 10)
    const slot = await loading(slots)
    const failed = slot.lendDuring(Promise.reject(new Error('failed')), never).catch(String)
    expect(await failed).toBe('Error: failed')
    expect(await hasPlace(slots)).toBe(false)
    slot.giveBack()
    expect(await hasPlace(slots)).toBe(true)
  })

  it('does not come back to a load that has ended meanwhile', async () => {
    const slots = new LoadSlots(1, 10)
    const slot = await loading(slots)
    const waited = work<string>()
    const lent = slot.lendDuring(waited.promise, never)
    slot.giveBack()
    waited.end('answer')
    expect(await lent).toBe('answer')
    expect(await hasPlace(slots)).toBe(true)
  })

  it('passes on from a load that has ended while it stood in line to go on', async () => {
    const slots = new LoadSlots(1, 10)
    const slot = await loading(slots)
    const borrower = new LoadSlot(slots, never)
    const borrowing = borrower.take()
    const lent = slot.lendDuring(Promise.resolve('answer'), never)
    await borrowing
    await turn()
    slot.giveBack()
    borrower.giveBack()
    expect(await lent).toBe('answer')
    expect(await hasPlace(slots)).toBe(true)
  })

  it('is not waited for by a load that was aborted', async () => {
    const slots = new LoadSlots(1, 10)
    const aborted = new AbortController()
    const slot = await loading(slots, aborted.signal)
    const borrower = new LoadSlot(slots, never)
    const borrowing = borrower.take()
    const lent = slot.lendDuring(Promise.resolve('answer'), never).catch(String)
    await borrowing
    aborted.abort('too late')
    expect(await lent).toBe('too late')
    slot.giveBack()
    borrower.giveBack()
    expect(await hasPlace(slots)).toBe(true)
  })
})
