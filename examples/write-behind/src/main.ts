import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, writeBehind } from '@lookaside/core'
import { redisStore } from '@lookaside/redis'
import { ScoreDatabase } from './score-database.js'

const { REDIS_URL = 'redis://127.0.0.1:6379' } = process.env

const PLAYERS = ['ada', 'bob', 'cleo', 'dan', 'eve']
const LEVELS = 5
const ROUNDS = 200

const cache = createCache({
  store: redisStore(REDIS_URL),
  prefix: 'write-behind',
  storeTimeout: '1s',
  ttl: '1h',
})
const database = new ScoreDatabase()

const scores = writeBehind(cache.namespace<number>('scores'), {
  delay: '100ms',
  async write(entries, { attempt }) {
    await database.save(entries)
    if (attempt > 1) console.log(`  … written at attempt ${attempt}`)
  },
})

/** Everybody scores; the score can be read at once, by every process. */
async function play(round: number): Promise<void> {
  for (const [seat, player] of PLAYERS.entries()) {
    const points = (round * 7 + seat * 3) % 11
    await scores.set(player, ((await scores.get(player)) ?? 0) + points)
  }
}

try {
  await cache.ready()
  await cache.clear() // what an earlier run has left

  const updates = PLAYERS.length * LEVELS * ROUNDS
  console.log(`${PLAYERS.length} players, ${updates} scores, each served from Redis at once\n`)
  for (let level = 1; level <= LEVELS; level++) {
    for (let round = 0; round < ROUNDS; round++) await play(round)
    console.log(`  level ${level}: ${PLAYERS.length * ROUNDS} scores, writes so far: ${database.writes}`)
    if (level === 3) database.failNext()
    if (level < LEVELS) await sleep(400) // the next level loads
  }

  console.log(`\nThe game is over; scores that have not been written: ${scores.pending}`)
  await scores.close()
  console.log(
    `${updates} updates, ${database.writes} writes: one for ${Math.round(updates / database.writes)}\n`,
  )

  const inCache = await cache.namespace<number>('scores').getMany(PLAYERS)
  for (const player of PLAYERS) {
    console.log(
      `  ${player.padEnd(4)}  cache ${inCache.get(player)}  database ${database.scores.get(player)}`,
    )
  }
} finally {
  await cache.close()
}
