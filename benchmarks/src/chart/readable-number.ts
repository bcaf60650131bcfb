const SUFFIXES = [
  { of: 1e9, suffix: 'G' },
  { of: 1e6, suffix: 'M' },
  { of: 1e3, suffix: 'k' },
] as const

/** A number with so many digits that count, as it is said: 10k, 1.5M, 0.25. */
export function readableNumber(number: number, digits = 3): string {
  // Rounded first: 999,999 is 1M, not 1000k.
  const rounded = Number(number.toPrecision(digits))
  const scale = SUFFIXES.find(({ of }) => Math.abs(rounded) >= of)
  if (scale === undefined) return `${rounded}`.replace('-', '−')
  return `${Number((rounded / scale.of).toPrecision(digits))}${scale.suffix}`.replace('-', '−')
}
