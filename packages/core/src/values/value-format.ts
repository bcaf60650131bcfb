import type { ValueCodec } from './codec.js'
import type { CompressionOptions } from './compression.js'

/** How values become payloads. */
export interface ValueFormat {
  readonly codec: ValueCodec
  readonly compression: CompressionOptions | undefined
}
