/** Colours for light and dark, chosen by the viewer's preference; the picture brings its own background for each. */
export const CHART_STYLE = `
  :root {
    --back: #ffffff; --text: #1f2328; --faint: #59636e; --grid: #d8dee4; --expiry: #818b98;
    --latency: #0860ca; --worst: #0860ca; --loads: #bc4c00;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --back: #0d1117; --text: #f0f6fc; --faint: #9198a1; --grid: #2a313c; --expiry: #656c76;
      --latency: #58a6ff; --worst: #58a6ff; --loads: #f0883e;
    }
  }
  text { font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: var(--faint); }
  .title { font-size: 17px; font-weight: 600; fill: var(--text); }
  .name { font-size: 14px; font-weight: 600; fill: var(--text); }
  .end { text-anchor: end; }
  .middle { text-anchor: middle; }
  .back { fill: var(--back); }
  .grid { stroke: var(--grid); stroke-width: 1; }
  .expiry { stroke: var(--expiry); stroke-width: 1; stroke-dasharray: 3 3; }
  .p99 { fill: none; stroke: var(--worst); stroke-width: 1.25; stroke-opacity: 0.75; }
  .band { fill: var(--worst); fill-opacity: 0.18; }
  .p50 { fill: none; stroke: var(--latency); stroke-width: 2.25; }
  .loads { fill: var(--loads); }
`
