import { runBenchmark } from './run-benchmark.mjs'

await runBenchmark('tags')
