import type { StoreType } from './store-shapes.js'

/** What can't be said together of a store; `isWrong` tells what is known to be wrong by itself. */
export function storeConflicts(
  type: StoreType,
  options: Record<string, unknown>,
  isWrong: (name: string) => boolean,
): { name: string; message: string }[] {
  const has = (name: string) => options[name] !== undefined || isWrong(name)
  const found: { name: string; message: string }[] = []
  if (type === 'lru' && has('maxSize') && !has('sizeOf')) {
    found.push({
      name: 'maxSize',
      message:
        'maxSize needs sizeOf, which only a program can give; in a file use maxEntries, or write it as lookaside.config.js',
    })
  }
  if (type === 'lru' && has('sizeOf') && !has('maxSize')) {
    found.push({ name: 'sizeOf', message: 'sizeOf has no effect without maxSize; give both or neither' })
  }
  if (type === 'memcached' && has('url') && has('servers')) {
    found.push({ name: 'servers', message: 'url names the servers already; give one of the two' })
  }
  if (type === 'memcached' && has('username') !== has('password')) {
    const name = has('username') ? 'username' : 'password'
    found.push({ name, message: 'username and password go together; give both' })
  }
  return found
}
