import { memoryBus } from '@lookaside/core'
import { describe, expect, test } from 'vitest'
import { openFleet } from '../fleet.js'

describe('A cache without a local tier', () => {
  test('tells those that have one, with its first invalidation and with each', async () => {
    const bus = { ...memoryBus(), close: async () => {} }
    const fleet = openFleet()
    const there = await fleet.member({ bus })
    const teller = fleet.plain({ bus })
    await fleet.settle()
    for (const change of ['delete', 'expire', 'set', 'tag', 'clear'] as const) {
      await teller.set('k', 'old', { tags: ['t'] })
      await fleet.settle()
      await there.cache.get('k')
      expect(there.cache.peek('k')).toBe('old')
      if (change === 'set') await teller.set('k', 'new')
      else if (change === 'tag') await teller.deleteTags(['t'])
      else if (change === 'clear') await teller.clear()
      else await teller[change]('k')
      await fleet.settle()
      expect(there.cache.peek('k')).toBeUndefined()
    }
    expect(there.trace.lines('reason')).not.toContain('local-drop reason=gap')
    await teller.close()
    await there.cache.close()
  })
})
