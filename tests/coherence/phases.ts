import type { Phase } from './workers/watch.mjs'

/** The phases from the first of these marks on, of those the ones from the second mark on, and so on. */
export function from(phases: readonly Phase[], ...marks: readonly string[]): readonly Phase[] {
  return marks.reduce((rest, mark) => {
    const first = rest.findIndex(({ begins }) => begins === mark)
    if (first >= 0) return rest.slice(first)
    throw new Error(`no '${mark}' among the marks ${rest.map(({ begins }) => begins).join(', ')}`)
  }, phases)
}

/** The phases from when all of these marks were there. */
export function fromAll(phases: readonly Phase[], ...marks: readonly string[]): readonly Phase[] {
  const rests = marks.map(mark => from(phases, mark))
  return rests.reduce((shortest, rest) => (rest.length < shortest.length ? rest : shortest), phases)
}

/** The phases before the first of them that begins with this mark; all, where there is none. */
export function until(phases: readonly Phase[], mark: string): readonly Phase[] {
  const end = phases.findIndex(({ begins }) => begins === mark)
  return end < 0 ? phases : phases.slice(0, end)
}

/** How often the old value was served in these phases, the new one, and how often the local tier answered. */
export function served(phases: readonly Phase[]): Readonly<Record<'old' | 'fresh' | 'local', number>> {
  const total = { old: 0, fresh: 0, local: 0 }
  for (const { old, fresh, local } of phases) {
    total.old += old
    total.fresh += fresh
    total.local += local
  }
  return total
}
