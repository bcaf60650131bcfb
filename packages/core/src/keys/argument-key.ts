import { types } from 'node:util'
import { CacheError, quote } from '../errors.js'
import { instanceName } from '../values/hollow.js'

const PLAIN_NAME = /^[\w.:/-]+$/

/** Deeper arguments are refused rather than followed to a stack overflow. */
const MAX_DEPTH = 200

/**
 * The key of a call: the function's name and its arguments, faithfully.
 *
 * Two lists of arguments have the same key exactly if they are deeply and strictly equal: `1`, `'1'` and `1n`
 * differ, so do `0` and `-0`, `null` and `undefined`, and a member that is `undefined` differs from an absent
 * one; the order of properties, of a `Map` and of a `Set` makes no difference. It takes primitives, plain
 * objects, arrays, `Date`, `RegExp`, `Map`, `Set`, `ArrayBuffer`, `Buffer` and typed arrays.
 *
 * @throws CacheError `ERR_CACHE_KEY` for functions, symbols, other class instances, cycles, and arguments nested
 * deeper than 200 levels.
 *
 * @example
 * argumentKey('user', [42])                // 'user:42'
 * argumentKey('user', ['42', { b: 1 }])    // 'user:"42",{"b":1}'
 */
export function argumentKey(name: string, args: readonly unknown[]): string {
  let key = `${PLAIN_NAME.test(name) ? name : JSON.stringify(name)}:`
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]
    if (index > 0) key += ','
    key += primitive(arg) ?? new ArgumentWriter(name).write(arg, `argument ${index + 1}`)
  }
  return key
}

/** The text of a primitive other than a symbol; no text of another kind looks the same. */
function primitive(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return numeral(value)
    case 'bigint':
      return `${value}n`
    case 'boolean':
    case 'undefined':
      return String(value)
    default:
      return value === null ? 'null' : undefined
  }
}

class ArgumentWriter {
  readonly #name: string
  /** The objects around the one being written, outermost first. */
  readonly #around: object[] = []

  constructor(name: string) {
    this.#name = name
  }

  write(value: unknown, path: string): string {
    if (typeof value === 'object' && value !== null) return this.#nested(value, path)
    return primitive(value) ?? this.#refuse(path, `a ${typeof value}`)
  }

  #nested(value: object, path: string): string {
    if (this.#around.includes(value)) this.#refuse(path, 'an object that contains itself')
    if (this.#around.length === MAX_DEPTH) this.#refuse(path, `nested deeper than ${MAX_DEPTH} levels`)
    this.#around.push(value)
    const text = this.#object(value, path)
    this.#around.pop()
    return text
  }

  #object(value: object, path: string): string {
    if (ArrayBuffer.isView(value)) return this.#view(value, path)
    if (!isOfKind(value)) this.#refuse(path, instanceName(value))
    if (Array.isArray(value)) return this.#array(value, path)
    if (types.isMap(value)) {
      const entries = Array.from(
        value,
        ([key, member]) =>
          `${this.write(key, `a key of ${path}`)}=>${this.write(member, `${path}.get(${quote(key)})`)}`,
      )
      return `Map(${entries.sort().join(',')})${this.#extras(value, path)}`
    }
    if (types.isSet(value)) {
      const members = Array.from(value, member => this.write(member, `a member of ${path}`))
      return `Set(${members.sort().join(',')})${this.#extras(value, path)}`
    }
    if (types.isDate(value)) return `Date(${value.getTime()})${this.#extras(value, path)}`
    if (types.isRegExp(value)) {
      return `RegExp(${JSON.stringify(value.source)},${value.flags},${value.lastIndex})${this.#extras(value, path)}`
    }
    if (types.isArrayBuffer(value)) return `ArrayBuffer(${base64(value)})${this.#extras(value, path)}`
    return `${Object.getPrototypeOf(value) === null ? 'null' : ''}${this.#properties(value, path)}`
  }

  #array(array: readonly unknown[], path: string): string {
    const keys = Object.keys(array)
    const dense = keys.length === array.length && keys.every((key, index) => key === String(index))
    if (!dense) return `Array(${array.length})${this.#properties(array, path)}`
    this.#refuseSymbols(array, path)
    return `[${array.map((member, index) => this.write(member, `${path}[${index}]`)).join(',')}]`
  }

  #view(view: ArrayBufferView, path: string): string {
    const prototype: unknown = Object.getPrototypeOf(view)
    const type = VIEWS.find(type => type.prototype === prototype)
    if (type === undefined) return this.#refuse(path, instanceName(view))
    if (view instanceof Float32Array || view instanceof Float64Array) {
      // Not by its bytes: there are many NaNs, all equal.
      return `${type.name}(${Array.from(view, numeral).join(',')})`
    }
    return `${type.name}(${base64(view.buffer, view.byteOffset, view.byteLength)})`
  }

  #extras(value: object, path: string): string {
    const text = this.#properties(value, path)
    return text === '{}' ? '' : text
  }

  #properties(object: object, path: string): string {
    this.#refuseSymbols(object, path)
    const members = Object.keys(object)
      .sort()
      .map(key => `${JSON.stringify(key)}:${this.write(Reflect.get(object, key), `${path}.${key}`)}`)
    return `{${members.join(',')}}`
  }

  #refuseSymbols(object: object, path: string): void {
    for (const symbol of Object.getOwnPropertySymbols(object)) {
      if (Object.prototype.propertyIsEnumerable.call(object, symbol))
        this.#refuse(path, `keyed by ${quote(symbol)}`)
    }
  }

  #refuse(path: string, what: string): never {
    throw new CacheError(
      'ERR_CACHE_KEY',
      `can't make a key of the arguments of ${quote(this.#name)}: ${path} is ${what}; give \`key\`, a function that makes one of the arguments`,
    )
  }
}

const VIEWS = [
  ...[Buffer, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView],
]

/**
 * Whether an object is one of the kinds that its text can show, by its inner nature and its prototype.
 *
 * An instance of a subclass has both different; it may depend on what can't be seen from here.
 */
function isOfKind(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (Array.isArray(value)) return prototype === Array.prototype
  if (types.isMap(value)) return prototype === Map.prototype
  if (types.isSet(value)) return prototype === Set.prototype
  if (types.isDate(value)) return prototype === Date.prototype
  if (types.isRegExp(value)) return prototype === RegExp.prototype
  if (types.isArrayBuffer(value)) return prototype === ArrayBuffer.prototype
  return (
    (prototype === Object.prototype || prototype === null) &&
    Object.prototype.toString.call(value) === '[object Object]'
  )
}

function numeral(number: number): string {
  return Object.is(number, -0) ? '-0' : String(number)
}

function base64(memory: ArrayBufferLike, offset = 0, length = memory.byteLength): string {
  return Buffer.from(memory, offset, length).toString('base64')
}
