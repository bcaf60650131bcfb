// A process that holds entries and tells what they take; a fresh one for each holder, so that all begin alike.
import { answerQuestions } from '../answer-questions.js'
import { HOLDERS, type Holder, type HolderName } from './holders.js'
import { settledHeap } from './settled-heap.js'

/** What it is asked. */
export interface HeapQuestion {
  readonly holder: HolderName
  readonly entries: number
  readonly redis: string | undefined
}

/** So many are held first and given up, so that code and connections are there before anything is measured. */
const FIRST = 2_000

const kept: unknown[] = []

answerQuestions(async ({ holder, entries, redis }: HeapQuestion): Promise<number> => {
  const { fill }: Holder = HOLDERS[holder]
  kept.push(await fill(FIRST, redis))
  kept.length = 0
  const before = await settledHeap()
  kept.push(await fill(entries, redis))
  return ((await settledHeap()) - before) / entries
})
