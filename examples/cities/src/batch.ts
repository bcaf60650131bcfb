import { setImmediate as endOfTurn } from 'node:timers/promises'

/**
 * Gathers the keys asked for within one turn of the event loop and loads them with one call.
 *
 * It remembers nothing: the call starts after the last key was asked for, so its answer is never older than
 * the question.
 */
export function batched<K, V>(
  loadAll: (keys: K[]) => Promise<Map<K, V>>,
): (key: K) => Promise<V | undefined> {
  let gathering: { keys: Set<K>; values: Promise<Map<K, V>> } | undefined

  function gather() {
    const keys = new Set<K>()
    const values = endOfTurn().then(() => {
      gathering = undefined
      return loadAll([...keys])
    })
    return { keys, values }
  }

  return async key => {
    gathering ??= gather()
    gathering.keys.add(key)
    return (await gathering.values).get(key)
  }
}
