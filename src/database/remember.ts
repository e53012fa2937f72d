// Values of documents that were parsed before. The key is the whole text, so a value can never be older than what was read.

const CAPACITY = 1024
/** Longer documents cost more to keep than to parse. */
const MAX_LENGTH = 4096

/** `parse`, with the last values kept. They are frozen, since all readers of a text share one. */
export function remembering<T>(parse: (document: string) => T): (document: string) => T {
  // Two generations instead of a list in order of use: what is read moves to the young one, the old one is dropped whole.
  let young = new Map<string, T>()
  let old = new Map<string, T>()
  return (document) => {
    const known = young.get(document)
    if (known !== undefined) return known
    const value = old.get(document) ?? frozen(parse(document))
    if (document.length > MAX_LENGTH) return value
    if (young.size >= CAPACITY / 2) {
      old = young
      young = new Map()
    }
    young.set(document, value)
    return value
  }
}

/** The value itself, unchangeable at every depth. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) frozen(part)
  }
  return value
}
