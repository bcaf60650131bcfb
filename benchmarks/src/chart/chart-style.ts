/** Colours by their names, for a light and for a dark background. */
export interface Colours {
  readonly light: Readonly<Record<string, string>>
  readonly dark: Readonly<Record<string, string>>
}

const COMMON: Colours = {
  light: { back: '#ffffff', text: '#1f2328', faint: '#59636e', grid: '#d8dee4' },
  dark: { back: '#0d1117', text: '#f0f6fc', faint: '#9198a1', grid: '#2a313c' },
}

/**
 * The style sheet of a picture: what all have in common, with colours and rules of its own. The viewer's preference
 * chooses between light and dark; the picture brings its own background for each.
 */
export function chartStyle(colours: Colours, rules: string): string {
  return `
  :root { ${variables({ ...COMMON.light, ...colours.light })} }
  @media (prefers-color-scheme: dark) {
    :root { ${variables({ ...COMMON.dark, ...colours.dark })} }
  }
  text { font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: var(--faint); }
  .title { font-size: 17px; font-weight: 600; fill: var(--text); }
  .name { font-size: 14px; font-weight: 600; fill: var(--text); }
  .end { text-anchor: end; }
  .middle { text-anchor: middle; }
  .back { fill: var(--back); }
  .grid { stroke: var(--grid); stroke-width: 1; }
${rules}`
}

function variables(colours: Readonly<Record<string, string>>): string {
  return Object.entries(colours)
    .map(([name, colour]) => `--${name}: ${colour};`)
    .join(' ')
}
