/** The square of a whole number, with much work: counts the fields of a board with so many rows and columns. */
export function expensiveSquare(side: number): number {
  let fields = 0
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) fields++
  }
  return fields
}
