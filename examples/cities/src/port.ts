const USUAL_PORT = 3000

/** The port that the variable `PORT` asks for; 3000 where it is not set or empty. */
export function portFrom(text: string | undefined): number {
  if (text === undefined || text === '') return USUAL_PORT
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new Error(
    `PORT must be a whole number from 0 (any free one) to 65535, received ${JSON.stringify(text)}`,
  )
}
