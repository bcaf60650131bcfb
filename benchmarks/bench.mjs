import { runBenchmark } from './run-benchmark.mjs'

await runBenchmark('bench', ['redis-server', 'memcached'])
