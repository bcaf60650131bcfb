import { DefaultDeserializer, Deserializer, serialize } from 'node:v8'
import { refuseHollow } from './hollow.js'

/**
 * The bytes of a value, by the structured-clone algorithm as V8 writes it down.
 *
 * Instances of classes become plain objects of their own properties; those that have none are refused.
 *
 * @throws CacheError `ERR_CACHE_NOT_ENCODABLE` as `refuseHollow` does; what V8 throws for what it can't clone.
 */
export function serializeStructured(value: unknown): Uint8Array {
  // First, because it knows better why something can't be cloned at all.
  const bytes = serialize(value)
  if (bytes.includes(EMPTY_OBJECT)) refuseHollow(value)
  return bytes
}

/** What V8 writes for `{}`, after its header; and for whatever it keeps nothing of. */
const EMPTY_OBJECT = serialize({}).subarray(2)

/**
 * Undoes `serializeStructured`; throws for most bytes that it can't have made.
 *
 * Newer versions of Node.js read what older ones wrote, not always the other way round.
 */
export function deserializeStructured(bytes: Uint8Array): unknown {
  const deserializer = new OwningDeserializer(bytes)
  deserializer.readHeader()
  return deserializer.readValue()
}

const readHostObject: (this: Deserializer) => NodeJS.ArrayBufferView = Reflect.get(
  DefaultDeserializer.prototype,
  '_readHostObject',
)

/**
 * Gives every typed array memory of its own.
 *
 * Node's own deserializer makes them views of its input: they would keep a whole network chunk alive, change
 * with it, and show its other contents through their `buffer`.
 */
class OwningDeserializer extends Deserializer {
  _readHostObject(): NodeJS.ArrayBufferView {
    const view = readHostObject.call(this)
    const memory = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)
    if (Buffer.isBuffer(view)) return Buffer.from(memory)
    return new (view.constructor as new (memory: ArrayBufferLike) => NodeJS.ArrayBufferView)(memory)
  }
}
