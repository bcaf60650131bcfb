// A child process with several workers; it is started once and runs one strategy after the other.
import { seededRandom } from '../random.js'
import { startArrivals } from './arrivals.js'
import type { FromProcess, RunOrder, ToProcess } from './messages.js'
import { emptyRecording } from './recording.js'
import { strategyNamed } from './strategies.js'
import { openWorker } from './worker.js'

/** A run that is under way. */
interface Run {
  start(): void
  stop(): Promise<void>
}

function tell(message: FromProcess): void {
  process.send?.(message)
}

async function openRun({ url, prefix, strategy, setting, workers, seed }: RunOrder): Promise<Run> {
  const recording = emptyRecording()
  const opened = await Promise.all(
    Array.from({ length: workers }, () =>
      openWorker(url, prefix, strategyNamed(strategy), setting, recording, () => tell({ type: 'commit' })),
    ),
  )
  const random = seededRandom(seed + 1_000)
  const reads = new Set<Promise<void>>()
  let end: (() => Promise<void>) | undefined
  return {
    start() {
      // Arrivals at all workers together, dealt out at random, are such a process at each of them.
      end = startArrivals({ perSecond: workers * setting.readsPerSecond, seed }, intendedAt => {
        const worker = opened[Math.floor(random() * workers)]
        if (worker === undefined) return
        const reading = worker.read(intendedAt).finally(() => reads.delete(reading))
        reads.add(reading)
      })
    },
    async stop() {
      await end?.()
      await Promise.all(reads)
      await Promise.all(opened.map(worker => worker.close()))
      tell({ type: 'stopped', recording })
    },
  }
}

let run: Run | undefined
process.on('message', async (message: ToProcess) => {
  if (message.type === 'open') {
    run = await openRun(message.order)
    tell({ type: 'opened' })
  } else if (message.type === 'start') run?.start()
  else await run?.stop()
})
// The parent stops what was started, at the latest when it ends.
process.on('disconnect', () => process.exit())
process.on('SIGINT', () => {})
