// A look ahead into bytes that stream past, for readers of picture formats.

export interface Window {
  /** What was read and not yet taken. */
  readonly bytes: Buffer
  /** False when the source ends before. */
  fill(length: number): Promise<boolean>
  take(length: number): Buffer
  /** So many bytes as they come, however many; fewer when the source ends before. */
  pass(length: number): AsyncGenerator<Buffer>
  drain(): Promise<void>
}

export function createWindow(source: AsyncIterable<Uint8Array>): Window {
  const chunks = source[Symbol.asyncIterator]()
  let bytes: Buffer = Buffer.alloc(0)
  const fill: Window['fill'] = async (length) => {
    while (bytes.length < length) {
      const next = await chunks.next()
      if (next.done === true) return false
      bytes = bytes.length === 0 ? Buffer.from(next.value) : Buffer.concat([bytes, next.value])
    }
    return true
  }
  const take: Window['take'] = (length) => {
    const taken = bytes.subarray(0, length)
    bytes = bytes.subarray(length)
    return taken
  }
  return {
    get bytes() {
      return bytes
    },
    fill,
    take,
    async *pass(length) {
      for (let left = length; left > 0; ) {
        if (!(await fill(1))) return
        const piece = take(Math.min(left, bytes.length))
        left -= piece.length
        yield piece
      }
    },
    async drain() {
      bytes = Buffer.alloc(0)
      let next = await chunks.next()
      while (next.done !== true) next = await chunks.next()
    },
  }
}
