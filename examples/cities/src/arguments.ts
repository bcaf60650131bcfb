const KNOWN = ['--serve']

/** What the command line asks for; an unknown argument is refused with the known ones. */
export function checkArguments(args: readonly string[]): { readonly serve: boolean } {
  const unknown = args.find(arg => !KNOWN.includes(arg))
  if (unknown === undefined) return { serve: args.includes('--serve') }
  throw new Error(
    `unknown argument ${JSON.stringify(unknown)}: run the tour without arguments, or the service with ${KNOWN.join(', ')}`,
  )
}
