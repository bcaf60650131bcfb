const REPLACED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** A text as it is written into SVG. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, character => REPLACED[character] ?? character)
}
