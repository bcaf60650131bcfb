import { checkArguments } from './arguments.js'
import { isStartedProcess } from './start-process.js'

// Each way of running it loads only what it needs.
try {
  const args = process.argv.slice(2)
  if (isStartedProcess(args)) {
    const { serveParent } = await import('./service-process.js')
    await serveParent()
  } else if (checkArguments(args).serve) {
    await import('./main.js')
  } else {
    const { guidedTour } = await import('./guided-tour.js')
    await guidedTour()
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
