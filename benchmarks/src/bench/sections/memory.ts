import {
  entryMemoryChart,
  entryMemoryGoals,
  entryMemoryTable,
  measureEntryMemory,
} from '../memory/entry-memory.js'
import { frameTable, measureFrameOverhead } from '../memory/frame-overhead.js'
import { measureSoak, soakChart, soakGoals, soakTable } from '../memory/soak.js'
import type { Section, SectionContext, SectionResult } from '../section.js'

/** What entries take in memory and in Redis, and whether memory stays what it is. */
export const memory: Section = {
  name: 'memory',
  title: 'Memory',
  async run(context) {
    return context.checking ? checked(context) : whole(context)
  },
}

const ABOUT_ENTRIES =
  'Heap: each holder is filled in a fresh process; what is in use after collections that free nothing more, less what was in use before.'

const ABOUT_REST = [
  'The soak reads, loads, sets, deletes and expires keys that live for 0.5 to 1.25 s (ttl and grace), and deletes tags, with up to 800 new keys a second and more in the first third; the local store keeps 500 entries. Each store in a process of its own, all three at once; a collection before each sample. storeTimeout is 10 s.',
  'The length of a frame is what Redis says (STRLEN).',
]

async function checked(context: SectionContext): Promise<SectionResult> {
  const entries = await measureEntryMemory(context)
  return {
    about: [ABOUT_ENTRIES],
    tables: [entryMemoryTable(entries)],
    goals: entryMemoryGoals(entries),
    data: { entries: Object.fromEntries(entries) },
  }
}

async function whole(context: SectionContext): Promise<SectionResult> {
  const frames = await measureFrameOverhead(await context.redis())
  const soaks = await measureSoak(context)
  const entries = await measureEntryMemory(context)
  return {
    about: [ABOUT_ENTRIES, ...ABOUT_REST],
    tables: [entryMemoryTable(entries), soakTable(soaks), frameTable(frames)],
    goals: [...entryMemoryGoals(entries), ...(context.quick ? [] : soakGoals(soaks))],
    charts: [entryMemoryChart(entries), soakChart(soaks)],
    data: { entries: Object.fromEntries(entries), soaks, frames },
  }
}
