/**
 * Moves labels apart that are closer than `gap`, each as little as the others allow, and keeps all between `top` and
 * `bottom` if they fit there. The order of the places is that of the labels, which need not be sorted.
 */
export function spreadLabels(
  wanted: readonly number[],
  gap: number,
  { top, bottom }: { readonly top: number; readonly bottom: number },
): number[] {
  // Neighbours that would overlap are one block, which stands around the mean of what its labels want.
  interface Block {
    readonly members: readonly number[]
    readonly start: number
  }
  const place = (members: readonly number[]): Block => {
    const mean = members.reduce((sum, member, index) => sum + (wanted[member] ?? 0) - index * gap, 0)
    const height = (members.length - 1) * gap
    return { members, start: Math.max(top, Math.min(bottom - height, mean / members.length)) }
  }
  const blocks: Block[] = []
  const order = wanted.map((_, index) => index).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0))
  for (const label of order) {
    let block = place([label])
    for (let above = blocks.at(-1); above !== undefined; above = blocks.at(-1)) {
      if (above.start + above.members.length * gap <= block.start) break
      blocks.pop()
      block = place([...above.members, ...block.members])
    }
    blocks.push(block)
  }
  const places = [...wanted]
  for (const { members, start } of blocks) {
    for (const [index, member] of members.entries()) places[member] = start + index * gap
  }
  return places
}
