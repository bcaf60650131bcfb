import { ERROR_CODES } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { readText } from './files.js'

/** The sections of a reference page: each code with what the page says about it. */
function sectionsOf(page: string): Map<string, string> {
  const [, ...sections] = page.split(/^## /m)
  return new Map(
    sections.map(section => {
      const end = section.indexOf('\n')
      return [section.slice(0, end).trim(), section.slice(end)]
    }),
  )
}

describe('docs/reference/errors.md', () => {
  const sections = sectionsOf(readText('docs/reference/errors.md'))

  it('has a section for exactly the codes that an error can carry, in the order of the alphabet', () => {
    const titles = [...sections.keys()].filter(title => title.startsWith('ERR_'))
    expect(titles).toEqual(ERROR_CODES.toSorted())
  })

  it.each(ERROR_CODES)('says of %s what it means, when it is raised and what to do', code => {
    for (const part of ['**Meaning:**', '**When:**', '**What to do:**'])
      expect(sections.get(code)).toContain(part)
  })
})
