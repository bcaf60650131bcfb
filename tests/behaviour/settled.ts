/** Watches a promise, so that a test can ask whether it has settled by now. */
export function settled(promise: Promise<unknown>): () => boolean {
  let done = false
  const note = () => {
    done = true
  }
  promise.then(note, note)
  return () => done
}
