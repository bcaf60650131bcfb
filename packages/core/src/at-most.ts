/** Does `work` for each item, at most `limit` at once, in order; its results are in the order of the items. */
export async function atMost<T, R>(
  limit: number,
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length)
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await work(items[index] as T, index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  return results
}

/** Cuts a list into pieces of at most `size`. */
export function pieces<T>(items: readonly T[], size: number): T[][] {
  const cut: T[][] = []
  for (let start = 0; start < items.length; start += size) cut.push(items.slice(start, start + size))
  return cut
}
