/** A coordinate with as many digits as can be seen. */
export function round(pixels: number): number {
  return Math.round(pixels * 10) / 10
}

/** About how wide a text of 12 pixels is drawn; fonts differ, so as wide as in the widest of them. */
export function textWidth(text: string, { bold }: { readonly bold: boolean }): number {
  return text.length * (bold ? 8 : 7.3)
}
