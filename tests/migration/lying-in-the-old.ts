import type { MigrationPhase, RemoteStore, Stored } from '@lookaside/core'

/** More looks than the steps in which a value without a frame is moved. */
const LOOKS = 10

/**
 * A store of two processes over the same servers: what it sets is written by one in 'prepare', and so lies in the old
 * store; everything else is done by one in 'move'.
 *
 * Without `expire`: of bytes that are no frame the one in 'move' can't tell how long they may be kept. And `get` looks
 * several times: while such bytes are on their way they may be missed.
 */
export function lyingInTheOld(open: (phase: MigrationPhase) => RemoteStore): RemoteStore {
  const [preparing, moving] = [open('prepare'), open('move')]
  const { expire, ...rest } = moving
  return {
    ...rest,
    async get(key) {
      let found: Stored | undefined
      for (let look = 0; look < LOOKS && found === undefined; look++) found = await moving.get(key)
      return found
    },
    set: (key, bytes, ttl) => preparing.set(key, bytes, ttl),
    async close() {
      await preparing.close()
      await moving.close()
    },
  }
}
