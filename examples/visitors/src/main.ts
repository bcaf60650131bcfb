import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Backend, openCache } from './open-cache.js'

const DOORS = 6
const VISITORS = 400

const door = fileURLToPath(new URL('./door.js', import.meta.url))

/** Opens all doors at once, and waits until everybody is in. */
async function letIn(backend: Backend): Promise<void> {
  const doors = Array.from({ length: DOORS }, () => fork(door, [backend, `${VISITORS}`]))
  const done = Promise.all(doors.map(closed))
  await Promise.race([done, Promise.all(doors.map(each => once(each, 'message')))])
  for (const each of doors) each.send('open')
  await done
}

async function closed(child: ChildProcess): Promise<void> {
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`a door exited with ${code}`)
}

function show(how: string, count = 0): void {
  const total = DOORS * VISITORS
  const verdict = count === total ? 'exact' : `${total - count} lost`
  console.log(`  ${how.padEnd(14)} ${String(count).padStart(5)} of ${total}   ${verdict}`)
}

console.log(`${DOORS} doors, a process at each, ${VISITORS} visitors through each\n`)
for (const backend of ['redis', 'memcached'] as const) {
  const cache = openCache(backend)
  try {
    await cache.ready({ timeout: '10s' })
    await cache.deleteMany(['exact', 'careless']) // what an earlier run has left
    await letIn(backend)
    console.log(backend)
    show('increment', await cache.get<number>('exact'))
    show('get, then set', await cache.get<number>('careless'))
  } finally {
    await cache.close()
  }
}
