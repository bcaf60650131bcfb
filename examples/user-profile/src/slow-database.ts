import { setTimeout as sleep } from 'node:timers/promises'

export interface Profile {
  readonly id: number
  readonly name: string
  readonly followers: number
}

/** Stands for a database with one user in it, and a query that takes two seconds. */
export class SlowDatabase {
  /** How many queries there have been. */
  queries = 0
  #user: Profile = { id: 42, name: 'Ada Byron', followers: 1815 }

  async profile(id: number): Promise<Profile | undefined> {
    this.queries++
    await sleep(2_000)
    return id === this.#user.id ? this.#user : undefined
  }

  async rename(id: number, name: string): Promise<void> {
    if (id === this.#user.id) this.#user = { ...this.#user, name }
  }
}
