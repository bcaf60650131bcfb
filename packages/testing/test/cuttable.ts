import type { InvalidationBus } from '@lookaside/core'
import { type BusCut, faultyBus } from '@lookaside/testing'

/** Buses that can all be cut at once. */
export interface Cuttable<B extends InvalidationBus> extends BusCut {
  create(): B
  isCut(): boolean
  readonly opened: readonly InvalidationBus[]
}

/** Opens buses that are wrapped in a faulty one each; they are cut off at once where the cut lasts. */
export function cuttable<B extends InvalidationBus>(open: () => B): Cuttable<B> {
  const opened: ReturnType<typeof faultyBus>[] = []
  let isCut = false
  return {
    create() {
      const bus = faultyBus(open() as InvalidationBus)
      opened.push(bus)
      if (isCut) bus.cut()
      return bus as InvalidationBus as B
    },
    cut() {
      isCut = true
      for (const bus of opened) bus.cut(new Error('cut'))
    },
    restore() {
      isCut = false
      for (const bus of opened) bus.restore()
    },
    isCut: () => isCut,
    opened,
  }
}
