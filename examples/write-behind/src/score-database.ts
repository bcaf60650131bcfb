/** Stands for a database that counts its writes, and fails when it is told to. */
export class ScoreDatabase {
  readonly scores = new Map<string, number>()
  /** How many writes there have been, failed ones too. */
  writes = 0
  #failing = false

  /** Lets the next write fail, as when the connection is lost. */
  failNext(): void {
    this.#failing = true
  }

  /** Saves many scores in one statement: `INSERT … ON CONFLICT (player) DO UPDATE`. */
  async save(entries: readonly (readonly [player: string, score: number])[]): Promise<void> {
    this.writes++
    if (this.#failing) {
      this.#failing = false
      console.log('  … the database fails: connection lost')
      throw new Error('connection lost')
    }
    for (const [player, score] of entries) this.scores.set(player, score)
  }
}
