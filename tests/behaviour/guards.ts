import type { Guard } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'

/** Without a guard, and with the one that everybody should use: what is true of tags is true with both. */
export const guards: readonly { readonly guarded: string; readonly guard: Guard | undefined }[] = [
  { guarded: 'without a guard', guard: undefined },
  { guarded: 'with the stampede guard', guard: stampedeGuard() },
]
