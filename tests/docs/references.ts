import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** Every relative link and every path in backticks of a page that leads nowhere, a sentence each. */
export function brokenReferences(root: string, page: string, markdown: string): string[] {
  const prose = withoutBlocks(markdown)
  const links = [...prose.matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter(target => !/^[a-z][a-z+.-]*:/i.test(target) && !leadsSomewhere(root, page, target))
    .map(target => `${page} links to ${target}`)
  const paths = [...prose.matchAll(/`((?:tests|packages|examples|docs|scripts|benchmarks)\/[^`\s*]*)`/g)]
    .map(([, path = '']) => path)
    .filter(path => !existsSync(join(root, path)))
    .map(path => `${page} cites ${path}`)
  return [...links, ...paths]
}

/** The names by which the headings of a page can be linked to, as on GitHub. */
export function anchorsOf(markdown: string): string[] {
  return [...withoutBlocks(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function leadsSomewhere(root: string, page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#', 2)
  const file = path === '' ? page : normalize(join(dirname(page), path))
  if (file.startsWith('..') || !existsSync(join(root, file))) return false
  return anchor === undefined || anchorsOf(readFileSync(join(root, file), 'utf8')).includes(anchor)
}

function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(/^```.*?^```$/gms, '')
}
