// Sleeps from arrival to arrival: an atomic wait is more exact than a timer, and keeps no event loop busy.
import { parentPort, workerData } from 'node:worker_threads'
import { monotonic } from '../monotonic.js'
import { seededRandom } from '../random.js'
import type { ArrivalOrder } from './arrivals.js'

const { perSecond, seed, stopped } = workerData as ArrivalOrder
const random = seededRandom(seed)

let next = monotonic()
while (true) {
  next += (-Math.log(1 - random()) / perSecond) * 1_000
  while (Atomics.load(stopped, 0) === 0 && monotonic() < next) {
    Atomics.wait(stopped, 0, 0, next - monotonic())
  }
  if (Atomics.load(stopped, 0) !== 0) break
  parentPort?.postMessage(next)
}
